import * as openid from 'openid-client'
import { Failure } from '../../base/failure.ts'
import { HttpError } from '../../net/network-failure.ts'
import type { Provider } from '../provider.ts'
import { IdTokenRefused } from './id-token.ts'
import { judge, OAuthError, safeText } from './oauth-client.ts'

/**
 * Strips an error of openid-client of its causes, which contain whole requests and responses. An
 * error at the provider becomes an OAuthError; a callback or ID token that fails a check becomes a
 * plain Error that names the check.
 */
export function withoutSecrets(error: unknown): Error {
  if (error instanceof IdTokenRefused) return error
  // Errors of our fetch arrive as the cause of another error, or directly.
  const cause = error instanceof Error ? error.cause : undefined
  const own = ownError(error) ?? ownError(cause)
  if (own) return own
  if (error instanceof openid.AuthorizationResponseError)
    return new Error(safeText(`The provider answered with ${error.error}`))
  if (!(error instanceof openid.ClientError)) return new OAuthError('the token request failed')
  // Responses of the token endpoint were parsed before, so this is about the key set.
  if (keyTrouble.has(error.code ?? '')) return new OAuthError("the provider's signing keys cannot be read")
  return new Error(safeText(cause instanceof Error ? cause.message : error.message))
}

/** An unusable response or address is an error at the provider as well. */
function ownError(error: unknown): OAuthError | Failure | undefined {
  if (error instanceof OAuthError || error instanceof Failure) return error
  return error instanceof HttpError ? new OAuthError(error.message, { status: error.status }) : undefined
}

const keyTrouble = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])

/**
 * Explains to the person at the browser why a code could not be exchanged. Errors of failed checks
 * are kept.
 */
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

/** The difference that providers accept in the times of assertions and ID tokens. */
const forgivenMilliseconds = 120_000

/**
 * Compares the clock of this machine with the Date of the provider's responses (RFC 9110, section
 * 6.6.1).
 */
interface ClockDifference {
  note(answer: Response): void
  /** Returns the error, with the clock difference in front if that may be its cause. */
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

/** A refusal, or an ID token that fails a check. Other failures do not depend on the clock. */
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
