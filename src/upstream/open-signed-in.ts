import type { Address } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import type { Provider, RegisteredProvider } from '../providers/provider.ts'
import type { Capabilities } from '../wire/capabilities.ts'
import type { Connection } from './connection.ts'
import { lossAsFailure } from './connection-lost.ts'
import type { Dial, Dialled } from './dial.ts'
import { type SignInOutcome, tokenRefused } from './judge-sign-in.ts'
import { NoToken } from './no-token.ts'
import { quit } from './quit.ts'
import { wordsOf } from './refusal.ts'
import { signIn } from './sign-in.ts'
import { createTimeLimit } from './time-limit.ts'
import { tokenAt } from './token-at.ts'

/** A connection on which the provider has accepted us for one mailbox. */
export interface SignedIn {
  connection: Connection
  capabilities: Capabilities
}

export interface OpenerDependencies {
  dial: Dial
  tokens: TokenBroker
  limits: Pick<Limits, 'upstreamReplySeconds' | 'wholeLoginSeconds'>
  log: Log
}

/** @throws NoToken, or Failure of `Dial`, or `provider-setup` when the provider refuses us */
export type OpenSignedIn = (
  mailbox: Address,
  provider: RegisteredProvider,
  signal: AbortSignal,
) => Promise<SignedIn>

/** Token, connection and sign-in as one step, bounded in all by `wholeLoginSeconds`. */
export function createOpener({ dial, tokens, limits, log }: OpenerDependencies): OpenSignedIn {
  async function attempt(
    mailbox: Address,
    provider: RegisteredProvider,
    token: AccessToken,
    signal: AbortSignal,
  ): Promise<{ dialled: Dialled; outcome: SignInOutcome }> {
    const dialled = await dial(provider, signal)
    const stop = () => dialled.connection.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (signal.aborted) stop()
      const request = { provider, mailbox, token: token.secret, replySeconds: limits.upstreamReplySeconds }
      return { dialled, outcome: await signIn(dialled, request) }
    } catch (error) {
      void quit(dialled.connection)
      throw lossAsFailure(error, provider.submission.host)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** @throws NoToken */
  async function tokenFor(mailbox: Address, provider: RegisteredProvider): Promise<AccessToken> {
    try {
      return tokenAt(provider, mailbox, await tokens.accessTokenFor(mailbox))
    } catch (error) {
      throw new NoToken(error)
    }
  }

  /** Asks for a fresh token once, and tries once more when there is one: the broker knows whether that can help. */
  async function open(
    mailbox: Address,
    provider: RegisteredProvider,
    signal: AbortSignal,
  ): Promise<SignedIn> {
    const { host } = provider.submission
    let token = await tokenFor(mailbox, provider)
    for (let fresh = false; ; fresh = true) {
      const { dialled, outcome } = await attempt(mailbox, provider, token, signal)
      if (outcome.kind === 'accepted') {
        log.debug({ mailbox, host, mechanism: outcome.mechanism }, 'signed in at the provider')
        return dialled
      }
      const left = quit(dialled.connection)
      log.warn({ mailbox, host, said: wordsOf(outcome.reply) }, 'the provider refused an access token')
      if (fresh) throw tokenRefused(outcome, { host, mailbox }, token.doubt)
      const next = tokenAt(provider, mailbox, await tokens.accessTokenFor(mailbox, { refused: token }))
      if (next.secret.reveal() === token.secret.reveal())
        throw tokenRefused(outcome, { host, mailbox }, token.doubt)
      token = next
      // The provider counts it until it has gone, and may allow no other beside it.
      await left
    }
  }

  return async (mailbox, provider, signal) => {
    const limit = createTimeLimit(limits.wholeLoginSeconds, signal)
    const work = open(mailbox, provider, limit.signal)
    const late = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(tooLate(provider)), { once: true })
    })
    try {
      return await Promise.race([work, late])
    } catch (error) {
      // The token may still come after the end of time; what would be opened with it nobody waits for.
      work.then(({ connection }) => connection.destroy()).catch(() => {})
      throw error
    } finally {
      limit.clear()
    }
  }
}

function tooLate(provider: Provider): Failure {
  return new Failure('provider-unavailable', `The sign-in at ${provider.submission.host} took too long`, {
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  })
}
