import { afterEach, beforeEach, expect } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import type { Log } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker, type TokenBrokerDeps } from '../../src/grants/create-token-broker.ts'
import type { FreshToken } from '../../src/grants/token-broker.ts'
import { type Address, addressKey, domainMailbox, keyed } from '../../src/model/address.ts'
import type { ActiveGrant, GivenTo, Grant } from '../../src/model/grant.ts'
import type { StoredMailbox } from '../../src/model/mailbox.ts'
import { createHttpFetch, type HttpProxy } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import type { Store } from '../../src/store/ports.ts'
import { providerAt, startTokenEndpoint } from '../providers/token-endpoint.ts'
import { failureAs } from '../support/made-failure.ts'

/** Time that moves when the test says so. */
export function handClock(): Clock & { pass(seconds: number): void; jump(seconds: number): void } {
  let wall = Date.parse('2030-01-01T00:00:00Z')
  let monotonic = 1000
  return {
    now: () => wall,
    monotonic: () => monotonic,
    pass(seconds) {
      wall += seconds * 1000
      monotonic += seconds * 1000
    },
    /** Somebody sets the wall clock. */
    jump(seconds) {
      wall += seconds * 1000
    },
  }
}

/** The part of the store that the broker uses, in memory, with its promises kept: versions, and nothing changed on failure. */
export function memoryStore() {
  const mailboxes = new Map<string, StoredMailbox>()
  const grants = new Map<string, Grant>()
  const calls: string[] = []
  let broken = false

  function call(name: string): void {
    calls.push(name)
    if (broken) throw failureAs('store-unavailable', 'The disk is full')
  }

  function current(id: string, version: number): (ActiveGrant & { since?: number }) | undefined {
    const found = [...grants.values()].find((grant) => grant.state !== 'absent' && grant.id === id)
    return found && found.state !== 'absent' && found.version === version
      ? { ...found, state: 'active' }
      : undefined
  }

  const store: Pick<Store, 'grants' | 'mailboxes'> = {
    mailboxes: {
      find: async (address) => {
        call('find')
        return mailboxes.get(addressKey(address))
      },
      covering: async (address) => {
        call('covering')
        const own = mailboxes.get(addressKey(address))
        const domain = mailboxes.get(domainMailbox(address) ?? '')
        return own ?? (domain && { ...domain, ...keyed(address), coveredBy: domain.address })
      },
      add: unused,
      put: unused,
      noteAccepted: unused,
      providers: unused,
      list: unused,
      listWithGrants: unused,
      addresses: unused,
      remove: unused,
    },
    grants: {
      ofMailbox: async (address) => {
        call('ofMailbox')
        return grants.get(addressKey(address)) ?? { state: 'absent' }
      },
      standing: async (address) => {
        call('standing')
        const own = mailboxes.get(addressKey(address))
        const mailbox = own ?? mailboxes.get(domainMailbox(address) ?? '')
        const grant = mailbox && grants.get(addressKey(mailbox.address))
        if (!mailbox) return undefined
        return {
          providerId: mailbox.providerId,
          ...(grant && grant.state !== 'absent' && { grant }),
          ...(!own && { coveredBy: mailbox.address }),
        }
      },
      adopt: unused,
      list: unused,
      lapsedOrEnding: unused,
      unusedSince: unused,
      endingBy: unused,
      renewed: async (id, version, renewed) => {
        call('renewed')
        const grant = current(id, version)
        if (!grant) return undefined
        const next = { ...grant, version: version + 1, ...renewed }
        grants.set(addressKey(grant.mailbox), next)
        return next
      },
      refused: async () =>
        [...grants.values()].flatMap((grant) =>
          grant.state === 'lapsed' && grant.refused
            ? [{ mailbox: grant.mailbox, providerId: grant.providerId, refused: grant.refused }]
            : [],
        ),
      lapse: async (id, version, at, words, to) => {
        const reason = typeof words === 'string' ? words : words.message
        call('lapse')
        const grant = current(id, version)
        if (!grant) return undefined
        const refused = { at, ...(to && { to }) }
        const since = grant.since ?? at
        const next = { ...grant, state: 'lapsed' as const, version: version + 1, since, reason, refused }
        grants.set(addressKey(grant.mailbox), next)
        return next
      },
    },
  }

  return {
    store,
    calls,
    grantOf: (address: Address) => grants.get(addressKey(address)) ?? { state: 'absent' as const },
    breakDown: () => {
      broken = true
    },
    mend: () => {
      broken = false
    },
    addMailbox(address: Address, providerId = 'local') {
      const mailbox = { ...keyed(address), providerId, createdAt: 0 }
      mailboxes.set(mailbox.key, mailbox)
    },
    removeMailbox(address: Address) {
      mailboxes.delete(addressKey(address))
      grants.delete(addressKey(address))
    },
    /** As a consent does: a new grant, under a new id. */
    consent(address: Address, refreshToken: string, id = `grant-${refreshToken}`) {
      grants.set(addressKey(address), {
        id,
        mailbox: address,
        providerId: mailboxes.get(addressKey(address))?.providerId ?? '',
        version: 1,
        state: 'active',
        refreshToken: new Secret(refreshToken),
        flow: 'authorization-code',
        scopes: ['mail'],
        grantedAt: 0,
        renewedAt: 0,
      })
    },
    /** As adding a mailbox that needs no consent does. */
    grantWithoutPerson(address: Address) {
      grants.set(addressKey(address), {
        id: `grant-${address}`,
        mailbox: address,
        providerId: mailboxes.get(addressKey(address))?.providerId ?? '',
        version: 1,
        state: 'active',
        flow: 'client-credentials',
        scopes: ['mail'],
        grantedAt: 0,
        renewedAt: 0,
      })
    },
    /** As another process does that has asked the provider first. */
    lapseElsewhere(address: Address) {
      const grant = grants.get(addressKey(address))
      if (grant?.state !== 'active') throw new Error('no active grant')
      const version = grant.version + 1
      grants.set(addressKey(address), { ...grant, state: 'lapsed', version, since: 0, reason: 'revoked' })
    },
    /** As another process does that was faster. */
    renewElsewhere(address: Address, refreshToken: string) {
      const grant = grants.get(addressKey(address))
      if (grant?.state !== 'active') throw new Error('no active grant')
      const next = { ...grant, version: grant.version + 1, refreshToken: new Secret(refreshToken) }
      grants.set(addressKey(address), next)
    },
  }
}

