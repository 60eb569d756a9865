import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import type { SendApproved } from '../../src/upstream/submission.ts'
import { say } from '../../src/wire/reply.ts'
import { failureOf, now, openFixture } from '../store/fixture.ts'
import { changeDatabase, readDatabase } from '../store/raw-database.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { createTestApprovals, holdMessage, takesAll } from '../support/test-approvals.ts'

const by = { name: 'administrator', source: '192.0.2.1' }
const day = 86_400_000

async function stage({
  send = takesAll(),
  limits = {},
}: {
  send?: SendApproved
  limits?: Partial<typeof defaultLimits>
} = {}) {
  const fixture = await openFixture()
  const log = createRecordingLog()
  let news = 0
  const create = (over: Partial<Parameters<typeof createTestApprovals>[0]> = {}) =>
    createTestApprovals({
      ...{ held: fixture.store.heldMessages, clock: fixture.clock, log, send },
      limits: { ...defaultLimits, ...limits },
      onNews: () => void news++,
      ...over,
    }).opened()
  const approvals = await create()
  return {
    ...fixture,
    approvals,
    /** As another process on the same store. */
    create,
    news: () => news,
    events: () => log.lines.flatMap(({ fields }) => ('event' in fields ? [String(fields.event)] : [])),
    log,
  }
}

/** Answers this, after the octets have been read. */
function answers(...replies: number[]): SendApproved {
  const left = [...replies]
  return async ({ message, octets, leaving }) => {
    await leaving()
    for await (const part of octets) void part
    const code = left.length > 1 ? left.shift() : left[0]
    const recipients = message.envelope.recipients.map(({ recipient }) => ({
      recipient,
      reply: say(250, 'OK'),
    }))
    return { mailbox: message.envelope.mailbox, recipients, reply: say(code ?? 250, 'said so') }
  }
}

