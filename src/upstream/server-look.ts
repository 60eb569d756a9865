import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure } from '../base/failure.ts'
import type { Limits } from '../model/limits.ts'
import type { NameResolver } from '../net/name-resolver.ts'
import { networkFailure } from '../net/network-failure.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { quit } from './connection.ts'
import { createTimeLimit, type Dial, type DialStage } from './dial.ts'
import { commonMechanism } from './sign-in.ts'

/** What a mail server shows to everybody, in order. */
export type ServerLookStep = 'name' | 'connect' | 'tls' | 'mechanism'

/** How one step went: what was seen, or what is wrong. */
export type ServerLookOutcome = { step: ServerLookStep; milliseconds: number } & (
  | { seen: string }
  | { failure: Failure }
)

/** Looks at the mail server of a provider, without signing in, until a step fails. */
export type LookAtServer = (provider: RegisteredProvider) => AsyncIterable<ServerLookOutcome>

interface ServerLookDeps {
  dial: Dial
  names: NameResolver
  limits: Pick<Limits, 'wholeLoginSeconds'>
  clock: Pick<Clock, 'monotonic'>
}

export function createServerLook({ dial, names, limits, clock }: ServerLookDeps): LookAtServer {
  return async function* look(provider) {
    const limit = createTimeLimit(limits.wholeLoginSeconds)
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
    let step: ServerLookStep = 'name'
    try {
      const addresses = await addressesOf(provider, limit.signal)
      yield { step, seen: addresses, ...took() }
      step = 'connect'
      const { connection, capabilities } = await dial(provider, limit.signal, (stage, address) => {
        reached[stage] = clock.monotonic()
        at ??= address
      })
      try {
        const through = provider.proxy ? 'through the proxy' : (at ?? host)
        yield { step, seen: `port ${port} (${through})`, ...took(reached.connect) }
        step = 'tls'
        yield { step, seen: `the certificate is right for ${host} (${tls})`, ...took(reached.tls) }
        step = 'mechanism'
        const mechanism = await commonMechanism(provider, capabilities)
        yield { step, seen: mechanism, ...took() }
      } finally {
        await quit(connection)
      }
    } catch (error) {
      // What an encrypted server refuses is no fault of its encryption.
      if (step === 'connect' && reached.connect !== undefined)
        step = reached.tls === undefined ? 'tls' : 'mechanism'
      yield { step, failure: asFailure(error), ...took() }
    } finally {
      limit.clear()
    }
  }

  async function addressesOf(
    { submission, proxy }: RegisteredProvider,
    signal: AbortSignal,
  ): Promise<string> {
    const { host } = submission
    // It looks names up itself.
    if (proxy) return `${host} (the proxy looks it up)`
    try {
      const found = await names.resolve(host, signal)
      return `${host} is ${found.map(({ address }) => address).join(', ')}`
    } catch (error) {
      throw networkFailure(error, { host, kind: 'mail server' })
    }
  }
}
