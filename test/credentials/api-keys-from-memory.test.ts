import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { here, type SignInStage, setSignInStage } from './sign-in-stage.ts'

let stage: SignInStage
let asked: string[]

beforeEach(async () => {
  stage = await setSignInStage()
  asked = []
  const { apiKeys } = stage.store
  const find = apiKeys.find
  apiKeys.find = (id) => {
    asked.push(id)
    return find(id)
  }
})

const refused = { code: 'wrong-credentials' }

describe('an API key that is known from memory', () => {
  it('the key opens without a look into the store', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['token:me@example.com'] })
    expect(await stage.apiKeys.check(key, here)).toMatchObject({ apiKey: apiKey.id })
    expect(asked).toEqual([])
  })

  it('the key opens nothing any more as soon as it is revoked', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['token:me@example.com'] })
    await stage.apiKeys.revoke(apiKey.id)
    await expect(stage.apiKeys.check(key, here)).rejects.toMatchObject(refused)
  })

  it('the key opens nothing any more at the second at which it ends', async () => {
    const { key } = await stage.apiKeys.add({ scopes: ['read'], expires: '2030-05-01T12:00:10Z' })
    stage.clock.advance(9.999)
    await stage.apiKeys.check(key, here)
    stage.clock.advance(0.001)
    await expect(stage.apiKeys.check(key, here)).rejects.toMatchObject(refused)
  })

  it('the store is asked for the key while something may have changed', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['read'] })
    await stage.store.apiKeys.revoke(apiKey.id, stage.clock.now())
    const reading = stage.index.refresh()
    await expect(stage.apiKeys.check(key, here)).rejects.toMatchObject(refused)
    expect(asked).toEqual([apiKey.id])
    await reading
  })

  it('the key loses with a mailbox its scopes for it', async () => {
    const { key } = await stage.apiKeys.add({ scopes: ['token:me@example.com', 'read'] })
    await stage.store.mailboxes.remove('Me@example.com')
    await stage.index.refresh()
    expect((await stage.apiKeys.check(key, here)).scopes).toEqual(['read'])
  })

  it('another key with the same id is not this one', async () => {
    const { apiKey, key } = await stage.apiKeys.add({ scopes: ['read'] })
    const forged = new Secret(key.reveal().replace(/.{43}$/, 'A'.repeat(43)))
    await expect(stage.apiKeys.check(forged, here)).rejects.toMatchObject(refused)
    // As for a key that nobody has: what is refused has always asked the store.
    expect(asked).toEqual([apiKey.id])
  })
})