describe('a message that needs approval', () => {
  it('is shown with what one decides by, and is sent once it is approved', async () => {
    const { approvals, news, events } = await stage()
    const id = await holdMessage(approvals, { recipients: ['you@example.net', 'two@example.net'] })
    expect(await approvals.show(id)).toEqual({
      ...{ id, state: 'waiting', userName: 'agent', mailbox: 'me@example.com', sender: 'me@example.com' },
      ...{
        recipients: ['you@example.net', 'two@example.net'],
        subject: 'Grüße',
        from: 'Me <me@example.com>',
      },
      octets: 81,
      ...{ createdAt: new Date(now).toISOString(), changedAt: new Date(now).toISOString() },
      endsAt: new Date(now + day).toISOString(),
    })
    expect([news(), await approvals.waiting()]).toEqual([1, 1])
    expect(await approvals.approve(id, by)).toMatchObject({
      ...{ state: 'sent', decidedBy: 'administrator', reply: { code: 250 }, refused: [] },
      accepted: [{ recipient: 'you@example.net' }, { recipient: 'two@example.net' }],
    })
    expect([await approvals.waiting(), events()]).toEqual([0, ['approval.given']])
    expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'approval.over' })
  })

  it('arrives octet for octet, however many parts it is kept in', async () => {
    const parts: Buffer[] = []
    const { approvals, dataDir } = await stage({
      async send(approved) {
        await approved.leaving()
        for await (const part of approved.octets) parts.push(part)
        return takesAll()({ ...approved, leaving: async () => {}, octets: (async function* () {})() })
      },
    })
    const text = `Subject: long\r\n\r\n${'é..\r\n\u0000'.repeat(30_000)}`
    const id = await holdMessage(approvals, { text })
    const rows = await readDatabase(dataDir, 'select place from held_parts')
    expect(rows.length).toBeGreaterThan(3)
    await approvals.approve(id, by)
    expect(Buffer.concat(parts).equals(Buffer.from(text))).toBe(true)
    expect(await readDatabase(dataDir, 'select place from held_parts')).toEqual([])
  })

  it.each(['this process', 'two processes'])('is sent once when ten press at once, in %s', async (where) => {
    let sent = 0
    const { approvals, create } = await stage({
      send: async (approved) => {
        const answer = takesAll()(approved)
        await answer
        sent += 1
        return answer
      },
    })
    const all = where === 'this process' ? [approvals] : [approvals, await create()]
    const id = await holdMessage(approvals)
    const pressed = Array.from({ length: 10 }, (_, index) => all[index % all.length]?.approve(id, by))
    const done = await Promise.allSettled(pressed)
    expect([sent, done.filter(({ status }) => status === 'fulfilled').length]).toEqual([1, 1])
    expect((await approvals.show(id)).state).toBe('sent')
  })

  it('of one who approves and one who refuses at the same moment, one decides', async () => {
    for (let round = 0; round < 5; round += 1) {
      let sent = 0
      const { approvals, create } = await stage({
        send: async (approved) => takesAll()(approved).finally(() => sent++),
      })
      const other = await create()
      const id = await holdMessage(approvals)
      await Promise.allSettled([approvals.approve(id, by), other.refuse(id, { name: 'somebody else' })])
      const { state } = await approvals.show(id)
      if (state === 'refused')
        expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'approval.over' })
      else expect([state, sent]).toEqual(['sent', 1])
    }
  })

  it('is deleted when it is refused, and people are told', async () => {
    const { approvals, news, events, dataDir } = await stage()
    const id = await holdMessage(approvals)
    expect(await approvals.refuse(id, by)).toMatchObject({ state: 'refused', decidedBy: 'administrator' })
    expect([news(), events()]).toEqual([2, ['approval.refused']])
    expect(await readDatabase(dataDir, 'select * from held_parts')).toEqual([])
    expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'approval.over' })
  })

  it('is deleted when nobody decides in time, by a round or by the one who comes too late', async () => {
    for (const how of ['round', 'late'] as const) {
      const { approvals, clock, events, dataDir } = await stage()
      const id = await holdMessage(approvals)
      clock.set(now + day - 1)
      await approvals.round()
      expect((await approvals.show(id)).state).toBe('waiting')
      clock.set(now + day)
      if (how === 'round') await approvals.round()
      else expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'approval.over' })
      expect((await approvals.show(id)).state).toBe('expired')
      expect(events()).toEqual(['approval.expired'])
      expect(await readDatabase(dataDir, 'select * from held_parts')).toEqual([])
      clock.set(now + 2 * day + 1)
      await approvals.round()
      expect(await failureOf(approvals.show(id))).toMatchObject({ id: 'approval.unknown' })
    }
  })

  it('waits on when its provider says later, and can be approved again', async () => {
    const { approvals, news } = await stage({ send: answers(451, 250) })
    const id = await holdMessage(approvals)
    const failed = await failureOf(approvals.approve(id, by))
    expect(failed).toMatchObject({ id: 'approval.provider-later', code: 'provider-unavailable' })
    expect(failed.message).toContain('said so')
    expect(await approvals.show(id)).toMatchObject({
      state: 'waiting',
      reply: { code: 451, text: 'said so' },
    })
    expect(news()).toBe(1)
    expect(await approvals.approve(id, by)).toMatchObject({ state: 'sent' })
  })

  it('is over when its provider refuses it, and people are told', async () => {
    const { approvals, news, events } = await stage({ send: answers(550) })
    const id = await holdMessage(approvals)
    expect(await approvals.approve(id, by)).toMatchObject({ state: 'failed', reply: { code: 550 } })
    expect([news(), events()]).toEqual([2, ['approval.given', 'approval.failed']])
  })

  it.each([
    [550, 'failed'],
    [450, 'waiting'],
  ])('of which no recipient is accepted (%i) is then %s', async (code, state) => {
    const { approvals } = await stage({
      send: async ({ message: { envelope } }) => ({
        mailbox: envelope.mailbox,
        recipients: envelope.recipients.map(({ recipient }) => ({ recipient, reply: say(code, 'no') })),
      }),
    })
    const id = await holdMessage(approvals)
    await approvals.approve(id, by).catch(() => {})
    expect(await approvals.show(id)).toMatchObject({ state, refused: [{ reply: { code } }] })
  })

  it.each([
    ['sign-in.ended', 'before', 'failed'],
    ['sender.no-mailbox', 'before', 'failed'],
    ['consent.none', 'before', 'waiting'],
    ['upstream.connection-lost', 'before', 'waiting'],
    ['sending.tried-now', 'leaving', 'waiting'],
    ['upstream.outcome-unknown', 'leaving', 'unknown'],
  ] as const)('that fails with %s %s it leaves is then %s', async (what, when, state) => {
    const failed = {
      'sign-in.ended': () => failure('sign-in.ended'),
      'sender.no-mailbox': () => failure('sender.no-mailbox'),
      'consent.none': () => failure('approval.nowhere', { code: 'consent-needed' }),
      'upstream.connection-lost': () => failure('sign-in.ended', { code: 'provider-unavailable' }),
      'sending.tried-now': () => failure('sign-in.ended', { code: 'limit-reached' }),
      'upstream.outcome-unknown': () => failure('sign-in.ended', { code: 'outcome-unknown' }),
    }[what]
    const { approvals } = await stage({
      async send({ leaving }) {
        if (when === 'leaving') await leaving()
        throw failed()
      },
    })
    const id = await holdMessage(approvals)
    await failureOf(approvals.approve(id, by))
    const held = await approvals.show(id)
    if (what !== 'consent.none') expect(held.failure?.id).toBe(failed().id)
    expect(held.state).toBe(state)
  })

  it('is never sent again where the store fails after it was sent', async () => {
    let sent = 0
    const { store, create } = await stage({
      send: async (approved) => takesAll()(approved).finally(() => sent++),
    })
    const held = await store.heldMessages()
    const finish = async () => {
      throw failure('database.closed')
    }
    const approvals = await create({ held: async () => ({ ...held, finish }) })
    const id = await holdMessage(approvals)
    expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'database.closed' })
    expect(await failureOf(approvals.approve(id, by))).toMatchObject({ id: 'approval.under-way' })
    await (await create()).round()
    expect([(await approvals.show(id)).state, sent]).toEqual(['unknown', 1])
  })

  it('of a process that stopped in the middle is given up, and told once', async () => {
    const { approvals, create, news, events } = await stage({
      async send({ leaving }) {
        await leaving()
        return new Promise(() => {})
      },
    })
    const id = await holdMessage(approvals)
    void approvals.approve(id, by)
    await expect.poll(async () => (await approvals.show(id)).state).toBe('sending')
    await approvals.round()
    expect((await approvals.show(id)).state).toBe('sending')
    const next = await create()
    expect(await failureOf(next.approve(id, by))).toMatchObject({ id: 'approval.under-way' })
    await Promise.all([next.round(), next.round()])
    expect((await next.show(id)).state).toBe('unknown')
    expect(events()).toEqual(['approval.given', 'approval.outcome-unknown'])
    expect(news()).toBe(2)
  })

  it('of another process that may still send it is given up after an hour', async () => {
    const { approvals, create, clock } = await stage({
      async send({ leaving }) {
        await leaving()
        return new Promise(() => {})
      },
    })
    const id = await holdMessage(approvals)
    void approvals.approve(id, by)
    await expect.poll(async () => (await approvals.show(id)).state).toBe('sending')
    const other = await create({ isAlone: false })
    await other.round()
    expect((await other.show(id)).state).toBe('sending')
    clock.set(now + 3_600_000)
    await other.round()
    expect((await other.show(id)).state).toBe('unknown')
  })
})

