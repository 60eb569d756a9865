import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import { createKeepAlive } from '../../src/grants/keep-alive.ts'
import { type Address, addressKey } from '../../src/model/address.ts'
import type { ActiveGrant } from '../../src/model/grant.ts'
import { type OAuthClient, OAuthError } from '../../src/providers/oauth/oauth-client.ts'
import type { Store } from '../../src/store/ports.ts'
import { handClock, memoryLog } from './fixture.ts'

const hour = 3600
const day = 24 * hour
const renewalSeconds = day

/**
 * Many grants at a provider that rotates with each use and ends whatever comes twice, or has been idle for 90 days. Store and provider are in memory,
 * so that months pass in seconds.
 */
function crowd(count: number, refreshTokenSeconds?: number) {
  const clock = handClock()
  const { log } = memoryLog()
  const begun = clock.now()
  const grants = new Map<string, ActiveGrant>()
  const current = new Map<string, { token: string; used: number }>()
  const dead = new Set<string>()
  let requests = 0
  let away: (mailbox: string) => boolean = () => false

  for (let place = 0; place < count; place += 1) {
    const mailbox: Address = `m${place}@example.com`
    const refreshToken = new Secret(`${mailbox} 1`)
    const consent = {
      id: mailbox,
      mailbox,
      providerId: 'local',
      version: 1,
      state: 'active' as const,
      refreshToken,
    }
    const ends =
      refreshTokenSeconds === undefined ? {} : { refreshTokenEndsAt: begun + refreshTokenSeconds * 1000 }
    const rest = {
      flow: 'authorization-code' as const,
      scopes: ['mail'],
      grantedAt: begun,
      renewedAt: begun,
      ...ends,
    }
    grants.set(mailbox, { ...consent, ...rest })
    current.set(mailbox, { token: refreshToken.reveal(), used: begun })
  }

  const client = {
    async refresh(refreshToken: Secret) {
      requests += 1
      const [mailbox = '', turn = ''] = refreshToken.reveal().split(' ')
      if (away(mailbox)) throw new OAuthError('away', { status: 503 })
      const known = current.get(mailbox)
      if (
        known?.token !== refreshToken.reveal() ||
        clock.now() - known.used > (refreshTokenSeconds ?? 90 * day) * 1000
      ) {
        dead.add(mailbox)
        throw new OAuthError('invalid_grant', { status: 400, error: 'invalid_grant' })
      }
      const token = `${mailbox} ${Number(turn) + 1}`
      current.set(mailbox, { token, used: clock.now() })
      const accessToken = new Secret(`access of ${mailbox}`)
      const life =
        refreshTokenSeconds === undefined ? {} : { refreshTokenExpiresInSeconds: refreshTokenSeconds }
      return {
        accessToken,
        expiresInSeconds: 3600,
        refreshToken: new Secret(token),
        scopes: ['mail'],
        ...life,
      }
    },
  } as unknown as OAuthClient

  const store = {
    mailboxes: {
      covering: async (address: string) => ({ address, providerId: 'local', createdAt: 0 }),
    },
    grants: {
      standing: async (address: Address) => ({ providerId: 'local', grant: grants.get(addressKey(address)) }),
      ofMailbox: async (address: Address) => grants.get(addressKey(address)) ?? { state: 'absent' },
      async endingBy(now: number, most: number) {
        return [...grants.values()]
          .filter(
            ({ state, renewedAt, refreshTokenEndsAt = Number.POSITIVE_INFINITY }) =>
              state === 'active' &&
              now - renewedAt >= 300_000 &&
              2 * (now - renewedAt) > refreshTokenEndsAt - renewedAt,
          )
          .slice(0, most)
          .map(({ mailbox }) => mailbox)
      },
      async unusedSince(before: number, most: number) {
        const idle = [...grants.values()].filter(
          ({ state, renewedAt }) => state === 'active' && renewedAt < before,
        )
        return idle
          .sort((left, right) => left.renewedAt - right.renewedAt)
          .slice(0, most)
          .map(({ mailbox }) => mailbox)
      },
      async renewed(id: string, version: number, renewed: object) {
        const grant = grants.get(id)
        if (grant?.version !== version) return undefined
        const next = { ...grant, ...renewed, version: version + 1 }
        grants.set(id, next)
        return next
      },
      refused: async () => [],
      lapse: async (id: string) => {
        dead.add(id)
        return undefined
      },
    },
  } as unknown as Store

  const tokens = createTokenBroker({ store, oauthClientFor: () => client, onLapsed() {}, clock, log })
  const keepAlive = createKeepAlive({
    grants: store.grants,
    tokens,
    registrationOf: () => ({ clientId: 'postern' }),
    renewalSeconds,
    clock,
    log,
  })
  return {
    clock,
    tokens,
    keepAlive,
    dead,
    away(these: (mailbox: string) => boolean) {
      away = these
    },
    /** Time passes as it does for a running postern. @returns the most requests within a minute */
    async run(seconds: number): Promise<number> {
      let most = 0
      for (let passed = 0; passed < seconds; passed += 60) {
        clock.pass(60)
        const before = requests
        await keepAlive.round()
        most = Math.max(most, requests - before)
      }
      return most
    },
    requests: () => requests,
    longestIdleHours: () =>
      Math.max(...[...grants.values()].map(({ renewedAt }) => clock.now() - renewedAt)) / 1000 / hour,
    /** How many grants were renewed at the same minute, at most. */
    mostTogether() {
      const minutes = new Map<number, number>()
      for (const { renewedAt } of grants.values()) minutes.set(renewedAt, (minutes.get(renewedAt) ?? 0) + 1)
      return Math.max(...minutes.values())
    },
  }
}

