import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, type Sentence } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import type { Limits } from '../model/limits.ts'
import type { NameResolver } from '../net/name-resolver.ts'
import { networkFailure } from '../net/network-failure.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { quit } from './connection.ts'
import { createTimeLimit, type Dial, type Dialled, type DialStage } from './dial.ts'
import { commonMechanism } from './sign-in.ts'

/** What a mail server shows to everybody, in order. */
export type ServerLookStep = 'name' | 'connect' | 'tls' | 'mechanism'

/** How one step went: what was seen, or what is wrong. */
export interface ServerLookOutcome {
  step: ServerLookStep
  milliseconds: number
  /** Absent: the step failed. */
  seen?: Sentence
  /** Absent: the step succeeded. */
  failure?: Failure
}

/** Looks at the mail server of a provider, without signing in, until a step fails. */
export type LookAtServer = (provider: RegisteredProvider) => AsyncIterable<ServerLookOutcome>

/**
 * Connects to the mail server of a provider, and tells each step. Returns the connection, which the
 * caller ends; undefined where a step failed.
 */
export type ReachServer = (
  provider: RegisteredProvider,
  signal: AbortSignal,
) => AsyncGenerator<ServerLookOutcome, Dialled | undefined>

interface ReachServerDeps {
  dial: Dial
  names: NameResolver
  clock: Pick<Clock, 'monotonic'>
}

export function createReachServer({ dial, names, clock }: ReachServerDeps): ReachServer {
  return async function* reach(provider, signal) {
    const { host, port, tls } = provider.submission
    // Connection and TLS are one step of the dialer: how long each took is seen as they are reached.
    const reached: Partial<Record<DialStage, number>> = {}
    let since = clock.monotonic()
    const took = (until = clock.monotonic()) => {
      const milliseconds = until - since
      since = until
      return { milliseconds }
    }
    let at: string | undefined
    const connected = (): ServerLookOutcome => ({
      step: 'connect',
      seen: provider.proxy
        ? text('doctor.connected-by-proxy', { port })
        : text('doctor.connected', { port, address: at ?? host }),
      ...took(reached.connect),
    })
    let step: ServerLookStep = 'name'
    let dialled: Dialled | undefined
    try {
      const found = await addressesOf(provider, signal)
      yield { step, seen: found, ...took() }
      step = 'connect'
      dialled = await dial(provider, signal, (stage, address) => {
        reached[stage] = clock.monotonic()
        at ??= address
      })
      yield connected()
      step = 'tls'
      yield { step, seen: text('doctor.certificate-right', { host, tls }), ...took(reached.tls) }
      step = 'mechanism'
      const mechanism = await commonMechanism(provider, dialled.capabilities)
      yield { step, seen: text('doctor.mechanism', { mechanism }), ...took() }
      const open = dialled
      dialled = undefined
      return open
    } catch (error) {
      // What an encrypted server refuses is no fault of its encryption.
      if (step === 'connect' && reached.connect !== undefined) {
        yield connected()
        step = reached.tls === undefined ? 'tls' : 'mechanism'
      }
      yield { step, failure: asFailure(error), ...took() }
      return undefined
    } finally {
      // Nobody goes on with it.
      if (dialled) await quit(dialled.connection)
    }
  }

  async function addressesOf(
    { submission, proxy }: RegisteredProvider,
    signal: AbortSignal,
  ): Promise<Sentence> {
    const { host } = submission
    // It looks names up itself.
    if (proxy) return text('doctor.name-by-proxy', { host })
    try {
      const found = await names.resolve(host, signal)
      return text('doctor.name-found', { host, addresses: found.map(({ address }) => address).join(', ') })
    } catch (error) {
      throw networkFailure(error, { host, kind: 'mail server' })
    }
  }
}

export function createServerLook(
  reach: ReachServer,
  limits: Pick<Limits, 'wholeLoginSeconds'>,
): LookAtServer {
  return async function* look(provider) {
    const limit = createTimeLimit(limits.wholeLoginSeconds)
    try {
      const dialled = yield* reach(provider, limit.signal)
      if (dialled) await quit(dialled.connection)
    } finally {
      limit.clear()
    }
  }
}
