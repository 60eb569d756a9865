import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import type { Address } from '../../base/address.ts'
import type { ServiceAccount } from '../../config/config.ts'
import type { HttpFetch } from '../http/http-fetch.ts'
import type { RegisteredProvider } from '../provider.ts'
import { readTokenAnswer } from './token-answer.ts'

/** Google refuses what lives for more than an hour; it is used at once. */
const assertionSeconds = 600

/**
 * An access token for a mailbox of a domain that was delegated to a service account, by its assertion (RFC 7523, section 2.1, RS256).
 * @param now milliseconds since 1970
 * @returns the answer of the token endpoint, read
 * @throws OAuthError
 */
export async function askAsServiceAccount(
  { oauth }: RegisteredProvider,
  account: ServiceAccount,
  { mailbox, now, fetch }: { mailbox: Address; now: number; fetch: HttpFetch },
): Promise<Response> {
  const audience = oauth.tokenEndpoint ?? ''
  const issuedAt = Math.floor(now / 1000)
  const assertion = await new SignJWT({ scope: oauth.applicationScopes.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: account.keyId })
    .setIssuer(account.email)
    .setSubject(mailbox)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertionSeconds)
    .sign(createPrivateKey(account.key.reveal()))
  const response = await fetch(audience, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
  })
  return readTokenAnswer(response, [assertion], false)
}
