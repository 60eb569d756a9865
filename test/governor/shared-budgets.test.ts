import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { ConnectionUser, Governor } from '../../src/governor/governor.ts'
import { SharedBudgets } from '../../src/governor/shared-budgets.ts'
import { ToldPauses } from '../../src/governor/told-pauses.ts'
import type { ProviderLimits } from '../../src/providers/provider.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres, type Place } from '../store/fixture.ts'
import { changeDatabase, readDatabase } from '../store/raw-database.ts'
import { eventually } from '../support/eventually.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { hear, ok } from './governor-stage.ts'

/*
 * Each process is a store, budgets and governors of its own, all of them on one database of a real
 * server. What differs from processes of their own is that these share a thread.
 */

const mailbox = 'me@example.com'
const limits: ProviderLimits = { connections: 3, messagesPerMinute: 30, recipientsPerDay: 100 }

const ends: (() => Promise<void>)[] = []
// Before the database goes.
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

type Process = Awaited<ReturnType<typeof startProcess>>

async function startProcess(place: Place, over: Partial<ProviderLimits> = {}, clock = systemClock) {
  const log = createRecordingLog()
  const { store, others } = await openStore({ ...place, clock: systemClock, log })
  if (!others) throw new Error('the store is not shared')
  const pauses = new ToldPauses({ store: others.pauses, clock, log })
  const shared = new SharedBudgets({ store: others.budgets, pauses, clock, log })
  const governors = createGovernors({ counts: store.recipientCounts, shared, clock, log })
  const provider = { id: 'exchange', limits: { ...limits, ...over } }
  let ended: Promise<void> | undefined
  async function end(): Promise<void> {
    ended ??= governors.close().then(() => store.close())
    await ended
  }
  ends.push(end)
  return {
    shared,
    governors,
    governor: await governors.of(mailbox, () => provider),
    log,
    end,
  }
}

async function startThree(over: Partial<ProviderLimits> = {}, clock = systemClock) {
  const place = await newPlace()
  const first = await startProcess(place, over, clock)
  const [second, third] = [await startProcess(place, over, clock), await startProcess(place, over, clock)]
  return { place, all: [first, second, third] as const }
}

/** Counts what a provider sees. */
class Counter {
  now = 0
  most = 0

  add(): void {
    this.now += 1
    this.most = Math.max(this.most, this.now)
  }
}

/** Sends by as many connections as the governor lets it have, each message taking a moment. */
class Sender implements ConnectionUser {
  sent = 0
  left = 0
  readonly #governor: Governor
  readonly #changed: () => void
  readonly #provider: Counter
  #open = 0
  #busy = 0
  #closing = 0

  constructor({ governor, shared }: Process, provider: Counter) {
    this.#governor = governor
    this.#provider = provider
    shared.usedBy(() => [this])
    this.#changed = () => shared.changed('exchange me@example.com')
  }

  send(messages: number): void {
    this.left += messages
    this.look()
  }

  held = () => this.#open + this.#closing
  serving = () => this.#open
  needed = () => this.#busy + Math.min(3, this.left)
  waiting = () => this.left
  yieldOne = () => false

  look(): void {
    while (this.#open > this.#busy && this.#open > this.#governor.connections()) void this.#close()
    while (this.left > 0 && this.#open > this.#busy) void this.#sendOne()
    while (this.left > 0 && this.held() < this.#governor.connections()) {
      this.#open += 1
      this.#provider.add()
      void this.#sendOne()
    }
    this.#changed()
  }

  async #sendOne(): Promise<void> {
    this.#busy += 1
    this.left -= 1
    await pause(5)
    this.#busy -= 1
    this.sent += 1
    this.look()
  }

  async #close(): Promise<void> {
    this.#open -= 1
    this.#closing += 1
    await pause(3)
    this.#closing -= 1
    this.#provider.now -= 1
    this.look()
  }
}

const sum = (rows: Record<string, unknown>[]) =>
  rows.map(({ amount }) => Number(amount)).reduce((one, two) => one + two, 0)

