import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../src/base/clock.ts'
import type { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { Governors } from '../../src/governor/governor.ts'
import type {
  AccessToken,
  AccessTokenRequest,
  TokenBroker,
  TokenGrant,
} from '../../src/grants/token-broker.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import type { Limits } from '../../src/model/limits.ts'
import type { Mailbox } from '../../src/model/mailbox.ts'
import type { Connect } from '../../src/net/connect.ts'
import type { Catalogue, RegisteredProvider } from '../../src/providers/provider.ts'
import type { Store } from '../../src/store/ports.ts'
import type { Taps } from '../../src/traces/traces.ts'
import { createRelay } from '../../src/upstream/create-relay.ts'
import type { Relay } from '../../src/upstream/relay.ts'
import { defaultLimits } from './default-limits.ts'
import { createManualClock } from './manual-clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { createRecordingLog } from './recording-log.ts'
import { registeredProvider } from './registered-provider.ts'

export const mailbox: Address = 'me@example.com'
/** As the relay is asked for it. */
export const me = keyed(mailbox)

/** Generous where a test does not wait, so that a slow machine fails nothing. */
export const patientLimits: Limits = {
  ...defaultLimits,
  upstreamReplySeconds: 10,
  upstreamDataStartSeconds: 10,
  upstreamAfterDotSeconds: 10,
  wholeLoginSeconds: 20,
}

export interface StageOptions {
  port: number
  tls: 'implicit' | 'starttls'
  ca?: string
  host?: string
  /** What the broker hands out, one after the other; the last one again and again. */
  tokens?: readonly string[]
  limits?: Partial<Limits>
  provider?: Partial<RegisteredProvider>
  /** Those that there are, instead of `mailbox` alone. */
  mailboxes?: readonly Omit<Mailbox, 'providerId' | 'createdAt' | 'acceptedName'>[]
  connect?: Connect
  taps?: Taps
  /** Where several relays share something: with the clock of all of them. */
  governors?: Governors
  clock?: Clock
  /** Nobody consented for them. */
  appOnly?: boolean
}

export interface RelayStage {
  relay: Relay
  clock: ReturnType<typeof createManualClock>
  log: ReturnType<typeof createRecordingLog>
  /** What the broker was asked for: `token`, or `fresh` after a refused one. */
  asked: string[]
  /** What the broker answers instead of a token. */
  tokens: { failure: Failure | undefined }
  /** Where the mailboxes are kept. */
  store: Store
}

/** A relay for one mailbox at one provider on this machine. */
export function createRelayStage(options: StageOptions): RelayStage {
  const { port, tls, ca, host = '127.0.0.1', tokens = ['good-token'] } = options
  const provider: RegisteredProvider = {
    ...registeredProvider(),
    submission: { host, port, tls },
    ...options.provider,
  }
  const clock = createManualClock()
  const log = createRecordingLog()
  const asked: string[] = []
  const trouble: RelayStage['tokens'] = { failure: undefined }
  const store = createMemoryStore()
  for (const one of options.mailboxes ?? [{ address: mailbox }])
    void store.mailboxes.add({ providerId: provider.id, createdAt: 0, ...one })
  const relay = createRelay({
    catalogue: catalogueOf(provider),
    mailboxes: store.mailboxes,
    serverCapabilities: store.serverCapabilities,
    tokens: brokerOf(
      { id: 'grant', providerId: provider.id, personal: !options.appOnly },
      tokens,
      asked,
      trouble,
    ),
    governors: options.governors ?? createGovernors({ counts: store.recipientCounts, clock, log }),
    limits: { ...patientLimits, ...options.limits },
    ...(ca === undefined ? {} : { extraCa: ca }),
    ...(options.connect && { connect: options.connect }),
    ...(options.taps && { taps: options.taps }),
    clock: options.clock ?? clock,
    log,
    ehloName: 'postern.example.test',
  })
  return { relay, clock, log, asked, tokens: trouble, store }
}

function catalogueOf(provider: RegisteredProvider): Catalogue {
  return { registered: () => provider, list: () => [{ provider, registered: true }] }
}

function brokerOf(
  grant: TokenGrant,
  tokens: readonly string[],
  asked: string[],
  trouble: RelayStage['tokens'],
): TokenBroker {
  let place = 0
  return {
    async accessTokenFor(_mailbox, request: AccessTokenRequest = {}) {
      asked.push(request.refused ? 'fresh' : 'token')
      if (trouble.failure) {
        // So that a test can end of one that asks again at once.
        await nextTurn()
        throw trouble.failure
      }
      if (request.refused && place < tokens.length - 1) place += 1
      return accessToken(tokens[place] ?? '', grant)
    },
    grantChanged() {},
    async close() {},
  }
}

function accessToken(text: string, grant: TokenGrant): AccessToken {
  return {
    secret: new Secret(text),
    grant,
    remainingSeconds: () => 3600,
    ageSeconds: () => 120,
    expiresAt: 0,
    scopes: [],
  }
}
