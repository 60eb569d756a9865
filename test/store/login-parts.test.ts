import { describe, expect, it } from 'vitest'
import type { Login, LoginQuery } from '../../src/model/login.ts'
import type { LoginStore } from '../../src/store/ports.ts'
import { newLogin, now, openFixture } from './fixture.ts'

describe('a part of the logins', () => {
  const user = (name: string, over: Partial<Login> = {}) =>
    newLogin({ id: name, userName: name, name: `The ${name}`, ...over })

  async function openWithLogins() {
    const { store } = await openFixture()
    const all = [
      user('Scanner', { mailboxes: ['cron@example.com'], lastUsedAt: now - 500 }),
      user('erp', { name: 'Büro 100%_\\', lastUsedAt: now - 100_000 }),
      user('plotter', { mailboxes: ['cron@example.com', 'printer@example.com'], createdAt: now + 1 }),
      user('old', { expiresAt: now - 1, lastUsedAt: now - 900 }),
      user('gone', { revokedAt: now - 1 }),
    ]
    for (const login of all) await store.logins.add(login)
    await store.logins.used('erp', now, '192.0.2.77')
    return store.logins
  }

  const ids = async (logins: LoginStore, query: Partial<LoginQuery>) => {
    const part = await logins.part({ order: 'added', from: 0, most: 10, ...query }, now)
    return part.logins.map(({ id }) => id)
  }

  it.each([
    ['', ['Scanner', 'erp', 'gone', 'old', 'plotter']],
    ['SCAN', ['Scanner']],
    ['the old', ['old']],
    ['cron@', ['Scanner', 'plotter']],
    ['Büro', ['erp']],
    ['100%_\\', ['erp']],
    ['%', ['erp']],
    ['192.0.2.7', ['erp']],
    ['gone', ['gone']],
    ['nothing', []],
    ["' or 1=1 --", []],
  ])('is found by %j', async (find, found) => {
    const logins = await openWithLogins()
    expect(await ids(logins, { find })).toEqual(found)
    const { counts } = await logins.part({ find, order: 'added', from: 0, most: 1 }, now)
    expect(counts.all).toBe(found.length)
  })

  it('only those of one mailbox are found where it is named, whatever else is asked', async () => {
    const logins = await openWithLogins()
    const mailbox = 'CRON@example.com'
    expect(await ids(logins, { mailbox })).toEqual(['Scanner', 'plotter'])
    expect(await ids(logins, { mailbox, find: 'plot' })).toEqual(['plotter'])
    expect(await ids(logins, { mailbox: 'other@example.com' })).toEqual([])
    const { counts } = await logins.part({ mailbox, order: 'name', from: 0, most: 1 }, now)
    expect(counts).toMatchObject({ all: 2, active: 2, 'never-used': 1 })
  })

  it('one that can sign in is found, and none that has ended', async () => {
    const logins = await openWithLogins()
    expect(await logins.anyActive(now)).toMatchObject({ id: 'Scanner', mailboxes: ['cron@example.com'] })
    for (const id of ['Scanner', 'erp', 'plotter']) await logins.revoke(id, now)
    expect(await logins.anyActive(now)).toBeUndefined()
    expect(await logins.anyActive(now - 2)).toMatchObject({ id: 'old' })
  })

  it.each([
    ['active', ['Scanner', 'erp', 'plotter']],
    ['never-used', ['plotter']],
    ['failing', ['Scanner']],
    ['expired', ['old']],
    ['revoked', ['gone']],
  ] as const)('has those that are %s', async (group, found) => {
    const logins = await openWithLogins()
    const failing = ['SCANNER', 'gone', 'nobody']
    expect(await ids(logins, { group, failing })).toEqual(found)
    const { counts } = await logins.part({ group, failing, order: 'name', from: 0, most: 1 }, now)
    expect(counts[group]).toBe(found.length)
    expect(counts.all).toBe(5)
  })

  it('is in the order that is asked for, from where it is asked for', async () => {
    const logins = await openWithLogins()
    expect(await ids(logins, { order: 'name' })).toEqual(['erp', 'gone', 'old', 'plotter', 'Scanner'])
    expect(await ids(logins, { order: 'used', most: 3 })).toEqual(['erp', 'Scanner', 'old'])
    expect(await ids(logins, { order: 'name', from: 1, most: 2 })).toEqual(['gone', 'old'])
    expect(await ids(logins, { from: 5 })).toEqual([])
    expect(await ids(logins, { group: 'failing' })).toEqual([])
  })

  it('has each login whole, and from where it was used', async () => {
    const logins = await openWithLogins()
    const part = await logins.part({ find: 'e', group: 'active', order: 'name', from: 0, most: 10 }, now)
    const whole = new Map((await logins.list()).map((login) => [login.id, login]))
    expect(part.logins.map(({ id }) => id)).toEqual(['erp', 'plotter', 'Scanner'])
    expect(part.logins).toEqual(part.logins.map(({ id }) => whole.get(id)))
    expect(whole.get('plotter')?.mailboxes).toEqual(['cron@example.com', 'printer@example.com'])
    expect(part.sources).toEqual(new Map([['erp', ['192.0.2.77']]]))
    expect(await logins.find('plotter')).toEqual(whole.get('plotter'))
    expect(await logins.find('nobody')).toBeUndefined()
  })
})
