import { type Address, printable, sameAddress } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { UpstreamMechanism } from '../providers/provider.ts'
import type { ErrorChallenge } from '../sasl/bearer-mechanisms.ts'
import { enhancedStatuses, statusOf } from '../wire/enhanced-status.ts'
import { isTransient, type Reply } from '../wire/reply.ts'
import { refusal, waitAfter, wordsOf } from './refusal.ts'

export type SignInOutcome =
  | { kind: 'accepted'; mechanism: UpstreamMechanism }
  /** Another token may help. */
  | { kind: 'token-refused'; reply: Reply; challenge?: ErrorChallenge }

export interface SignInContext {
  host: string
  mailbox: Address
  mechanism: UpstreamMechanism
}

/** RFC 4954, section 6, and RFC 5248: these speak of the mechanism, of encryption or of a disabled account, not of the token. */
const notTheToken = new Set([500, 502, 503, 504, 525, 530, 534, 538])

/**
 * What the final reply to AUTH means; the one place where that is decided. Exactly 235 is success.
 * @throws Failure `provider-unavailable` for what passes, `provider-setup` where no token would help
 */
export function judgeSignIn(
  reply: Reply,
  { host, mailbox, mechanism }: SignInContext,
  challenge?: ErrorChallenge,
): SignInOutcome {
  if (reply.code === 235) return { kind: 'accepted', mechanism }
  if (isTransient(reply)) throw refusal(reply, host, `the sign-in for ${mailbox}`)
  if (reply.code < 500) throw meaningless(reply, host)
  const message = `${host} refused the sign-in for ${mailbox} (${statusOf(reply)})`
  const cause = new Error(`The provider said: ${wordsOf(reply)}`)
  // Yahoo's word for too many bad sign-ins, whatever the one was that it answers so: each further token would be one more.
  if (reply.lines.some((line) => line.includes('#AUTH005'))) {
    throw new Failure('provider-unavailable', `${message}: there were too many bad ones`, {
      cause,
      fix: 'Find out what else signs in there with a wrong password, and try again in an hour.',
      ...waitAfter(reply),
    })
  }
  // Exchange answers 5.7.139 when a policy is in the way: a new token is as good as the old one.
  if (enhancedStatuses(reply).includes('5.7.139')) {
    throw new Failure('provider-setup', `${message}: a policy forbids it`, {
      cause,
      fix: `Have an administrator allow authenticated SMTP for ${mailbox} at the provider, and check its sign-in policies.`,
    })
  }
  if (notTheToken.has(reply.code)) {
    throw new Failure('provider-setup', message, {
      cause,
      fix: 'Check host, port and mechanisms of the provider, and that the account is not disabled there.',
    })
  }
  return { kind: 'token-refused', reply, ...(challenge ? { challenge } : {}) }
}

/** A reply that has no place in a sign-in, such as 250, or 235 to a sign-in that was given up. */
export function meaningless(reply: Reply, host: string): Failure {
  return new Failure(
    'provider-unavailable',
    `${host} gave an answer to the sign-in that means nothing there (${reply.code})`,
    { cause: new Error(`The provider said: ${wordsOf(reply)}`), fix: 'Try again later.' },
  )
}

/** The provider refused a token and the fresh one after it, or there was no fresher one to try. */
export function tokenRefused(
  outcome: Extract<SignInOutcome, { kind: 'token-refused' }>,
  { host, mailbox, user }: Pick<SignInContext, 'host' | 'mailbox'> & { user: string },
  doubt?: string,
): Failure {
  const { reply, challenge } = outcome
  const status = challenge && /^[\w-]{1,40}$/.test(challenge.status) ? `, ${challenge.status}` : ''
  const details = {
    cause: new Error(`The provider said: ${wordsOf(reply)}`),
    fix:
      doubt ??
      `Check that the account that consented may send as ${mailbox} and that the consent included sending mail; then consent again. If the mail server knows whoever signs in by another name, set that with --sasl-user.`,
  }
  const what = `${statusOf(reply)}${status}`
  return sameAddress(user, mailbox)
    ? new Failure('provider-setup', `${host} refused the access token for ${mailbox} (${what})`, details)
    : new Failure(
        'provider-setup',
        `${host} refused the access token for ${mailbox}, signed in as ${printable(user)} (${what})`,
        details,
      )
}
