import { describe, expect, it } from 'vitest'
import type { ApiKey } from '../../src/model/api-key.ts'
import { failureOf, now, openFixture } from './fixture.ts'

const key: ApiKey = {
  id: 'k1',
  name: 'backup script',
  scopes: ['read', 'token:printer@example.com'],
  hash: 'aGFzaA',
  createdAt: now,
}

describe('the API key store', () => {
  it('the store gives a key back as it was added', async () => {
    const { store } = await openFixture()
    const expiring = { ...key, id: 'k2', createdAt: now + 1, expiresAt: now + 2 }
    await store.apiKeys.add(expiring)
    await store.apiKeys.add(key)
    expect(await store.apiKeys.find('k1')).toEqual(key)
    expect(await store.apiKeys.find('k2')).toEqual(expiring)
    expect(await store.apiKeys.find('K1')).toBeUndefined()
    expect(await store.apiKeys.list()).toEqual([key, expiring])
  })

  it('the store refuses a second key with the same id', async () => {
    const { store } = await openFixture()
    await store.apiKeys.add(key)
    expect((await failureOf(store.apiKeys.add({ ...key, hash: 'other' }))).code).toBe('already-exists')
    expect((await store.apiKeys.find('k1'))?.hash).toBe('aGFzaA')
  })

  it('the store revokes once and notes the last use', async () => {
    const { store } = await openFixture()
    await store.apiKeys.add(key)
    await store.apiKeys.used('k1', now + 1)
    expect(await store.apiKeys.revoke('k1', now + 2)).toBe(true)
    expect(await store.apiKeys.revoke('k1', now + 3)).toBe(false)
    expect(await store.apiKeys.revoke('none', now + 3)).toBe(false)
    expect(await store.apiKeys.find('k1')).toEqual({ ...key, lastUsedAt: now + 1, revokedAt: now + 2 })
  })
})
