import { asFailure, type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { OpeningStage } from '../governor/governor.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import { namesWithToken, type SignInName } from '../mailboxes/sender-policy.ts'
import type { Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Provider, RegisteredProvider, UpstreamMechanism } from '../providers/provider.ts'
import type { Taps } from '../traces/traces.ts'
import type { Capabilities } from '../wire/envelope.ts'
import { wordsOf } from '../wire/reply.ts'
import { lossAsFailure, type ProviderConnection, quit } from './connection.ts'
import { createTimeLimit, type Dial, type Dialled, type DialStage } from './dial.ts'
import { type SignInOutcome, signIn, tokenRefused } from './sign-in.ts'

/** A connection on which the provider has accepted us for one mailbox. */
export interface SignedIn {
  connection: ProviderConnection
  capabilities: Capabilities
  /** The name that signed in. */
  name: SignInName
  /** By which it signed in. */
  mechanism: UpstreamMechanism
}

interface OpenerDeps {
  dial: Dial
  tokens: TokenBroker
  limits: Pick<Limits, 'upstreamReplySeconds' | 'wholeLoginSeconds'>
  log: Log
  taps?: Pick<Taps, 'isOn' | 'opening'> | undefined
}

/** For which mailbox a connection is opened. */
interface AskedOpening {
  mailbox: Address
  provider: RegisteredProvider
  /** The more likely name first. */
  names: readonly [SignInName, ...SignInName[]]
  /** One refusal may come from one bad machine of many: try once more, at once. */
  secondTry: boolean
  /** Called as each stage is reached: again where another connection reaches it. */
  reached?(stage: 'token' | DialStage): void
}

/** @throws OpeningFailed */
export type OpenSignedIn = (asked: AskedOpening, signal: AbortSignal) => Promise<SignedIn>

/** The result of one connection. */
type Tried = { signedIn: SignedIn } | Refused

interface Refused {
  failed: OpeningFailed
  /** Another token may help. */
  tokenRefused: boolean
  /** Resolves when the connection has gone: the provider may allow no other beside it. */
  left: Promise<void>
}

/** Token, connection and sign-in as one step, bounded in all by `wholeLoginSeconds`. */
export function createOpener({ dial, tokens, limits, log, taps }: OpenerDeps): OpenSignedIn {
  /**
   * By host: the address of the machine that refused last. The next attempt begins with another.
   */
  const lastToRefuse = new Map<string, string>()

  /**
   * Uses a connection of its own for each name and token: some servers close the connection after a
   * refusal.
   */
  async function tryName(
    asked: AskedOpening,
    name: SignInName,
    token: AccessToken,
    signal: AbortSignal,
  ): Promise<Tried> {
    const { host } = asked.provider.submission
    let address: string | undefined
    const reached: Parameters<Dial>[2] = (stage, found) => {
      address ??= found
      asked.reached?.(stage)
    }
    const tap = taps?.isOn ? taps.opening(asked.mailbox) : undefined
    const target = tap === undefined ? asked.provider : { ...asked.provider, tap }
    const tried = await dial(target, signal, reached, lastToRefuse.get(host)).then(
      (dialled) => signInOn(dialled, asked, name, token, signal),
      (error: unknown): Refused => {
        return {
          failed: new OpeningFailed(error, 'connection'),
          tokenRefused: false,
          left: Promise.resolve(),
        }
      },
    )
    if ('failed' in tried && isSetUp(tried) && address !== undefined) lastToRefuse.set(host, address)
    return tried
  }

  async function signInOn(
    dialled: Dialled,
    asked: AskedOpening,
    name: SignInName,
    token: AccessToken,
    signal: AbortSignal,
  ): Promise<Tried> {
    const { mailbox, provider } = asked
    const { host } = provider.submission
    const outcome = await outcomeOn(dialled, asked, name, token, signal)
    if (!(outcome instanceof OpeningFailed) && outcome.kind === 'accepted') {
      log.debug({ mailbox, host, user: name.name, mechanism: outcome.mechanism }, 'signed in at the provider')
      return { signedIn: { ...dialled, name, mechanism: outcome.mechanism } }
    }
    const left = quit(dialled.connection)
    if (outcome instanceof OpeningFailed) return { failed: outcome, tokenRefused: false, left }
    const said = wordsOf(outcome.reply)
    log.warn(
      { event: 'provider.token-refused', mailbox, host, user: name.name, said },
      'the provider refused an access token',
    )
    const failure = await tokenRefused(outcome, { provider, mailbox, user: name.name }, token.warning)
    return { failed: new OpeningFailed(failure, 'sign-in'), tokenRefused: true, left }
  }

  async function outcomeOn(
    dialled: Dialled,
    { mailbox, provider }: AskedOpening,
    { name: user }: SignInName,
    token: AccessToken,
    signal: AbortSignal,
  ): Promise<SignInOutcome | OpeningFailed> {
    const stop = () => dialled.connection.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (signal.aborted) stop()
      const replySeconds = limits.upstreamReplySeconds
      return await signIn(dialled, { provider, mailbox, user, token: token.secret, replySeconds })
    } catch (error) {
      return new OpeningFailed(lossAsFailure(error, provider.submission.host), 'sign-in')
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** @throws OpeningFailed */
  async function tokenFor({ mailbox, provider }: AskedOpening, refused?: AccessToken): Promise<AccessToken> {
    try {
      const request = refused && { refused }
      return tokenAt(provider, mailbox, await tokens.accessTokenFor(mailbox, request))
    } catch (error) {
      throw new OpeningFailed(error, 'token')
    }
  }

  /** A token in place of the refused one. Undefined when the broker has no newer one yet. */
  async function replacementOf(token: AccessToken, asked: AskedOpening): Promise<AccessToken | undefined> {
    const fresh = await tokenFor(asked, token)
    return fresh.secret.reveal() === token.secret.reveal() ? undefined : fresh
  }

  /**
   * Tries each name with one token, until one is accepted or the failure is not about the sign-in.
   */
  async function tryNames(asked: AskedOpening, token: AccessToken, signal: AbortSignal): Promise<Tried> {
    const [first, second] = namesWithToken(asked.names, token)
    const tried = await tryName(asked, first, token, signal)
    if ('signedIn' in tried || !second || tried.failed.stage !== 'sign-in' || !isSetUp(tried)) return tried
    await tried.left
    const other = await tryName(asked, second, token, signal)
    return 'signedIn' in other || isSetUp(other) ? other : tried
  }

  /**
   * Tries the current token; then a fresh one, if the first was refused and a fresh one exists;
   * otherwise the same token once more.
   */
  async function open(asked: AskedOpening, signal: AbortSignal): Promise<SignedIn> {
    const token = await tokenFor(asked)
    asked.reached?.('token')
    const first = await tryNames(asked, token, signal)
    if ('signedIn' in first) return first.signedIn
    if (!isSetUp(first)) throw first.failed
    let failed = first.failed
    const fresh =
      first.tokenRefused &&
      (await replacementOf(token, asked).catch((error: OpeningFailed) => {
        // Another machine may yet accept the same token.
        failed = new OpeningFailed(error.failure, 'sign-in')
      }))
    if (failed.failure.code === 'consent-needed' || !(fresh || asked.secondTry)) throw failed
    await first.left
    const again = await tryNames(asked, fresh || token, signal)
    if ('signedIn' in again) return again.signedIn
    throw isSetUp(again) && failed === first.failed ? again.failed : failed
  }

  return async (asked, signal) => {
    const limit = createTimeLimit(limits.wholeLoginSeconds, signal)
    const work = open(asked, limit.signal)
    const late = new Promise<never>((_, reject) => {
      const end = () => reject(new OpeningFailed(tooLate(asked.provider), 'connection'))
      limit.signal.addEventListener('abort', end, { once: true })
    })
    try {
      return await Promise.race([work, late])
    } catch (error) {
      // The token may still come after the deadline. A connection that is opened with it is closed
      // at once.
      work.then(({ connection }) => connection.destroy()).catch(() => {})
      throw error
    } finally {
      limit.clear()
    }
  }
}

function isSetUp({ failed }: Refused): boolean {
  return failed.failure.code === 'provider-setup'
}

function tooLate(provider: Provider): Failure {
  return failure('upstream.sign-in-too-slow', { host: provider.submission.host })
}

/**
 * No connection was opened and signed in. Never leaves this room.
 * `token`: there is no token, so nothing was opened; the token broker decides when to ask again.
 * `connection`: the server accepts no connection of ours, whichever mailbox it is for. `sign-in`:
 * it does not accept this mailbox.
 */
export class OpeningFailed extends Error {
  readonly failure: Failure
  readonly stage: OpeningStage

  constructor(error: unknown, stage: OpeningStage) {
    super('No connection was opened')
    this.name = 'OpeningFailed'
    this.failure = asFailure(error)
    this.stage = stage
  }
}

/**
 * Checks that a token is for this provider: between reading the mailbox and getting the token, the
 * mailbox may have moved.
 * @throws Failure `provider-unavailable`
 */
export function tokenAt(provider: Pick<Provider, 'id'>, mailbox: Address, token: AccessToken): AccessToken {
  if (token.grant.providerId === provider.id) return token
  throw movedMeanwhile(mailbox)
}

/** Between reading the mailbox and using the token, the mailbox moved to another provider. */
function movedMeanwhile(mailbox: Address): Failure {
  return failure('mailbox.just-moved', { mailbox })
}