describe('idle grants', () => {
  it('idle grants live on for months, each renewed once a day, and none is lost', async () => {
    const house = crowd(20)
    for (let month = 0; month < 4; month += 1) {
      await house.run(30 * day)
      expect(house.longestIdleHours()).toBeLessThanOrEqual(24)
    }
    expect(house.dead.size).toBe(0)
    expect(house.requests()).toBeLessThanOrEqual(20 * 120 * 1.25)
  })

  it('grants whose refresh tokens end within half an hour live on, each renewed in time', async () => {
    const house = crowd(20, 1800)
    await house.run(2 * day)
    expect(house.dead.size).toBe(0)
    expect(house.requests()).toBeLessThanOrEqual(20 * 2 * 24 * 4)
  })

  it('10,000 grants, consented in one minute, part without a crowd at any time', async () => {
    const house = crowd(10_000)
    const most = await house.run(2 * day)
    expect(most).toBeLessThanOrEqual(180)
    expect(house.longestIdleHours()).toBeLessThanOrEqual(24)
    expect(house.dead.size).toBe(0)
    expect(house.mostTogether()).toBeLessThanOrEqual(180)
  }, 600_000)

  it('idle grants are caught up with after a suspend, at the same pace', async () => {
    const house = crowd(2000)
    await house.run(hour)
    house.clock.jump(5 * day)
    expect(await house.run(4 * hour)).toBeLessThanOrEqual(180)
    expect(house.longestIdleHours()).toBeLessThanOrEqual(24)
    expect(house.dead.size).toBe(0)
  })

  it('no grant waits for one that fails, and those that fail are asked for seldom', async () => {
    const house = crowd(50)
    house.away((mailbox) => mailbox < 'm2')
    await house.run(2 * day)
    house.away(() => false)
    expect(house.dead.size).toBe(0)
    expect(house.requests()).toBeLessThan(50 * 3 + 11 * 2 * 24 * 6)
    await house.run(hour)
    expect(house.longestIdleHours()).toBeLessThanOrEqual(24)
  })

  it('a grant that is used meanwhile spends no refresh token for this, and one asked for at the same time spends it once', async () => {
    const house = crowd(1)
    house.clock.pass(23 * hour)
    const both = Promise.all([house.tokens.accessTokenFor('m0@example.com'), house.keepAlive.round()])
    await both
    expect(house.requests()).toBe(1)
    await house.keepAlive.round()
    expect(house.requests()).toBe(1)
  })
})

it('no round begins after the end, and one under way ends first', async () => {
  const { keepAlive } = crowd(1)
  keepAlive.start()
  await keepAlive.close()
})
