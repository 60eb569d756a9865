import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { type ApiKeys, createApiKeys } from '../../src/credentials/api-keys.ts'
import type { Store } from '../../src/store/ports.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { here } from './sign-in-stage.ts'

const ownerKey = new Secret('owner-key-owner-key-owner-key-owner-key-own')

let store: Store
let apiKeys: ApiKeys
let clock: ReturnType<typeof createManualClock>
let log: ReturnType<typeof createRecordingLog>

beforeEach(async () => {
  ;[store, clock, log] = [createMemoryStore(), createManualClock(), createRecordingLog()]
  apiKeys = createApiKeys({
    store,
    keyedHash: (purpose, value) => createHmac('sha256', purpose).update(value).digest('base64url'),
    ownerKey,
    clock,
    log,
  })
  await store.mailboxes.add({ address: 'Me@example.com', providerId: 'custom', createdAt: clock.now() })
})

describe('an API key', () => {
  it('a new key is shown once, tells its id, and is kept only as a hash', async () => {
    const { apiKey, key } = await apiKeys.add({
      scopes: ['token:me@EXAMPLE.com', 'read', 'read'],
      name: 'backup job',
    })
    expect(apiKey).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: 'backup job',
      scopes: ['token:Me@example.com', 'read'],
      networks: [],
      state: 'active',
      createdAt: '2030-05-01T12:00:00.000Z',
    })
    expect(key.reveal()).toMatch(new RegExp(`^postern_${apiKey.id}_[A-Za-z0-9_-]{43}$`))
    expect(await apiKeys.list()).toEqual([apiKey])
    const secret = key.reveal().slice(-43)
    expect(JSON.stringify([await store.apiKeys.list(), log.lines])).not.toContain(secret)
  })

  it('a key is somebody with its scopes, and its use is noted', async () => {
    const { apiKey, key } = await apiKeys.add({ scopes: ['read'] })
    expect(await apiKeys.check(key, here)).toEqual({ name: 'read', apiKey: apiKey.id, scopes: ['read'] })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await apiKeys.list()).toEqual([{ ...apiKey, lastUsedAt: '2030-05-01T12:00:00.000Z' }])
  })

  it.each([
    ['no scope', { scopes: [] }, 'invalid'],
    ['an unknown scope', { scopes: ['read', 'write'] }, 'invalid'],
    ['the mailbox of a scope missing', { scopes: ['token:who@example.com'] }, 'not-found'],
    ['a bad date', { scopes: ['read'], expires: '2030-02-31' }, 'invalid'],
    ['a bad network', { scopes: ['read'], networks: ['192.0.2.0/33'] }, 'invalid'],
    ['no number of messages', { scopes: ['send:me@example.com'], limits: { messagesPerHour: 0 } }, 'invalid'],
    [
      'limits that bind nothing',
      { scopes: ['token:me@example.com'], limits: { messagesPerHour: 9 } },
      'invalid',
    ],
    ['a bad name', { scopes: ['read'], name: 'a\u0000' }, 'invalid'],
  ])('a key is refused with %s', async (_what, request, code) => {
    await expect(apiKeys.add(request)).rejects.toMatchObject({ code })
    expect(await apiKeys.list()).toEqual([])
  })

  it('what a key may send is kept, changed, and named in the journal', async () => {
    const limits = {
      recipients: ['*@EXAMPLE.com', '*@example.com'],
      messagesPerHour: 20,
      needsApproval: true,
    }
    const { apiKey } = await apiKeys.add({ scopes: ['send:me@example.com'], limits, networks: ['192.0.2.7'] })
    const kept = { recipients: ['*@example.com'], messagesPerHour: 20, needsApproval: true }
    expect(apiKey).toMatchObject({ networks: ['192.0.2.7/32'], limits: kept })
    const changed = await apiKeys.limit(apiKey.id, {
      recipients: [],
      messagesPerHour: null,
      recipientsPerDay: 5,
    })
    expect(changed.limits).toEqual({ recipientsPerDay: 5, needsApproval: true })
    expect(await apiKeys.list()).toEqual([changed])
    expect(log.lines.at(-1)?.fields).toMatchObject({
      event: 'api-key.limited',
      limits: ['recipients-per-day 5', 'approve'],
    })
    await apiKeys.revoke(apiKey.id)
    await expect(apiKeys.limit(apiKey.id, {})).rejects.toMatchObject({ code: 'not-found' })
  })

  it('a key that gets access tokens is given no limits later, either', async () => {
    const { apiKey } = await apiKeys.add({ scopes: ['token:me@example.com', 'send:me@example.com'] })
    await expect(apiKeys.limit(apiKey.id, { messagesPerHour: 20 })).rejects.toMatchObject({
      id: 'api-key.limits-without-bounds',
    })
    expect(await apiKeys.limit(apiKey.id, { messagesPerHour: null })).toEqual(apiKey)
  })

  it('the owner key is the administrator', async () => {
    expect(await apiKeys.check(ownerKey, here)).toEqual({ name: 'owner', scopes: ['admin'] })
  })

  it('a refusal has the same words whatever is wrong with the key', async () => {
    const { apiKey: revoked, key: revokedKey } = await apiKeys.add({ scopes: ['read'] })
    await apiKeys.revoke(revoked.id)
    const { key: expired } = await apiKeys.add({ scopes: ['read'], expires: '2030-05-02' })
    const { key: good } = await apiKeys.add({ scopes: ['read'] })
    const { key: other } = await apiKeys.add({ scopes: ['read'] })
    clock.advance(2 * 86_400)
    const texts = [
      '',
      'postern',
      `postern_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      revokedKey.reveal(),
      expired.reveal(),
      good.reveal().slice(0, -1),
      `${good.reveal()} `,
      good.reveal().toUpperCase(),
      good.reveal().slice(0, 25) + other.reveal().slice(25),
      ownerKey.reveal().slice(1),
      `${ownerKey.reveal()}n`,
    ]
    const refusals = []
    for (const text of texts)
      refusals.push(await apiKeys.check(new Secret(text), here).catch((error: unknown) => error))
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'wrong-credentials', message: 'This API key is not valid' })
    }
    expect(await apiKeys.check(good, here)).toMatchObject({ scopes: ['read'] })
    await expect(apiKeys.revoke(revoked.id)).rejects.toMatchObject({ code: 'not-found' })
  })
})
