import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import { createKeepAlive } from '../../src/grants/keep-alive.ts'
import type { Address } from '../../src/model/address.ts'
import type { OAuthClient } from '../../src/providers/oauth/oauth-client.ts'
import { openStore } from '../../src/store/store.ts'
import { newGrant, newPlace, onPostgres } from '../store/fixture.ts'

const renewalSeconds = 3_600

/** Processes that share a store with so many mailboxes that are due, and a provider that counts what it is asked. */
async function open(processes: number, mailboxes: number) {
  const place = await newPlace()
  const asked: string[] = []
  const client = {
    async refresh(refreshToken: Secret) {
      asked.push(refreshToken.reveal())
      return {
        ...{ accessToken: new Secret('a'), refreshToken: new Secret(`${refreshToken.reveal()}+`) },
        ...{ expiresInSeconds: 3600, scopes: ['mail'] },
      }
    },
  } as unknown as OAuthClient
  const one = async () => {
    const { store, others } = await openStore({ ...place, clock: systemClock, log: silentLog })
    onTestFinished(() => store.close())
    const deps = { store, oauthClientFor: () => client, onLapsed() {}, clock: systemClock, log: silentLog }
    const tokens = createTokenBroker(deps)
    onTestFinished(() => tokens.close())
    const keepAlive = createKeepAlive({
      ...{ grants: store.grants, tokens, registrationOf: () => ({ clientId: 'app' }), renewalSeconds },
      ...(others && { share: () => others.chores.share() }),
      ...{ clock: systemClock, log: silentLog },
    })
    onTestFinished(() => keepAlive.close())
    return { store, keepAlive }
  }
  const longAgo = systemClock.now() - 2 * renewalSeconds * 1000
  const first = await openStore({ ...place, clock: systemClock, log: silentLog })
  for (let index = 0; index < mailboxes; index += 1) {
    const address: Address = `m${index}@example.com`
    await first.store.mailboxes.add(
      { address, providerId: 'google', createdAt: longAgo },
      newGrant({
        mailbox: address,
        refreshToken: new Secret(address),
        grantedAt: longAgo,
        renewedAt: longAgo,
      }),
    )
  }
  await first.store.close()
  return { asked, all: await Promise.all(Array.from({ length: processes }, one)) }
}

describe.runIf(onPostgres)('the renewals of several processes', () => {
  it('a hundred mailboxes that are due are each renewed once, by all of them together', async () => {
    const { asked, all } = await open(3, 100)
    expect(asked).toEqual([])
    for (let rounds = 0; rounds < 20 && asked.length < 100; rounds += 1)
      await Promise.all(all.map(({ keepAlive }) => keepAlive.round()))
    expect(asked).toHaveLength(100)
    expect(new Set(asked).size).toBe(100)
    await Promise.all(all.map(({ keepAlive }) => keepAlive.round()))
    expect(asked).toHaveLength(100)
  })
})
