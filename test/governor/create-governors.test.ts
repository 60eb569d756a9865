import { describe, expect, it } from 'vitest'
import { createGovernors } from '../../src/governor/create-governors.ts'
import { type Address, addressKey } from '../../src/model/address.ts'
import type { RecipientCountStore } from '../../src/store/ports.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { governorStage, ok, sendingBy } from './governor-stage.ts'

const provider = { id: 'exchange', limits: { connections: 2, recipientsPerDay: 10 } }

function stage(counts: RecipientCountStore = createMemoryStore().recipientCounts) {
  const clock = createManualClock()
  const log = createRecordingLog()
  return { clock, log, counts, governors: createGovernors({ counts, clock, log }) }
}

describe('the governors', () => {
  it('each mailbox has one governor, in whatever case it is written, also for those who ask at once', async () => {
    let reads = 0
    const counts = createMemoryStore().recipientCounts
    const counting: RecipientCountStore = {
      ...counts,
      since(...question) {
        reads += 1
        return counts.since(...question)
      },
    }
    const { governors } = stage(counting)
    const names: Address[] = ['me@example.com', 'ME@example.com', 'Me@Example.COM']
    const [first, ...others] = await Promise.all(names.map((name) => governors.of(name, () => provider)))
    expect(others).toEqual([first, first])
    for (const other of others) expect(other).toBe(first)
    expect(await governors.of('you@example.com', () => provider)).not.toBe(first)
    expect(reads).toBe(2)
  })

  it('a store that could not be read is asked again', async () => {
    const counts = createMemoryStore().recipientCounts
    let broken = true
    const { governors } = stage({
      ...counts,
      since: (...question) => (broken ? Promise.reject(new Error('busy')) : counts.since(...question)),
    })
    const asked = (['me@example.com', 'me@example.com'] as const).map((name) =>
      governors.of(name, () => provider),
    )
    for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected')
    broken = false
    expect((await governors.of('me@example.com', () => provider)).connections()).toBe(2)
  })

  it('the limits of the provider are asked for anew each time', async () => {
    const { governor, provider: changing } = await governorStage({ connections: 2, messagesPerMinute: 4 })
    governor.recordSend()
    expect(governor.delay()).toBe(15_000)
    changing.limits = { connections: 7 }
    expect(governor.connections()).toBe(7)
    expect(governor.delay()).toBe(0)
    expect(governor.state()).not.toHaveProperty('messagesPerMinute')
  })

  it('the mailboxes of one registration are kept back together, also one that has moved there, and no others', async () => {
    const { governors, clock } = stage()
    const at = { id: 'google', limits: { connections: 2 } }
    const moved = sendingBy(await governors.of('moved@example.com', () => at))
    const one = sendingBy(await governors.of('one@example.com', () => provider))
    one.transact({ mail: '550 5.7.708 Access denied, traffic not accepted from this IP' })
    moved.send()
    at.id = 'exchange'
    expect(() => moved.send()).toThrow(expect.objectContaining({ code: 'provider-setup' }))
    const late = sendingBy(await governors.of('late@example.com', () => provider))
    expect(() => late.send()).toThrow(expect.objectContaining({ code: 'provider-setup' }))
    clock.advance(3600)
    late.send()
    moved.send()
    one.send()
  })

  it('the mailboxes of one provider look one after the other, and all of them once one is served again', async () => {
    const { governors, clock } = stage()
    const addresses: Address[] = ['one@example.com', 'two@example.com', 'three@example.com']
    const all = await Promise.all(addresses.map((address) => governors.of(address, () => provider)))
    const free = () => all.filter(({ connectBreaker: openings }) => openings.blockedBy() === undefined)
    for (const wait of [5, 15, 5]) {
      for (const { connectBreaker: openings } of all) {
        openings.begun()
        openings.failed(failureAs('provider-setup', 'No'), 0)
      }
      clock.advance(wait)
    }
    const [first] = free()
    expect(free()).toHaveLength(3)
    first?.connectBreaker.begun()
    expect(free()).toEqual([first])
    first?.connectBreaker.succeeded()
    expect(free()).toHaveLength(3)
  })

  it('the name that signs in counts, of one provider: who is called the same at another one is somebody else', async () => {
    const { governors } = stage()
    const elsewhere = { id: 'own-server', limits: { connections: 20, messagesPerMinute: 600 } }
    const slow = { ...provider, limits: { connections: 2, messagesPerMinute: 1 } }
    const [one, same, other] = await Promise.all([
      governors.of('sales@example.com', () => slow, 'till'),
      governors.of('billing@example.com', () => slow, 'till'),
      governors.of('till@example.net', () => elsewhere, 'till'),
    ])
    one.recordSend()
    expect([same.delay() > 0, other.delay()]).toEqual([true, 0])
    expect([one.connections(), other.connections()]).toEqual([2, 20])
  })

  it('pauses say what holds a mailbox back, also one without a governor, and ask no store', async () => {
    let reads = 0
    const counts = createMemoryStore().recipientCounts
    const { governors } = stage({
      ...counts,
      since(...question) {
        reads += 1
        return counts.since(...question)
      },
    })
    const sales = await governors.of('sales@example.com', () => provider, 'till')
    sendingBy(sales).transact({ recipients: [ok], message: '550 5.4.5 Daily user sending limit exceeded.' })
    const pausesOf = (address: Address, name: string) =>
      governors.pauses(addressKey(address), provider.id, name)
    expect(await pausesOf('sales@example.com', 'till')).toEqual(sales.state().pauses)
    expect(await pausesOf('billing@example.com', 'till')).toEqual(sales.state().pauses)
    expect(await pausesOf('other@example.com', 'other@example.com')).toEqual([])
    expect(reads).toBe(1)
  })

  it('counts are stored when the governors close, and found again', async () => {
    const { governors, counts, clock, log } = stage()
    for (const name of ['a@example.com', 'b@example.com'] as const)
      sendingBy(await governors.of(name, () => provider)).transact({ recipients: [ok, ok], message: ok })
    await governors.close()
    const next = createGovernors({ counts, clock, log })
    for (const name of ['A@example.com', 'b@example.com'] as const)
      expect((await next.of(name, () => provider)).state().recipientsLastDay).toBe(2)
  })

  it('the log says which mailbox or provider a line is about', async () => {
    const { governors, log } = stage()
    const { transact } = sendingBy(await governors.of('me@example.com', () => provider))
    transact({ recipients: [ok], message: '550 5.4.5 Daily user sending limit exceeded.' })
    expect(log.lines).toMatchObject([{ fields: { mailbox: 'me@example.com', about: 'mailbox' } }])
    const other = sendingBy(await governors.of('you@example.com', () => provider))
    other.transact({ mail: '550 5.7.708 Access denied' })
    expect(log.lines[1]).toMatchObject({ fields: { provider: 'exchange', about: 'registration' } })
  })
})
