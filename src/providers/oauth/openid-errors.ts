import * as openid from 'openid-client'
import { Failure } from '../../base/failure.ts'
import { HttpError } from '../../net/network-failure.ts'
import type { Provider } from '../provider.ts'
import { IdTokenRefused } from './id-token.ts'
import { judge, OAuthError, safeText } from './oauth-client.ts'

/**
 * An error of openid-client without its causes, which hold whole requests and answers. Trouble at the provider comes out as
 * OAuthError; a callback or an ID token that did not pass the checks as a plain Error that names the check.
 */
export function withoutSecrets(error: unknown): Error {
  if (error instanceof IdTokenRefused) return error
  // What our own fetch throws arrives as the cause of another error, or as it is.
  const cause = error instanceof Error ? error.cause : undefined
  const own = ownError(error) ?? ownError(cause)
  if (own) return own
  if (error instanceof openid.AuthorizationResponseError)
    return new Error(safeText(`The provider answered with ${error.error}`))
  if (!(error instanceof openid.ClientError)) return new OAuthError('the token request failed')
  // The token endpoint's answers were read before: what is left is the set of keys.
  if (keyTrouble.has(error.code ?? '')) return new OAuthError("the provider's signing keys cannot be read")
  return new Error(safeText(cause instanceof Error ? cause.message : error.message))
}

/** Trouble with an answer or an address is trouble at the provider, too. */
function ownError(error: unknown): OAuthError | Failure | undefined {
  if (error instanceof OAuthError || error instanceof Failure) return error
  return error instanceof HttpError ? new OAuthError(error.message, { status: error.status }) : undefined
}

const keyTrouble = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])

/** Why a code could not be exchanged, for the person at the browser; what did not pass the checks stays as it is. */
export function exchangeFailure(provider: Provider, error: Error): Error {
  if (!(error instanceof OAuthError)) return error
  const verdict = judge(error)
  switch (verdict.kind) {
    case 'consent-needed':
      return new Failure('consent-needed', `${provider.name} did not accept the sign-in: ${verdict.reason}`, {
        fix: 'Start again, and finish the sign-in without delay.',
      })
    case 'setup-wrong':
      return verdict.about === 'registration'
        ? registrationRefused(provider, verdict.reason)
        : requestRefused(provider, verdict.reason)
    case 'try-later': {
      const { retryAfterSeconds } = verdict
      return new Failure('provider-unavailable', `${provider.name} cannot answer now: ${verdict.reason}`, {
        fix: 'Start again in a while.',
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      })
    }
  }
}

function registrationRefused({ name }: Provider, reason: string): Failure {
  return new Failure('provider-setup', `${name} refused our registration: ${reason}`, {
    fix: "Check the registration's client id, client secret, redirect URI and scopes at the provider.",
  })
}

function requestRefused({ name }: Provider, reason: string): Failure {
  return new Failure('provider-setup', `${name} refused the sign-in: ${reason}`, {
    fix: "Check the registration's redirect URI and scopes, and what the organisation allows; then start again.",
  })
}

/** What providers forgive, who look at the times in assertions and ID tokens. */
const forgivenMilliseconds = 120_000

/** What the provider's answers say of the clock of this machine (RFC 9110, section 6.6.1). */
interface ClockDifference {
  note(answer: Response): void
  /** The same error, with what is wrong with the clock in front of it, where it may come of that. */
  explain(error: Error): Error
}

export function createClockDifference(clock: { now(): number }): ClockDifference {
  /** How far the clock of this machine is ahead, in milliseconds. */
  let ahead = 0

  return {
    note({ headers }) {
      const date = Date.parse(headers.get('date') ?? '')
      if (!Number.isNaN(date)) ahead = clock.now() - date
    },
    explain(error) {
      if (Math.abs(ahead) < forgivenMilliseconds || !mayBeOfTime(error)) return error
      const words = `the clock of this machine is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} that of the provider: ${error.message}`
      return error instanceof OAuthError ? new OAuthError(words, error) : new Error(words)
    },
  }
}

/** A refusal, or an ID token that is not taken; trouble on the way is told as what it is. */
function mayBeOfTime(error: Error): boolean {
  if (error instanceof OAuthError) return error.status !== undefined && error.status < 500 && error.explained
  return error.constructor === Error
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
