import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { Governors, SendPermit } from '../../src/governor/governor.ts'
import { SharedBudgets } from '../../src/governor/shared-budgets.ts'
import { ToldPauses } from '../../src/governor/told-pauses.ts'
import type { SendingLimits } from '../../src/model/sending-limits.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres } from '../store/fixture.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { hear, mailbox, ok } from './governor-stage.ts'

function stage(counts = createMemoryStore().recipientCounts) {
  const clock = createManualClock()
  const log = createRecordingLog()
  const governors = createGovernors({ counts, clock, log })
  return { clock, counts, governors, ...sendingBy(governors) }
}

/** What a program of this name sends through the mailbox. */
function sendingBy(governors: Governors, recipientsPerDay?: number) {
  const provider = {
    id: 'exchange',
    limits: { connections: 2, ...(recipientsPerDay !== undefined && { recipientsPerDay }) },
  }
  async function permit(limits: SendingLimits, id = 'login 1'): Promise<SendPermit> {
    const governor = await governors.of(mailbox, () => provider)
    const bounds = await governors.program({ id, name: 'printer', limits })
    return bounds.over(governor.permit(mailbox, 'printer'))
  }
  async function use(limits: SendingLimits, id = 'login 1') {
    return (await governors.program({ id, name: 'printer', limits })).use()
  }
  /** One message; the failure where it may not leave. */
  async function send(limits: SendingLimits, recipients = 1, id?: string): Promise<unknown> {
    const one = await permit(limits, id)
    try {
      await one.reserve(recipients)?.()
    } catch (refusal) {
      one.end('not-sent')
      return refusal
    }
    for (let sent = 0; sent < recipients; sent += 1) hear(one, ok, 'recipient')
    hear(one, ok, 'message')
    one.end('answered')
    return undefined
  }
  return { permit, use, send, governor: () => governors.of(mailbox, () => provider) }
}

