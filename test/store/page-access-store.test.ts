import { describe, expect, it } from 'vitest'
import type { PageSession } from '../../src/model/page-access.ts'
import { now, openFixture } from './fixture.ts'
import { readDatabase } from './raw-database.ts'

const session = (change: Partial<PageSession> = {}): PageSession => ({
  id: 'one',
  hash: 'hash-one',
  role: 'administrator',
  means: 'password',
  source: '192.0.2.7',
  browser: 'Browser/1',
  createdAt: now,
  lastUsedAt: now,
  expiresAt: now + 1000,
  ...change,
})
const verifier = (hash: string) => ({
  kind: 'scrypt' as const,
  salt: 's',
  hash,
  cost: 1024,
  blockSize: 8,
  parallelization: 1,
})

type Access = Awaited<ReturnType<typeof openFixture>>['store']['pageAccess']

const begin = async (pageAccess: Access, change: Partial<PageSession> = {}) =>
  pageAccess.begin(session(change), await pageAccess.generation())

describe('the browsers that are signed in', () => {
  it('browsers are found by their hash, noted to the minute, and ended', async () => {
    const { store } = await openFixture()
    await begin(store.pageAccess)
    expect(await store.pageAccess.session('hash-one')).toEqual(session())
    expect(await store.pageAccess.session('other')).toBeUndefined()
    await store.pageAccess.used('one', now + 59_999)
    expect((await store.pageAccess.session('hash-one'))?.lastUsedAt).toBe(now)
    await store.pageAccess.used('one', now + 60_000)
    expect((await store.pageAccess.session('hash-one'))?.lastUsedAt).toBe(now + 60_000)
    expect([await store.pageAccess.end('one'), await store.pageAccess.end('one')]).toEqual([true, false])
  })

  it('browsers that have ended are deleted when another begins', async () => {
    const { store } = await openFixture()
    await begin(store.pageAccess)
    const later = { createdAt: now + 1000, lastUsedAt: now + 1000 }
    await begin(store.pageAccess, { id: 'two', hash: 'hash-two', ...later })
    expect((await store.pageAccess.sessions()).map(({ id }) => id)).toEqual(['two'])
  })
})

describe('a password of a role', () => {
  const everybody: Partial<PageSession>[] = [
    { id: 'by-link', means: 'link' },
    { id: 'by-provider', means: 'provider', person: 'boss@example.com', provider: 'google' },
    { id: 'mine' },
    { id: 'other' },
    { id: 'viewer', role: 'viewer' },
    { id: 'viewer-by-link', role: 'viewer', means: 'link' },
  ]
  async function signedIn() {
    const { store, dataDir } = await openFixture()
    for (const one of everybody) await begin(store.pageAccess, { hash: one.id ?? '', ...one })
    const left = async () => (await store.pageAccess.sessions()).map(({ id }) => id).sort()
    return { pageAccess: store.pageAccess, dataDir, left }
  }

  it('a password replaces the earlier one, and an administrator’s ends every session but the one that sets it', async () => {
    const { pageAccess, dataDir, left } = await signedIn()
    await pageAccess.setPassword('administrator', verifier('first'), 'mine')
    expect(await pageAccess.password('viewer')).toBeUndefined()
    expect(await left()).toEqual(['mine'])
    await pageAccess.setPassword('administrator', verifier('second'))
    expect(await pageAccess.password('administrator')).toEqual(verifier('second'))
    expect(await left()).toEqual([])
    expect(await readDatabase(dataDir, 'select count(*) as count from page_passwords')).toEqual([
      { count: 1 },
    ])
  })

  it('a password of viewers ends their sessions alone', async () => {
    const { pageAccess, left } = await signedIn()
    await pageAccess.setPassword('viewer', verifier('first'), 'mine')
    expect(await left()).toEqual(['by-link', 'by-provider', 'mine', 'other'])
  })

  it('a password is not set by a session that has ended meanwhile', async () => {
    const { pageAccess, left } = await signedIn()
    await pageAccess.setPassword('administrator', verifier('first'), 'mine')
    const late = pageAccess.setPassword('administrator', verifier('of a thief'), 'other')
    expect(await late).toBe(false)
    expect(await pageAccess.password('administrator')).toEqual(verifier('first'))
    expect(await left()).toEqual(['mine'])
  })

  it('a password overtakes whoever is signing in, whichever role it is of', async () => {
    const { pageAccess, left } = await signedIn()
    for (const role of ['administrator', 'viewer'] as const) {
      const before = await pageAccess.generation()
      expect(await pageAccess.generation()).toBe(before)
      await pageAccess.setPassword(role, verifier('first'), 'mine')
      const late = pageAccess.begin(session({ id: 'late', hash: 'late' }), before)
      expect(await late).toBe(false)
    }
    expect(await left()).toEqual(['mine'])
  })
})
