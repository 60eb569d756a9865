import * as openid from 'openid-client'
import { Failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { readUrl } from '../../base/text.ts'
import type { DeviceAuthorization } from './oauth-client.ts'
import { OAuthError, safeText } from './oauth-error.ts'

/** RFC 8628, section 3.4. */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Where the answer names none (RFC 8628, section 3.2). */
const usualIntervalSeconds = 5

/** RFC 8628, sections 3.1 and 3.2. */
export async function beginDeviceFlow(
  configuration: openid.Configuration,
  scopes: readonly string[],
): Promise<DeviceAuthorization> {
  const answer = await openid.initiateDeviceAuthorization(configuration, { scope: scopes.join(' ') })
  const { verification_uri_complete: complete } = answer
  return {
    deviceCode: new Secret(answer.device_code),
    userCode: safeText(answer.user_code),
    verificationUri: webAddress(answer.verification_uri),
    ...(complete !== undefined && { verificationUriComplete: webAddress(complete) }),
    expiresInSeconds: answer.expires_in,
    intervalSeconds: Math.max(1, answer.interval ?? usualIntervalSeconds),
  }
}

/** People open it: it is no place for `javascript:`. */
function webAddress(text: string): string {
  const url = readUrl(text)
  if (url && ['https:', 'http:'].includes(url.protocol)) return url.href
  throw new OAuthError('the provider named no address to enter the code at')
}

// RFC 8628, section 3.5, and Entra's own two words.
const ended: ReadonlyMap<string | undefined, string> = new Map([
  ['access_denied', 'The sign-in was declined'],
  ['authorization_declined', 'The sign-in was declined'],
  ['expired_token', 'The code was not entered in time'],
  ['bad_verification_code', 'The code was not entered in time'],
])

/** What a refusal of the question says of the person: not yet, or not at all. Undefined: nothing of that. */
export function deviceState(error: unknown): 'pending' | 'slow-down' | Failure | undefined {
  if (!(error instanceof OAuthError)) return undefined
  if (error.error === 'authorization_pending') return 'pending'
  if (error.error === 'slow_down') return 'slow-down'
  const end = ended.get(error.error)
  return end === undefined ? undefined : new Failure('consent-needed', end, { fix: 'Begin again.' })
}
