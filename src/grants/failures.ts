import { Failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import type { GivenTo } from '../model/grant.ts'
import { NetworkFailure } from '../net/network-failure.ts'
import { explained, seenError } from '../providers/errors/explained.ts'
import { OAuthError, type TokenVerdict } from '../providers/oauth/oauth-client.ts'

// Failures of the token broker. Mail clients only ever see their codes; what a provider said in
// them is for people.

export function mailboxUnknown(mailbox: Address): Failure {
  return new Failure('not-found', `There is no mailbox ${mailbox}`, {
    fix: `Add it: postern mailbox add ${mailbox} --provider ID`,
  })
}

export function consentNeeded(mailbox: Address, state: 'absent' | 'lapsed'): Failure {
  const message =
    state === 'absent'
      ? `${mailbox} has no consent yet`
      : `The consent for ${mailbox} has lapsed: the provider no longer accepts it`
  return new Failure('consent-needed', message, {
    fix: `Run "postern consent ${mailbox}" and open the link that it prints.`,
  })
}

const settings: Record<keyof GivenTo, string> = {
  clientId: 'the client id',
  tenant: 'the tenant',
  tokenEndpoint: 'the token endpoint',
}

/** Names no mailbox: the same failure goes to all mailboxes with such a grant. */
export function givenToAnother(
  provider: string,
  { what, given, now }: { what: keyof GivenTo; given: string; now: string },
): Failure {
  const [before, after] = [given, now].map((value) => (value === '' ? 'none' : printable(value)))
  return new Failure(
    'provider-setup',
    `${provider} refuses a consent that was given to another registration: ${settings[what]} was ${before} then, and is ${after} in the settings now`,
    {
      fix: 'Set it back and restart; or, if the registration is meant to be another one, consent anew for its mailboxes.',
    },
  )
}

/**
 * What callers are told of a token request that failed. A failure of the registration names no
 * mailbox, because all mailboxes get it.
 */
export async function tokenTrouble(
  verdict: Exclude<TokenVerdict, { kind: 'consent-needed' }>,
  mailbox: Address,
  provider: string,
  error: unknown,
): Promise<Failure> {
  // The provider has not answered: the failure of the connection, or of what is missing here,
  // speaks for itself.
  if (error instanceof Failure) return inItsOwnWords(error)
  const whole = verdict.about === 'registration'
  if (verdict.kind === 'setup-wrong') {
    const failure = whole
      ? registrationRefused(provider, verdict.reason)
      : requestRefused(mailbox, provider, verdict.reason)
    const values = { provider, ...(!whole && { mailbox }) }
    return error instanceof OAuthError ? explained(failure, seenError(error, 'token'), values) : failure
  }
  return providerUnavailable(whole ? 'its mailboxes' : mailbox, provider, verdict.retryAfterSeconds)
}

function providerUnavailable(whom: string, provider: string, retryAfterSeconds: number | undefined): Failure {
  return new Failure('provider-unavailable', `No access token for ${whom} can be had from ${provider} now`, {
    fix: 'Try again later; the log says why.',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

function registrationRefused(provider: string, words: string): Failure {
  const message = `${provider} refuses postern's registration, so there is no access token for any of its mailboxes`
  return new Failure('provider-setup', message, {
    cause: new Error(`The provider said: ${words}`),
    fix: "Check the registration's client id and client secret at the provider; the log says why.",
  })
}

function requestRefused(mailbox: Address, provider: string, words: string): Failure {
  return new Failure('provider-setup', `${provider} refuses what postern asks for ${mailbox}: ${words}`, {
    fix: `Check the registration's scopes, and what the organisation of ${mailbox} allows.`,
  })
}

/** The registration is refused with this mailbox's grant, and works with others. */
export function refusedAlone(mailbox: Address, provider: string): Failure {
  return new Failure(
    'provider-setup',
    `${provider} refuses postern's registration for ${mailbox}, and accepts it for other mailboxes`,
    {
      fix: `Check that the organisation of ${mailbox} still allows the app; the log says why.`,
    },
  )
}

function inItsOwnWords(error: Failure): Failure {
  const { code, message, fix } = error
  // A provider without its registration, or without its entry in the providers file, is a matter of
  // set-up, too.
  const kept = code === 'provider-unavailable' ? code : 'provider-setup'
  const details = fix === undefined ? {} : { fix }
  return error instanceof NetworkFailure
    ? new NetworkFailure(kept, message, details)
    : new Failure(kept, message, details)
}

/** The access token itself says that it cannot send mail. */
export function wrongToken(mailbox: Address, { what, fix }: { what: string; fix: string }): Failure {
  return new Failure('provider-setup', `${what} (for ${mailbox})`, { fix })
}

export function busyElsewhere(mailbox: Address): Failure {
  return new Failure('provider-unavailable', `The grant of ${mailbox} changes faster than it can be used`, {
    fix: 'Check that no other program renews the same grant, and try again.',
  })
}

export function rotationUnstored(mailbox: Address, cause: unknown): Failure {
  return new Failure('store-unavailable', `The renewed grant of ${mailbox} cannot be stored`, {
    cause,
    fix: 'Make room on the disk of the data directory and keep postern running: it tries again.',
  })
}