describe('what is held', () => {
  it('is bounded for each login or API key', async () => {
    const { approvals, dataDir } = await stage({ limits: { heldMessages: 2 } })
    for (const _ of [1, 2]) await holdMessage(approvals)
    expect(await failureOf(holdMessage(approvals))).toMatchObject({
      id: 'approval.owner-full',
      code: 'limit-reached',
    })
    await holdMessage(approvals, { apiKey: 'agent' })
    const parts = await readDatabase(dataDir, 'select distinct message_id from held_parts')
    expect(parts).toHaveLength(3)
  })

  it('is refused before anything of it is kept, where there is no room for it', async () => {
    const { approvals, store } = await stage({ limits: { heldMessages: 1 } })
    await holdMessage(approvals)
    let kept = 0
    const held = await store.heldMessages()
    const full = await createTestApprovals({
      clock: { now: () => now },
      limits: { ...defaultLimits, heldMessages: 1 },
      held: async () => ({
        ...held,
        async keepPart() {
          kept += 1
        },
      }),
    }).opened()
    expect(await failureOf(holdMessage(full))).toMatchObject({ id: 'approval.owner-full' })
    expect(kept).toBe(0)
  })

  it('has a header that can be shown whole', async () => {
    const { approvals, dataDir } = await stage()
    const filler = `X-Filler: ${'x'.repeat(980)}\r\n`.repeat(200)
    const id = await holdMessage(approvals, { text: `${filler}Subject: at its end\r\n\r\n` })
    expect(await approvals.show(id)).toMatchObject({ subject: 'at its end' })
    const longer = `${filler}${filler}Subject: at its end\r\n\r\n`
    expect(await failureOf(holdMessage(approvals, { text: longer }))).toMatchObject({
      id: 'sending.header-too-long',
    })
    const parts = await readDatabase(dataDir, 'select distinct message_id from held_parts')
    expect(parts).toEqual([{ message_id: id }])
  })

  it('is shown, told and ended beside one that cannot be read', async () => {
    const { approvals, dataDir, clock, log } = await stage()
    const [broken, id] = [await holdMessage(approvals), await holdMessage(approvals)]
    await changeDatabase(dataDir, `update held_messages set content = 'x' where id = '${broken}'`)
    expect((await approvals.list()).map((one) => one.id)).toEqual([id])
    expect(await approvals.waiting()).toBe(1)
    clock.set(now + day)
    for (const _ of [1, 2]) await approvals.round()
    expect((await approvals.show(id)).state).toBe('expired')
    const told = log.lines.filter(({ fields }) => 'approval' in fields && fields.approval === broken)
    expect(told).toHaveLength(1)
    clock.set(now + 3 * day)
    await approvals.round()
    expect(await readDatabase(dataDir, 'select id from held_messages')).toEqual([])
  })

  it('is bounded in size', async () => {
    const { approvals, dataDir } = await stage({ limits: { heldOctets: 100_000 } })
    expect(await failureOf(holdMessage(approvals, { text: 'x'.repeat(100_001) }))).toMatchObject({
      id: 'sending.too-large',
    })
    expect(await readDatabase(dataDir, 'select * from held_parts')).toEqual([])
  })

  it('has in the log neither its subject nor its text nor its link', async () => {
    const { approvals, log, clock } = await stage()
    await holdMessage(approvals)
    const id = await holdMessage(approvals)
    await approvals.approve(id, by)
    clock.set(now + day)
    await approvals.round()
    const text = JSON.stringify(log.lines)
    expect(text).not.toMatch(/Gr|what it says/)
    expect(text).not.toContain(approvals.linkOf(id).reveal().split('.').at(-1))
  })
})

describe('a link', () => {
  it('is for one message, and shows what became of it', async () => {
    const { approvals } = await stage()
    const [one, other] = [await holdMessage(approvals), await holdMessage(approvals)]
    const [linkOfOne = '', linkOfOther = ''] = [one, other].map((id) =>
      approvals.linkOf(id).reveal().split('/').at(-1),
    )
    expect(await approvals.ofLink(linkOfOne)).toMatchObject({ id: one, state: 'waiting' })
    expect(linkOfOne.split('.')[1]).not.toBe(linkOfOther.split('.')[1])
    await approvals.refuse(one, by)
    expect(await approvals.ofLink(linkOfOne)).toMatchObject({ state: 'refused' })
    const forged = `${one}.${linkOfOther.split('.')[1]}`
    for (const wrong of [forged, one, '', 'x'.repeat(60), `${linkOfOne}x`, linkOfOne.toUpperCase()])
      expect(await failureOf(approvals.ofLink(wrong))).toMatchObject({ id: 'approval.no-link' })
  })
})
