import { describe, expect, it } from 'vitest'
import type { Condition, Notice } from '../../src/notices/notices.ts'
import { createNotifier } from '../../src/notices/notifier.ts'
import { handClock, memoryLog } from '../grants/fixture.ts'
import { failureAs } from '../support/made-failure.ts'
import { createMemoryStore } from '../support/memory-store.ts'

const lapsed: Condition = {
  key: 'consent-needed me@example.com',
  kind: 'consent-needed',
  stage: 'grant-1',
  repeats: true,
  mailbox: 'me@example.com',
  title: 'me@example.com needs a new consent',
  text: 'Nothing leaves from there.',
}
const ending: Condition = {
  key: 'ends-soon microsoft client-secret',
  kind: 'ends-soon',
  stage: '30',
  repeats: false,
  provider: 'microsoft',
  title: 'The client secret of microsoft ends in 30 days',
  text: 'Make a new one.',
}

function stage() {
  const clock = handClock()
  const { log, lines } = memoryLog()
  const { notices } = createMemoryStore()
  const told: { channel: string; notice: Notice; id: string }[] = []
  let now: readonly Condition[] = []
  let urgent: readonly Condition[] = []
  let storeIsAway = false
  let mayTell = true
  let links = 0
  const broken = new Set<string>()
  const channel = (name: 'webhook' | 'mail') => ({
    name,
    async deliver(notice: Notice, id: string) {
      told.push({ channel: name, notice, id })
      if (broken.has(name)) throw failureAs('provider-unavailable', `${name} is away`)
    },
  })
  const make = (linkFails = false) =>
    createNotifier({
      channels: [channel('webhook'), channel('mail')],
      conditions: [
        async () => {
          if (storeIsAway) throw failureAs('store-unavailable', 'The database is away')
          return now
        },
      ],
      urgent: async () => urgent,
      notices: {
        ...notices,
        async put(sent) {
          if (storeIsAway) throw failureAs('store-unavailable', 'The database is away')
          await notices.put(sent)
        },
      },
      mayTell: async () => mayTell,
      async createLink() {
        links += 1
        if (linkFails) throw failureAs('configuration', 'There is no app registration', { fix: 'Make one.' })
        return { url: `https://postern.example/consent/secret-${links}`, expiresAt: 'tomorrow' }
      },
      reminderSeconds: 86_400,
      clock,
      log,
    })
  return {
    clock,
    lines,
    notices,
    told,
    broken,
    make,
    is: (...conditions: Condition[]) => {
      now = conditions
    },
    isUrgent: (...conditions: Condition[]) => {
      urgent = conditions
    },
    loseStore: (isLost: boolean) => {
      storeIsAway = isLost
    },
    loseChore: () => {
      mayTell = false
    },
    /** What was told since this was last asked. */
    news: () => told.splice(0).map(({ channel: name, notice }) => `${name}: ${notice.title}`),
  }
}

