import { afterEach, beforeEach, expect } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import type { Log } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker, type TokenBrokerDeps } from '../../src/grants/create-token-broker.ts'
import type { FreshToken } from '../../src/grants/token-broker.ts'
import type { Address } from '../../src/model/address.ts'
import type { ActiveGrant, Flow, GivenTo, NewGrant } from '../../src/model/grant.ts'
import { createHttpFetch, type HttpProxy } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { providerAt, startTokenEndpoint } from '../providers/token-endpoint.ts'
import { failureAs } from '../support/made-failure.ts'
import { createMemoryStore } from '../support/memory-store.ts'

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

/** The part of the store that the broker uses, with what it was asked, with a fault, and with what others do to it. */
export function openStore(clock: Clock) {
  const { mailboxes, grants } = createMemoryStore(clock)
  const calls: string[] = []
  let broken = false

  function watched<Port extends object>(port: Port): Port {
    const methods = Object.entries(port).map(([name, method]) => [
      name,
      async (...given: unknown[]) => {
        calls.push(name)
        if (broken) throw failureAs('store-unavailable', 'The disk is full')
        return method(...given)
      },
    ])
    return Object.fromEntries(methods)
  }

  const adopt = async (...granted: Parameters<typeof grantOf>): Promise<string> =>
    (await grants.adopt(grantOf(...granted))).id

  async function given(address: Address): Promise<ActiveGrant> {
    const grant = await grants.ofMailbox(address)
    if (grant.state !== 'active') throw new Error('no active grant')
    return grant
  }

  return {
    ports: { mailboxes: watched(mailboxes), grants: watched(grants) },
    calls,
    grantOf: (address: Address) => grants.ofMailbox(address),
    breakDown: () => {
      broken = true
    },
    mend: () => {
      broken = false
    },
    /** Or it moves to this provider. */
    addMailbox: (address: Address, providerId = 'local') =>
      mailboxes.put({ address, providerId, createdAt: 0 }),
    addConsented: (address: Address, providerId: string) =>
      mailboxes.add(
        { address, providerId, createdAt: 0 },
        grantOf(address, 'authorization-code', new Secret(`refresh-of-${address}`)),
      ),
    removeMailbox: (address: Address) => mailboxes.remove(address),
    /** As a consent does: a new grant. Gives its id. */
    consent: (address: Address, refreshToken: string) =>
      adopt(address, 'authorization-code', new Secret(refreshToken)),
    /** As adding a mailbox that needs no consent does. */
    grantWithoutPerson: (address: Address) => adopt(address, 'client-credentials'),
    /** As another process does that has asked the provider first. */
    async lapseElsewhere(address: Address) {
      const { id, version } = await given(address)
      await grants.lapse(id, version, 0, 'revoked')
    },
    /** Another person is to sign in for the mailbox. */
    lapseHere: (address: Address) =>
      mailboxes.put({ address, providerId: 'local', signsInAs: 'somebody@example.com', createdAt: 0 }),
    /** As another process does that was faster. */
    async renewElsewhere(address: Address, refreshToken: string) {
      const { id, version } = await given(address)
      await grants.renewed(id, version, { renewedAt: 0, refreshToken: new Secret(refreshToken) })
    },
  }
}

function grantOf(mailbox: Address, flow: Flow, refreshToken?: Secret): NewGrant {
  const granted = { mailbox, flow, scopes: ['mail'], grantedAt: 0, renewedAt: 0 }
  return { ...granted, ...(refreshToken && { refreshToken }) }
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

/** A broker with a real token endpoint over HTTP, a store, and time and chance in the test's hand. */
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
  const store = openStore(clock)
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
    store: store.ports,
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
  await store.addMailbox(me)
  const firstGrant = await store.consent(me, 'refresh-1')
  return {
    /** How often the broker has said that a rotation is not stored. */
    unstored: () => unstored,
    endpoint,
    clock,
    store,
    /** The id of the grant that there is at first. */
    firstGrant,
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
    async addMailboxes(count: number, provider = 'local'): Promise<Address[]> {
      const added = Array.from(
        { length: count },
        (_, place): Address => `${provider}-${place + 1}@example.com`,
      )
      await Promise.all(added.map((address) => store.addConsented(address, provider)))
      return added
    },
    /** The refresh tokens that were spent, in order. */
    spent: () => endpoint.requests.map(({ form }) => form.refresh_token),
    /** The refresh token that the store has now. */
    async kept(): Promise<string> {
      const grant = await store.grantOf(me)
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
export function consented(text: string, id: string): FreshToken {
  const grant = { id, providerId: 'local', personal: true }
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