describe('a program with limits of its own', () => {
  it('sends as many messages as it may within an hour, and is told when to come again', async () => {
    const { clock, send, use } = stage()
    const limits = { messagesPerHour: 2 }
    expect([await send(limits), await send(limits)]).toEqual([undefined, undefined])
    expect(await send(limits)).toMatchObject({
      id: 'limits.messages-used-up',
      code: 'limit-reached',
      message: 'printer has sent 2 messages within an hour, and may send 2',
      retryAfterSeconds: 3900,
    })
    expect(await use(limits)).toEqual({
      messagesLastHour: 2,
      messagesPerHour: 2,
      messagesRoomAt: clock.now() + 3_900_000,
    })
    clock.advance(3899)
    expect(await send(limits)).toMatchObject({ id: 'limits.messages-used-up' })
    clock.advance(1)
    expect(await send(limits)).toBeUndefined()
  })

  it('has as many recipients as it may within a day', async () => {
    const { clock, send, use } = stage()
    const limits = { recipientsPerDay: 5 }
    expect(await send(limits, 3)).toBeUndefined()
    expect(await send(limits, 3)).toMatchObject({
      id: 'limits.recipients-used-up',
      code: 'limit-reached',
      message:
        'printer has had 3 recipients in 24 hours, it may have 5, and a message to 3 more was to leave',
    })
    expect(await use(limits)).toEqual({ recipientsLastDay: 3, recipientsPerDay: 5 })
    clock.advance(25 * 3600)
    expect(await send(limits, 3)).toBeUndefined()
  })

  it('is refused for good a message that no day has room for', async () => {
    const { send } = stage()
    expect(await send({ recipientsPerDay: 5 }, 6)).toMatchObject({
      id: 'limits.more-than-a-day',
      code: 'forbidden',
    })
  })

  it('what is under way counts, and what was not sent is given back', async () => {
    const { permit, send, use } = stage()
    const limits = { messagesPerHour: 1, recipientsPerDay: 2 }
    const first = await permit(limits)
    first.reserve(1)
    first.reserve(1)
    expect(await send(limits)).toMatchObject({ id: 'limits.messages-used-up', retryAfterSeconds: 60 })
    first.end('not-sent')
    first.end('not-sent')
    expect(await use(limits)).toMatchObject({ messagesLastHour: 0, recipientsLastDay: 0 })
    expect(await send(limits, 2)).toBeUndefined()
  })

  it('a message whose end nobody knows counts as sent, a refused one does not', async () => {
    const { permit, use } = stage()
    const limits = { messagesPerHour: 5, recipientsPerDay: 5 }
    const [unknown, refused] = [await permit(limits), await permit(limits)]
    for (const one of [unknown, refused]) {
      one.reserve(2)
      hear(one, ok, 'recipient')
      hear(one, '550 5.1.1 Unknown', 'recipient')
    }
    unknown.end('unknown')
    hear(refused, '554 5.7.1 Spam', 'message')
    refused.end('answered')
    expect(await use(limits)).toMatchObject({ messagesLastHour: 1, recipientsLastDay: 1 })
  })

  it('what its own limits refuse takes nothing from its mailbox, and the other way round', async () => {
    const { governors } = stage()
    const { send, use, governor } = sendingBy(governors, 3)
    const limits = { messagesPerHour: 9, recipientsPerDay: 9 }
    expect(await send({ recipientsPerDay: 1 }, 2)).toMatchObject({ id: 'limits.more-than-a-day' })
    expect((await governor()).state().recipientsLastDay).toBe(0)
    expect(await send(limits, 4)).toMatchObject({ id: 'sending.recipients-used-up' })
    expect(await use(limits)).toMatchObject({ messagesLastHour: 0, recipientsLastDay: 0 })
    expect(await send(limits, 3)).toBeUndefined()
  })

  it('says why a message could not leave, and counts nothing of that', async () => {
    const { governors, send, use } = stage()
    const limits = { messagesPerHour: 1, recipientsPerDay: 3 }
    const asked = async (recipients: number) =>
      (await governors.program({ id: 'login 1', name: 'printer', limits })).wouldRefuse(recipients)
    for (const _ of [1, 2]) expect(await asked(3)).toBeUndefined()
    expect(await asked(4)).toMatchObject({ id: 'limits.more-than-a-day' })
    expect(await use(limits)).toMatchObject({ messagesLastHour: 0, recipientsLastDay: 0 })
    await send(limits, 2)
    expect(await asked(1)).toMatchObject({ id: 'limits.messages-used-up' })
    expect(await use(limits)).toMatchObject({ messagesLastHour: 1, recipientsLastDay: 2 })
  })

  it('each program has its own counts, and a change of its limits keeps them', async () => {
    const { send } = stage()
    expect(await send({ messagesPerHour: 1 }, 1, 'login 1')).toBeUndefined()
    expect(await send({ messagesPerHour: 1 }, 1, 'api-key 1')).toBeUndefined()
    expect(await send({ messagesPerHour: 1 }, 1, 'login 1')).toMatchObject({ code: 'limit-reached' })
    expect(await send({ messagesPerHour: 2 }, 1, 'login 1')).toBeUndefined()
    expect(await send({ messagesPerHour: 2 }, 1, 'login 1')).toMatchObject({ code: 'limit-reached' })
  })

  it('its counts outlive a restart', async () => {
    const before = stage()
    const limits = { messagesPerHour: 2, recipientsPerDay: 9 }
    await before.send(limits, 3)
    await before.send(limits, 3)
    await before.governors.close()
    const after = stage(before.counts)
    expect(await after.send(limits)).toMatchObject({ id: 'limits.messages-used-up' })
    expect(await after.use(limits)).toMatchObject({ messagesLastHour: 2, recipientsLastDay: 6 })
  })

  it.runIf(!onPostgres)(
    'thousands of programs do not stay in memory, and are counted on when they come again',
    async () => {
      const { send, use } = stage()
      const limits = { messagesPerHour: 2 }
      for (let program = 0; program < 1100; program += 1)
        expect(await send(limits, 1, `login ${program}`)).toBeUndefined()
      expect(await use(limits, 'login 0')).toMatchObject({ messagesLastHour: 1 })
      expect(await send(limits, 1, 'login 0')).toBeUndefined()
      expect(await send(limits, 1, 'login 0')).toMatchObject({ code: 'limit-reached' })
    },
  )
})

describe.runIf(onPostgres)('a program that sends by several processes', () => {
  it('sends no more than it may, by all of them together', async () => {
    const place = await newPlace()
    const limits = { messagesPerHour: 7, recipientsPerDay: 20 }
    const open = async () => {
      const log = createRecordingLog()
      const { store, others } = await openStore({ ...place, clock: systemClock, log })
      if (!others) throw new Error('the store is not shared')
      const pauses = new ToldPauses({ store: others.pauses, clock: systemClock, log })
      const shared = new SharedBudgets({ store: others.budgets, pauses, clock: systemClock, log })
      const governors = createGovernors({ counts: store.recipientCounts, shared, clock: systemClock, log })
      return { ...sendingBy(governors), end: () => governors.close().then(() => store.close()) }
    }
    const all = [await open(), await open(), await open()]
    try {
      const refusals = await Promise.all(
        Array.from({ length: 15 }, (_, place) => all[place % 3]?.send(limits, 2)),
      )
      expect(refusals.filter((one) => one === undefined)).toHaveLength(7)
      const ids = refusals.flatMap((one) => (one === undefined ? [] : [(one as { id: string }).id]))
      expect(new Set(ids)).toEqual(new Set(['limits.messages-used-up']))
    } finally {
      for (const process of all) await process.end()
    }
    const again = await open()
    try {
      expect(await again.use(limits)).toMatchObject({ messagesLastHour: 7, recipientsLastDay: 14 })
    } finally {
      await again.end()
    }
  })
})