describe('a notice', () => {
  it('a notice is told once in each channel, again after a day, by another postern too, and never when it is solved', async () => {
    const { clock, is, make, news, notices } = stage()
    is(lapsed)
    const notifier = make()
    for (let look = 0; look < 3; look += 1) await notifier.look()
    expect(news()).toEqual([
      'webhook: me@example.com needs a new consent',
      'mail: me@example.com needs a new consent',
    ])
    clock.pass(86_399)
    await make().look()
    expect(news()).toEqual([])
    clock.pass(1)
    await make().look()
    expect(news()).toHaveLength(2)
    is()
    clock.pass(100_000)
    await notifier.look()
    expect(news()).toEqual([])
    expect(await notices.list()).toEqual([])
    is(lapsed)
    await notifier.look()
    expect(news()).toHaveLength(2)
  })

  it('what is urgent is told once while the store does not answer, and noted when it does', async () => {
    const { is, isUrgent, loseStore, make, news, notices } = stage()
    is(lapsed, ending)
    isUrgent(ending)
    loseStore(true)
    const notifier = make()
    for (let look = 0; look < 3; look += 1) await notifier.look()
    expect(news()).toEqual([`webhook: ${ending.title}`, `mail: ${ending.title}`])
    loseStore(false)
    await notifier.look()
    expect(news()).toEqual([`webhook: ${lapsed.title}`, `mail: ${lapsed.title}`])
    isUrgent()
    is()
    await notifier.look()
    expect(await notices.list()).toEqual([])
  })

  it('nothing is told when another process has taken that over meanwhile', async () => {
    const { is, loseChore, make, news } = stage()
    is(lapsed)
    loseChore()
    await make().look()
    expect(news()).toEqual([])
  })

  it('a notice is told again only where it is still so when somebody can find out', async () => {
    const house = stage()
    let accepted = false
    let asked = 0
    const stillSo = async () => {
      asked += 1
      return !accepted
    }
    house.is({ ...lapsed, stillSo })
    const notifier = house.make()
    await notifier.look()
    expect([house.told.length, asked]).toEqual([2, 0])
    house.clock.pass(86_400)
    await notifier.look()
    expect([house.told.length, asked]).toEqual([4, 1])
    accepted = true
    house.clock.pass(86_400)
    await notifier.look()
    expect([house.told.length, asked]).toEqual([4, 2])
  })

  it('a notice is told once where the store takes nothing, too', async () => {
    const { is, notices, news, make } = stage()
    const put = notices.put
    notices.put = async () => {
      throw failureAs('store-unavailable', 'The disk is full')
    }
    const notifier = make()
    is({ ...lapsed, key: 'rotation-unstored', kind: 'trouble' })
    for (let look = 0; look < 3; look += 1) await notifier.look()
    expect(news()).toHaveLength(2)
    notices.put = put
    is()
    await notifier.look()
    is({ ...lapsed, key: 'rotation-unstored', kind: 'trouble' })
    await notifier.look()
    expect(news()).toHaveLength(2)
  })

  it('a notice is told at once when it has come further, and otherwise only once where nothing is to be repeated', async () => {
    const { clock, is, make, news } = stage()
    const notifier = make()
    is(ending)
    await notifier.look()
    clock.pass(86_400 * 3)
    await notifier.look()
    expect(news()).toHaveLength(2)
    is({ ...ending, stage: '14' })
    await notifier.look()
    expect(news()).toHaveLength(2)
  })

  it('a notice of a missing consent holds a new link each time, the same in all channels, and the log has none of them', async () => {
    const { clock, is, make, told, lines } = stage()
    const notifier = make()
    is(lapsed)
    await notifier.look()
    clock.pass(86_400)
    await notifier.look()
    const links = told.map(({ notice }) => notice.consentLink?.url.reveal().slice(-8))
    expect(links).toEqual(['secret-1', 'secret-1', 'secret-2', 'secret-2'])
    expect(JSON.stringify(lines)).not.toContain('secret-')
  })

  it('a notice is told without a link where none can be made, with the reason', async () => {
    const { is, make, told } = stage()
    is(lapsed)
    await make(true).look()
    expect(told[0]?.notice.text).toBe(
      'Nothing leaves from there. There is no link for that now: There is no app registration. Make one.',
    )
  })
})

describe('a channel that fails', () => {
  it('a channel that fails is tried again after a minute, then two, by the same id; the others have been served', async () => {
    const { clock, is, make, told, broken, lines } = stage()
    const notifier = make()
    is(lapsed)
    broken.add('webhook')
    await notifier.look()
    await notifier.look()
    clock.pass(60)
    await notifier.look()
    clock.pass(60)
    await notifier.look()
    broken.clear()
    clock.pass(60)
    await notifier.look()
    await notifier.look()
    expect(told.map(({ channel }) => channel)).toEqual(['webhook', 'mail', 'webhook', 'webhook'])
    expect(new Set(told.filter(({ channel }) => channel === 'webhook').map(({ id }) => id)).size).toBe(1)
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2)
  })
})
