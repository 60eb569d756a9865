import { describe, expect, it } from 'vitest'
import type { ApiKey } from '../../src/model/api-key.ts'
import { failureOf, now, openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

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
    const bounds = { networks: ['192.0.2.0/28'], limits: { recipientsPerDay: 5 } }
    const expiring = { ...key, ...bounds, id: 'k2', createdAt: now + 1, expiresAt: now + 2 }
    await store.apiKeys.add(expiring)
    await store.apiKeys.add(key)
    expect(await store.apiKeys.find('k1')).toEqual(key)
    expect(await store.apiKeys.find('k2')).toEqual(expiring)
    expect(await store.apiKeys.find('K1')).toBeUndefined()
    expect(await store.apiKeys.list()).toEqual([key, expiring])
  })

  it.each(['networks', 'limits'])(
    'a key is gone whose %s somebody took away in the database',
    async (column) => {
      const { store, dataDir } = await openFixture()
      await store.apiKeys.add({ ...key, networks: ['192.0.2.0/28'], limits: { recipientsPerDay: 5 } })
      await changeDatabase(dataDir, `update api_keys set ${column} = null`)
      expect(await store.apiKeys.find('k1')).toBeUndefined()
      expect(await store.apiKeys.list()).toEqual([])
    },
  )

  it('the store changes the limits of a key that is not revoked', async () => {
    const { store } = await openFixture()
    await store.apiKeys.add(key)
    const limits = { messagesPerHour: 20 }
    expect(await store.apiKeys.limit('k1', () => limits)).toEqual({ ...key, limits })
    expect(await store.apiKeys.find('k1')).toEqual({ ...key, limits })
    expect(await store.apiKeys.limit('k1', () => ({}))).toEqual(key)
    await store.apiKeys.revoke('k1', now)
    expect(await store.apiKeys.limit('k1', () => limits)).toBeUndefined()
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
