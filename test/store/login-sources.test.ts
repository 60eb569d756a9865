import { describe, expect, it } from 'vitest'
import { newLogin, now, openFixture } from './fixture.ts'
import { readDatabase } from './raw-database.ts'

describe('from where a login is used', () => {
  const day = 86_400_000

  it('a use is known of this login and this source, as long as is asked for', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    await store.logins.add(newLogin({ id: 'second', userName: 'scanner' }))
    await store.logins.used('first', now, '192.0.2.7')
    expect(await store.logins.knows('first', '192.0.2.7', now)).toBe(true)
    expect(await store.logins.knows('first', '192.0.2.7', now + 1)).toBe(false)
    expect(await store.logins.knows('first', '192.0.2.8', now)).toBe(false)
    expect(await store.logins.knows('second', '192.0.2.7', now)).toBe(false)
    expect(await store.logins.knows('', '192.0.2.7', now)).toBe(false)
  })

  it('a use is listed for each login, the latest first', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    await store.logins.add(newLogin({ id: 'second', userName: 'scanner' }))
    await store.logins.used('first', now, '192.0.2.7')
    await store.logins.used('first', now + day, '2001:db8:0:0::/64')
    expect(await store.logins.sources()).toEqual(new Map([['first', ['2001:db8:0:0::/64', '192.0.2.7']]]))
  })

  it('a use is noted to the day', async () => {
    const { store } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    const seen: boolean[] = []
    for (const at of [now, now + day - 1, now + day]) {
      await store.logins.used('first', at, '192.0.2.7')
      seen.push(await store.logins.knows('first', '192.0.2.7', now + 1))
    }
    expect(seen).toEqual([false, false, true])
  })

  it('a use is forgotten after 30 days, when something else is noted, and with its login', async () => {
    const { store, dataDir } = await openFixture()
    await store.logins.add(newLogin({ id: 'first' }))
    await store.logins.used('first', now, '192.0.2.7')
    await store.logins.used('first', now + 30 * day, '192.0.2.8')
    expect(await store.logins.knows('first', '192.0.2.7', 0)).toBe(true)
    await store.logins.used('first', now + 30 * day + 1, '2001:db8::/64')
    expect(await store.logins.knows('first', '192.0.2.7', 0)).toBe(false)
    expect(await readDatabase(dataDir, 'select source from login_sources order by source')).toEqual([
      { source: '192.0.2.8' },
      { source: '2001:db8::/64' },
    ])
    await store.mailboxes.remove('printer@example.com')
    expect(await readDatabase(dataDir, 'select source from login_sources')).toEqual([])
  })

  it('no use is noted of a login that is gone', async () => {
    const { store } = await openFixture()
    await store.logins.used('nobody', now, '192.0.2.7')
    expect(await store.logins.knows('nobody', '192.0.2.7', 0)).toBe(false)
  })
})
