import {
  Failure,
  type FailureCode,
  type FailureId,
  failure,
  partsOf,
  type Sentence,
} from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import type { GivenTo } from '../model/grant.ts'
import { NetworkFailure } from '../net/network-failure.ts'
import { explained, seenError } from '../providers/errors/explained.ts'
import { OAuthError, reasonIn, type TokenVerdict } from '../providers/oauth/oauth-client.ts'
import type { Provider } from '../providers/provider.ts'

// Failures of the token broker. Mail clients only ever see their codes; what a provider said in
// them is for people.

export function mailboxUnknown(mailbox: Address): Failure {
  return failure('mailbox.unknown', { mailbox })
}

export function consentNeeded(mailbox: Address, state: 'absent' | 'lapsed'): Failure {
  return failure(`grant.${state}`, { mailbox })
}

const givenToOther = {
  clientId: 'grant.given-to-other-client-id',
  tenant: 'grant.given-to-other-tenant',
  tokenEndpoint: 'grant.given-to-other-token-endpoint',
} as const satisfies Record<keyof GivenTo, FailureId>

/** Names no mailbox: the same failure goes to all mailboxes with such a grant. */
export function givenToAnother(
  provider: string,
  { what, given, now }: { what: keyof GivenTo; given: string; now: string },
): Failure {
  const [before = '', after = ''] = [given, now].map((value) => (value === '' ? 'none' : printable(value)))
  return failure(givenToOther[what], { provider, before, after })
}

/**
 * What callers are told of a token request that failed. A failure of the registration names no
 * mailbox, because all mailboxes get it.
 */
export async function tokenTrouble(
  verdict: Exclude<TokenVerdict, { kind: 'consent-needed' }>,
  mailbox: Address,
  { id: provider, errorFamily }: Pick<Provider, 'id' | 'errorFamily'>,
  error: unknown,
): Promise<Failure> {
  // The provider has not answered: the failure of the connection, or of what is missing here,
  // speaks for itself.
  if (error instanceof Failure) return inItsOwnWords(error)
  const whole = verdict.about === 'registration'
  const refused = troubleOf(verdict, mailbox, provider)
  if (!(error instanceof OAuthError)) return refused
  const seen = seenError(error, 'token', errorFamily && { errorFamily })
  return explained(refused, seen, { provider, ...(!whole && { mailbox }) })
}

function troubleOf(
  verdict: Exclude<TokenVerdict, { kind: 'consent-needed' }>,
  mailbox: Address,
  provider: string,
): Failure {
  const whole = verdict.about === 'registration'
  if (verdict.kind === 'setup-wrong')
    return whole
      ? registrationRefused(provider, verdict.reason)
      : requestRefused(mailbox, provider, reasonIn(verdict))
  const { retryAfterSeconds, reason: said } = verdict
  return whole
    ? failure('token.none-for-mailboxes', { provider, said, retryAfterSeconds })
    : failure('token.none-now', { mailbox, provider, said, retryAfterSeconds })
}

function registrationRefused(provider: string, words: string): Failure {
  return failure('registration.refused', { provider, said: words })
}

function requestRefused(mailbox: Address, provider: string, words: string | Sentence): Failure {
  return failure('registration.request-refused', { provider, mailbox, reason: words })
}

/** The registration is refused with this mailbox's grant, and works with others. */
export function refusedAlone(mailbox: Address, provider: string): Failure {
  return failure('registration.refused-for-one', { provider, mailbox })
}

function inItsOwnWords(error: Failure): Failure {
  // A provider without its registration, or without its entry in the providers file, is a matter of
  // set-up, too.
  const code: FailureCode = error.code === 'provider-unavailable' ? error.code : 'provider-setup'
  const words = { ...partsOf(error), code, cause: undefined }
  return error instanceof NetworkFailure ? new NetworkFailure(words) : new Failure(words)
}

/** The access token itself says that it cannot send mail. */
export function wrongToken(mailbox: Address, reason: Sentence): Failure {
  return failure('token.unusable', { reason, mailbox })
}

export function busyElsewhere(mailbox: Address): Failure {
  return failure('grant.changing', { mailbox })
}

export function rotationUnstored(mailbox: Address, cause: unknown): Failure {
  return failure('grant.unstored', { mailbox, cause })
}