describe.runIf(onPostgres)('connections', () => {
  it('three processes never have more than the provider allows, and none of them starves', async () => {
    const { all } = await startThree()
    const provider = new Counter()
    const senders = all.map((process) => new Sender(process, provider))
    for (const sender of senders) sender.send(1_000_000)
    await eventually('each has sent for a while', () => senders.every(({ sent }) => sent > 200))
    expect(provider.most).toBe(3)
    for (const sender of senders) sender.left = 0
    await eventually('nothing is under way', () => senders.every((one) => one.needed() === 0))
    const [first] = senders
    first?.send(1000)
    await eventually('one has all of them while the others need none', () => first?.held() === 3)
    expect(provider.most).toBe(3)
    if (first) first.left = 0
  })

  it('one connection goes from one process to the next', async () => {
    const { all } = await startThree({ connections: 1 })
    const provider = new Counter()
    const senders = all.map((process) => new Sender(process, provider))
    for (const sender of senders) sender.send(1_000_000)
    await eventually('each has had it', () => senders.every(({ sent }) => sent > 10), 30)
    expect(provider.most).toBe(1)
    for (const sender of senders) sender.left = 0
  })

  it('what a process that was killed had comes free', async () => {
    const place = await newPlace()
    const until = '(extract(epoch from clock_timestamp()) * 1000)::bigint + 3000'
    await changeDatabase(
      place.dataDir,
      `insert into processes values ('killed', 'killed', 0, ${until});
       insert into budget_claims values ('exchange me@example.com', 'connections', 'killed', 2, 2, 0)`,
    )
    const survivor = await startProcess(place)
    const sender = new Sender(survivor, new Counter())
    sender.send(1_000_000)
    expect(survivor.governor.connections()).toBe(1)
    await eventually('all are its own', () => survivor.governor.connections() === 3)
    const left = await readDatabase(place.dataDir, "select kind from budget_claims where process = 'killed'")
    expect(left).toEqual([])
    sender.left = 0
  })

  it('processes that only seemed to be gone claim anew, and have no more than the limit together', async () => {
    const { place, all } = await startThree()
    const [first] = all
    await changeDatabase(place.dataDir, 'update processes set alive_until = 0')
    const sender = new Sender(first, new Counter())
    sender.send(1_000_000)
    await eventually('each has a claim', async () => {
      const claims = await readDatabase(
        place.dataDir,
        "select amount from budget_claims where kind = 'connections'",
      )
      return claims.length === 3 && sum(claims) === 3
    })
    const usable = () => all.reduce((together, { governor }) => together + governor.connections(), 0)
    await eventually('they have what they have claimed', () => usable() === 3)
    sender.left = 0
  })

  it('a process that ends gives back what it had', async () => {
    const { place, all } = await startThree()
    const [first, second, third] = all
    await second.end()
    await third.end()
    const sender = new Sender(first, new Counter())
    sender.send(1_000_000)
    await eventually('all are its own', () => first.governor.connections() === 3)
    const claimed = await readDatabase(
      place.dataDir,
      "select amount from budget_claims where kind = 'connections'",
    )
    expect(sum(claimed)).toBe(3)
    sender.left = 0
  })
})

describe.runIf(onPostgres)('messages of a minute', () => {
  it('three processes together send no more than the provider allows, and not much less', async () => {
    const clock = createManualClock()
    const { all } = await startThree({}, clock)
    const sentAt: number[] = []
    const by = all.map(() => 0)
    let sending: readonly number[] = []
    for (const [index, { shared }] of all.entries())
      shared.usedBy(() => [{ ...nobody, waiting: () => (sending.includes(index) ? 5 : 0) }])
    // First one of them alone, then all, then another one alone.
    for (let tenth = 0; tenth < 3000; tenth += 1) {
      sending = [[0], [0, 1, 2], [2]][Math.floor(tenth / 1000)] ?? []
      for (const index of sending) {
        const process = all[index]
        while (process?.governor.delay() === 0) {
          process.governor.recordSend()
          sentAt.push(clock.monotonic())
          by[index] = (by[index] ?? 0) + 1
        }
      }
      clock.advance(0.1)
      if (tenth % 10 === 0) for (const { shared } of all) await shared.beat()
    }
    const minutes = sentAt.map((from) => sentAt.filter((at) => at >= from && at < from + 60_000).length)
    expect(Math.max(...minutes)).toBeLessThanOrEqual(30)
    expect(sentAt.length).toBeGreaterThan(120)
    expect(Math.min(...by)).toBeGreaterThan(10)
  })
})

const nobody: ConnectionUser = {
  held: () => 0,
  serving: () => 0,
  needed: () => 0,
  waiting: () => 0,
  yieldOne: () => false,
  look: () => {},
}

/** Sends one message to so many. False: the day is used up. */
async function sendTo(governor: Governor, recipients: number): Promise<boolean> {
  const permit = governor.permit(mailbox, 'printer')
  try {
    await permit.reserve(recipients)?.()
  } catch (error) {
    permit.end('not-sent')
    expect(error).toMatchObject({ code: 'limit-reached' })
    return false
  }
  hear(permit, ok, 'mail')
  for (let sent = 0; sent < recipients; sent += 1) hear(permit, ok, 'recipient')
  hear(permit, ok, 'message')
  permit.end('answered')
  return true
}

