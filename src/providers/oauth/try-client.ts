import { Failure, type Sentence } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { text } from '../../failures/texts.ts'
import { NetworkFailure } from '../../net/network-failure.ts'
import { type Explained, explanationOf, seenError } from '../errors/explained.ts'
import type { RegisteredProvider } from '../provider.ts'
import { isOneTenant } from '../registration.ts'
import { judge, type OAuthClient, OAuthError, reasonIn } from './oauth-client.ts'

/**
 * How a provider answers a client without any consent. `why` is safe to show; by its id where the
 * words are not the provider's.
 */
export type ClientTrial =
  | { outcome: 'accepted' }
  /** The client id is known; the secret or certificate is tested only with the first consent. */
  | { outcome: 'id-accepted' }
  | { outcome: 'refused'; why: Why; explained?: Explained }
  /** `failure`: where the provider itself was not reached. */
  | { outcome: 'unreachable'; why: Why; failure?: Failure }
  /** The response says nothing about the client. */
  | { outcome: 'unclear'; why: Why }
  /** No request was made. */
  | { outcome: 'not-asked'; why: Why }

type Why = string | Sentence

// A refresh token that was never issued: the provider checks the client first (RFC 6749, section
// 5.2: `invalid_client` or `invalid_grant`).
const madeUp = new Secret('postern-asks-whether-this-client-is-known')

/**
 * Asks the token endpoint whether it accepts our client, without a person or a grant. Never throws.
 */
export async function tryClient(
  client: Pick<OAuthClient, 'refresh' | 'beginDevice' | 'appOnlyToken'>,
  provider: RegisteredProvider,
): Promise<ClientTrial> {
  const { flows, oauth } = provider
  if (flows.includes('service-account')) return { outcome: 'not-asked', why: text('check.service-account') }
  try {
    if (canSignInAlone(provider)) {
      await client.appOnlyToken('client-credentials', 'nobody@example.com')
      return { outcome: 'accepted' }
    }
    // Entra checks the token before the client.
    if (oauth.tokenClaims && flows.includes('device')) {
      await client.beginDevice()
      return provider.registration.clientSecrets.length === 0 && !provider.registration.certificate
        ? { outcome: 'accepted' }
        : { outcome: 'id-accepted' }
    }
    await client.refresh(madeUp)
    return { outcome: 'unclear', why: text('check.took-anything') }
  } catch (error) {
    return explainedTrial(trialOf(error), error, provider)
  }
}

/** At Entra, as an app of one organisation. */
function canSignInAlone({ flows, registration }: RegisteredProvider): boolean {
  const { clientSecrets, certificate, tenant = 'common' } = registration
  if (!flows.includes('client-credentials') || (clientSecrets.length === 0 && !certificate)) return false
  return isOneTenant(tenant)
}

async function explainedTrial(
  trial: ClientTrial,
  error: unknown,
  provider: RegisteredProvider,
): Promise<ClientTrial> {
  if (trial.outcome !== 'refused' || !(error instanceof OAuthError)) return trial
  const found = await explanationOf(seenError(error, 'token', provider), { provider: provider.id })
  if (found?.meaning === undefined) return trial
  return { ...trial, explained: found }
}

function trialOf(error: unknown): ClientTrial {
  // The provider itself was not reached.
  if (error instanceof NetworkFailure) return { outcome: 'unreachable', why: error, failure: error }
  if (error instanceof Failure) return failed(error)
  const verdict = judge(error)
  const why = reasonIn(verdict)
  if (verdict.kind === 'consent-needed') return { outcome: 'accepted' }
  if (verdict.kind === 'try-later') return { outcome: 'unreachable', why }
  return { outcome: verdict.about === 'registration' ? 'refused' : 'unclear', why }
}

/** A failure of the device authorization request. */
function failed(why: Failure): ClientTrial {
  const { code } = why
  if (code === 'provider-setup') return { outcome: 'refused', why }
  if (code === 'provider-unavailable') return { outcome: 'unreachable', why }
  return { outcome: code === 'consent-needed' ? 'unclear' : 'not-asked', why }
}
