import { Failure, type FilledFailure, filled } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import { explainedBy, explanationOf, seenError } from '../providers/errors/explained.ts'
import type { Provider } from '../providers/provider.ts'

/** Why a consent was refused, as a closed list. Nothing was stored, and an earlier grant stays. */
export type ConsentRefusal =
  /** The state is unknown, was used already, or comes from another browser or too late. */
  | 'not-begun'
  | 'other-browser'
  | 'expired'
  /** The link was used, or ended, while the person was signing in. */
  | 'link-ended'
  /** The mailbox was removed meanwhile, or has another provider or person. */
  | 'mailbox-gone'
  /** The person, or their administrator's rules, said no. */
  | 'declined'
  | 'provider-error'
  | 'provider-unavailable'
  /** The provider did not prove who signed in. */
  | 'no-identity'
  /** The provider has not verified the address of whoever signed in, by its own word. */
  | 'unverified-address'
  | 'wrong-person'
  | 'missing-refresh-token'
  | 'missing-scope'
  /** The access token is for something else than the mail server. */
  | 'wrong-token'

interface ConsentRefusedDetails {
  mailbox?: Address
  /** Who signed in, and who was expected, when these differ. */
  signedInAs?: Address
  expected?: Address
  /** The account that signed in: see `Identity.account`. For the log only. */
  account?: string
}

/** A refused consent. The message says what went wrong, `fix` what to do; both may be shown. */
export class ConsentRefused extends Failure {
  readonly reason: ConsentRefusal
  readonly mailbox: Address | undefined
  readonly signedInAs: Address | undefined
  readonly expected: Address | undefined
  readonly account: string | undefined

  constructor(reason: ConsentRefusal, filled: FilledFailure, details: ConsentRefusedDetails = {}) {
    super(filled)
    this.name = 'ConsentRefused'
    this.reason = reason
    this.mailbox = details.mailbox
    this.signedInAs = details.signedInAs
    this.expected = details.expected
    this.account = details.account
  }
}

/**
 * Maps the `error` of a callback to a refusal (RFC 6749, section 4.1.2.1; OpenID Connect Core,
 * section 3.1.2.6). `error_description` is untrusted text that anybody can put into a URL, so it is
 * neither shown nor logged.
 */
export function refusalOfCallback(error: string, mailbox: Address, providerName: string): ConsentRefused {
  switch (error) {
    case 'access_denied':
      return new ConsentRefused('declined', filled('consent.declined', { provider: providerName }), {
        mailbox,
      })
    case 'consent_required':
    case 'interaction_required':
    case 'login_required':
    case 'account_selection_required':
      return new ConsentRefused('declined', filled('consent.unfinished', { provider: providerName, error }), {
        mailbox,
      })
    case 'temporarily_unavailable':
    case 'server_error':
      return new ConsentRefused(
        'provider-unavailable',
        filled('consent.provider-trouble', { provider: providerName, error }),
        { mailbox },
      )
    default:
      return new ConsentRefused(
        'provider-error',
        filled('consent.callback-refused', { provider: providerName, error: named(error) }),
        { mailbox },
      )
  }
}

/**
 * The same refusal, with what is known of its error. Of `error_description` only numbers of Entra are
 * read, and they choose one of our own texts.
 */
export async function explainedRefusal(
  refusal: ConsentRefused,
  callback: URL,
  provider: Pick<Provider, 'id' | 'errorFamily'>,
): Promise<ConsentRefused> {
  const [error, message] = ['error', 'error_description'].map((name) => callback.searchParams.get(name) ?? '')
  const { mailbox } = refusal
  const found = await explanationOf(seenError({ error, message: message ?? '' }, 'authorize', provider), {
    provider: provider.id,
    ...(mailbox !== undefined && { mailbox }),
  })
  if (!found) return refusal
  return new ConsentRefused(refusal.reason, explainedBy(found, refusal), {
    ...(mailbox !== undefined && { mailbox }),
  })
}

/**
 * Maps a failed code exchange to a refusal. A Failure stays as it is. Any other error is an answer
 * that did not pass the checks (`state`, `iss`, ID token); it becomes the cause.
 */
export function refusalOfExchange(error: unknown, mailbox: Address, providerName: string): Failure {
  if (error instanceof Failure) return error
  return new ConsentRefused(
    'provider-error',
    filled('consent.answer-unchecked', { provider: providerName, cause: error }),
    { mailbox },
  )
}

function named(error: string): string {
  return /^[a-z0-9_]{1,60}$/.test(error) ? error : `"${printable(error, 60)}"`
}