describe.runIf(onPostgres)('recipients of a day', () => {
  it('three processes together send to exactly as many as the provider allows', async () => {
    const { place, all } = await startThree()
    const sent = await Promise.all(
      all.map(async ({ governor }) => {
        let count = 0
        while (await sendTo(governor, 1)) count += 1
        return count
      }),
    )
    expect(sent.reduce((one, two) => one + two, 0)).toBe(100)
    for (const { end } of all) await end()
    expect(
      await readDatabase(place.dataDir, 'select sum(recipients)::bigint as all from recipient_counts'),
    ).toEqual([{ all: 100 }])
  })

  it('one of them may send to all that the others do not need', async () => {
    const { all } = await startThree()
    const [first, second] = all
    expect(await sendTo(first.governor, 90)).toBe(true)
    expect(await sendTo(second.governor, 11)).toBe(false)
    expect(await sendTo(second.governor, 10)).toBe(true)
    expect(await sendTo(first.governor, 1)).toBe(false)
  })
})

describe.runIf(onPostgres)('what one process has heard from the provider', () => {
  const mayGoOn = ({ governor }: Process) => {
    try {
      governor.permit(mailbox, 'printer').end('not-sent')
      return true
    } catch {
      return false
    }
  }

  function hears({ governor }: Process, text: string): void {
    const permit = governor.permit(mailbox, 'printer')
    hear(permit, text, 'mail')
    permit.end('not-sent')
  }

  const tooFast = '451 4.4.2 Message submission rate for this client has exceeded the configured limit'

  it('a rate that is exceeded pauses the account in all of them, and in one that starts later', async () => {
    const { place, all } = await startThree()
    const [first, second, third] = all
    hears(first, tooFast)
    expect(mayGoOn(first)).toBe(false)
    await eventually('the others know', () => !mayGoOn(second) && !mayGoOn(third))
    const [own, told] = [first, second].map(({ governor }) => governor.state().pauses[0])
    expect(told).toMatchObject({
      about: 'mailbox',
      reason: own?.reason,
      said: own?.said,
      failure: own?.failure,
    })
    expect(Math.abs((told?.until ?? 0) - (own?.until ?? 0))).toBeLessThan(2000)
    expect(mayGoOn(await startProcess(place))).toBe(false)
    // It is said once, by the one that was told.
    const said = all.map(({ log }) => log.lines.filter(({ fields }) => 'event' in fields).length)
    expect(said).toEqual([1, 0, 0])
  })

  it('what is over is over for all of them, whoever finds it out', async () => {
    const { all } = await startThree()
    const [first, second, third] = all
    hears(first, tooFast)
    await eventually('the others know', () => !mayGoOn(second) && !mayGoOn(third))
    second.governor.reset()
    await eventually('all go on', () => all.every(mayGoOn))
  })

  it('it is known within a beat where no notification comes', async () => {
    const { place, all } = await startThree()
    const [first, second, third] = all
    await changeDatabase(
      place.dataDir,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and pid <> pg_backend_pid()",
    )
    hears(first, tooFast)
    await eventually('the others know', () => !mayGoOn(second) && !mayGoOn(third), 3)
  })

  it('an account that is locked is not signed in to by any of them', async () => {
    const { all } = await startThree()
    const [first, second, third] = all
    const { connectBreaker } = first.governor
    connectBreaker.begun()
    connectBreaker.failed(failureAs('provider-setup', 'the account is locked'), 0, 'sign-in')
    const blocked = ({ governor }: Process) => governor.connectBreaker.blockedBy()
    await eventually('the others know', () => blocked(second) !== undefined && blocked(third) !== undefined)
    expect(blocked(second)?.message).toBe(blocked(first)?.message)
    connectBreaker.succeeded()
    await eventually('all go on', () => blocked(second) === undefined && blocked(third) === undefined)
  })

  it('fewer connections that the provider asks one for are fewer for all together', async () => {
    const { place, all } = await startThree()
    const [first] = all
    hears(first, '432 4.3.2 Concurrent connections limit exceeded')
    const allowed = () => all.map(({ governor }) => governor.state().connections.allowed)
    await eventually('the others know', () => allowed().every((one) => one === 2))
    await eventually('they have given one up', async () => {
      const claims = await readDatabase(
        place.dataDir,
        "select amount from budget_claims where kind = 'connections'",
      )
      return sum(claims) <= 2
    })
  })
})
