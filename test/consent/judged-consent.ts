import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Secret } from '../../src/base/secret.ts'
import { validateTokenResponse } from '../../src/consent/validate-token-response.ts'
import type { createHttpFetch } from '../../src/net/http-fetch.ts'
import type { customProvider } from '../../src/providers/custom.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { type ScriptedAnswer, type TokenEndpoint, tokens } from '../providers/token-endpoint.ts'

/** The mailbox that every consent is for. */
export const mailbox = { address: 'boss@example.com', providerId: 'own', createdAt: 0 } as const
export const send = 'https://mail.example.com/send'
export type Flow = 'browser' | 'device'

const keys = await generateKeyPair('RS256')

export interface ConsentStage {
  endpoint: TokenEndpoint
  http: ReturnType<typeof createHttpFetch>
  provider: ReturnType<typeof customProvider>
  flow: Flow
  /** What is answered to all that is asked for after the provider's keys. */
  rest?: readonly ScriptedAnswer[]
}

/** What comes of a consent whose ID token has these claims, signed by a key that the provider publishes. */
export async function judgedConsent(
  { endpoint, http, provider, flow, rest = [] }: ConsentStage,
  claims: object,
) {
  const idToken = await new SignJWT({ sub: 'subject', aud: 'postern', nonce: 'nonce', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(keys.privateKey)
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
  const answer = tokens('access-token', { refresh_token: 'r', id_token: idToken, scope: send })
  endpoint.answer(answer, { json: { keys: [jwk] } }, ...rest)
  const client = createOAuthClient({ provider, fetch: http.fetch })
  const checks = {
    redirectUri: 'http://localhost:8587/oauth/callback',
    state: new Secret('state'),
    nonce: new Secret('nonce'),
    codeVerifier: new Secret('v'.repeat(43)),
  }
  const read =
    flow === 'browser'
      ? await client.exchangeCode(new URL('http://localhost/?code=code&state=state'), checks)
      : await client.pollDevice(new Secret('device-code'))
  if (typeof read === 'string') throw new Error(read)
  return validateTokenResponse(mailbox, provider, read)
}