async function unused(): Promise<never> {
  throw new Error('the broker has no business here')
}

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  text: string
}

export function memoryLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, text: `${message} ${JSON.stringify(fields)}` })
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return { log, lines }
}

/** A broker with a real token endpoint over HTTP, a store in memory, and time and chance in the test's hand. */
export async function startBroker({
  refreshMarginSeconds = 0,
  oauth = {},
  at,
  extraCa,
  proxy,
  keepElsewhere,
}: {
  keepElsewhere?: TokenBrokerDeps['keepElsewhere']
  refreshMarginSeconds?: number
  /** In place of the endpoint's own origin. */
  at?: string | undefined
  extraCa?: string | undefined
  proxy?: HttpProxy | undefined
  oauth?: Parameters<typeof providerAt>[1]
} = {}) {
  const endpoint = await startTokenEndpoint()
  const http = createHttpFetch({ timeoutSeconds: 5, extraCa })
  const clock = handClock()
  const memory = memoryStore()
  const { log, lines } = memoryLog()
  const client = createOAuthClient({
    provider: providerAt(at ?? endpoint.origin, oauth),
    fetch: http.via(proxy),
  })
  const other = createOAuthClient({ provider: providerAt(`${endpoint.origin}/other`), fetch: http.fetch })
  const lapsed: Address[] = []
  const restored: Address[] = []
  let unstored = 0
  let registration: GivenTo = { clientId: 'postern', tokenEndpoint: 'https://login.example.com/token' }
  const registrationOf = () => registration
  const due: { milliseconds: number; run: () => void }[] = []
  const broker = createTokenBroker({
    store: memory.store,
    oauthClientFor: (id) => (id === 'other' ? other : client),
    refreshMarginFor: () => refreshMarginSeconds,
    registrationOf,
    onLapsed: (mailbox) => void lapsed.push(mailbox),
    onRestored: (mailbox) => void restored.push(mailbox),
    onUnstored() {
      unstored += 1
    },
    ...(keepElsewhere && { keepElsewhere }),
    clock,
    log,
    random: () => 1,
    later: (milliseconds, run) => void due.push({ milliseconds, run }),
  })
  memory.addMailbox(me)
  memory.consent(me, 'refresh-1')
  return {
    /** How often the broker has said that a rotation is not stored. */
    unstored: () => unstored,
    endpoint,
    clock,
    memory,
    broker,
    lines,
    due,
    /** The mailboxes whose grants were told to have ended, in order. */
    lapsed,
    /** And those whose grants were accepted again. */
    restored,
    registrationOf,
    /** The settings are changed, and postern is started again. */
    register(changes: Partial<GivenTo>) {
      registration = { ...registration, ...changes }
    },
    /** Mailboxes of one registration, each with a consent. */
    addMailboxes(count: number, provider = 'local'): Address[] {
      const added = Array.from(
        { length: count },
        (_, place): Address => `${provider}-${place + 1}@example.com`,
      )
      for (const address of added) {
        memory.addMailbox(address, provider)
        memory.consent(address, `refresh-of-${address}`)
      }
      return added
    },
    /** The refresh tokens that were spent, in order. */
    spent: () => endpoint.requests.map(({ form }) => form.refresh_token),
    /** The refresh token that the store has now. */
    kept(): string {
      const grant: Grant = memory.grantOf(me)
      return grant.state === 'absent' ? 'nothing' : (grant.refreshToken?.reveal() ?? 'nothing')
    },
    token: async (request?: Parameters<typeof broker.accessTokenFor>[1]) =>
      (await broker.accessTokenFor(me, request)).secret.reveal(),
    async close() {
      await http.close()
      await endpoint.close()
    },
  }
}

export const me: Address = 'me@example.com'

/** An access token as a consent brings it. */
export function consented(text: string, id = 'grant-refresh-1', providerId = 'local'): FreshToken {
  const grant = { id, providerId, personal: true }
  return { secret: new Secret(text), expiresInSeconds: 3600, scopes: ['mail'], grant }
}

/** @throws when nothing, or something else, is thrown */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    (value) => new Error(`no failure, but ${String(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof Failure) return error
  throw error
}

interface House {
  endpoint: { unusedAnswers(): number }
  close(): Promise<void>
}

/** A house of its own for each test of a file. The token endpoint has given every answer that it was told to, when the test is over. */
export function startEach<H extends House>(start: () => Promise<H>, use: (house: H) => void): void {
  let house: H
  beforeEach(async () => {
    house = await start()
    use(house)
  })
  afterEach(async () => {
    expect(house.endpoint.unusedAnswers()).toBe(0)
    await house.close()
  })
}
