import { describe, expect, it } from 'vitest'
import type { PageSession } from '../../src/store/ports.ts'
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

describe('the browsers that are signed in', () => {
  it('are found by their hash, noted to the minute, and ended', async () => {
    const { store } = await openFixture()
    await store.pageAccess.begin(session())
    expect(await store.pageAccess.session('hash-one')).toEqual(session())
    expect(await store.pageAccess.session('other')).toBeUndefined()
    await store.pageAccess.used('one', now + 59_999)
    expect((await store.pageAccess.session('hash-one'))?.lastUsedAt).toBe(now)
    await store.pageAccess.used('one', now + 60_000)
    expect((await store.pageAccess.session('hash-one'))?.lastUsedAt).toBe(now + 60_000)
    expect([await store.pageAccess.end('one'), await store.pageAccess.end('one')]).toEqual([true, false])
  })

  it('that have ended are deleted when another begins', async () => {
    const { store } = await openFixture()
    await store.pageAccess.begin(session())
    await store.pageAccess.begin(
      session({ id: 'two', hash: 'hash-two', createdAt: now + 1000, lastUsedAt: now + 1000 }),
    )
    expect((await store.pageAccess.sessions()).map(({ id }) => id)).toEqual(['two'])
  })
})

describe('a password of a role', () => {
  it('replaces the earlier one, and ends what came by that: not links, not the other role, not the one that changed it', async () => {
    const { store, dataDir } = await openFixture()
    for (const change of [
      { id: 'by-link', means: 'link' as const },
      { id: 'mine' },
      { id: 'other' },
      { id: 'viewer', role: 'viewer' as const },
    ])
      await store.pageAccess.begin(session({ hash: change.id, ...change }))
    await store.pageAccess.setPassword('administrator', verifier('first'))
    expect(await store.pageAccess.password('viewer')).toBeUndefined()
    expect((await store.pageAccess.sessions()).map(({ id }) => id).sort()).toEqual(['by-link', 'viewer'])
    await store.pageAccess.begin(session({ id: 'mine', hash: 'mine' }))
    await store.pageAccess.begin(session({ id: 'other', hash: 'other' }))
    await store.pageAccess.setPassword('administrator', verifier('second'), 'mine')
    expect(await store.pageAccess.password('administrator')).toEqual(verifier('second'))
    expect((await store.pageAccess.sessions()).map(({ id }) => id).sort()).toEqual([
      'by-link',
      'mine',
      'viewer',
    ])
    expect(await readDatabase(dataDir, 'select count(*) as count from page_passwords')).toEqual([
      { count: 1 },
    ])
  })
})
