import { calculatePKCECodeChallenge } from 'openid-client'
import type { OAuthServer } from '../provider.ts'
import { provesIdentity } from './identity.ts'
import type { AuthorizationRequest } from './oauth-client.ts'

/** What the browser carries to the provider (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
export async function authorizationParameters(
  oauth: OAuthServer,
  request: AuthorizationRequest,
): Promise<Record<string, string>> {
  const { prompt, ...extra } = oauth.authorizationParameters
  // OpenID Connect Core, section 3.1.2.1: a list, separated by spaces.
  const prompts = [prompt, request.selectAccount ? 'select_account' : undefined].filter((one) => one)
  return {
    ...extra,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    scope: oauth.scopes.join(' '),
    redirect_uri: written(request.redirectUri),
    state: request.state.reveal(),
    code_challenge: await calculatePKCECodeChallenge(request.codeVerifier.reveal()),
    code_challenge_method: 'S256',
    login_hint: request.loginHint,
    ...(provesIdentity(oauth) && { nonce: request.nonce.reveal() }),
  }
}

/** As it stands in the token request: a URL in its one spelling, and words like "oob" as they are. */
function written(redirectUri: string): string {
  return URL.canParse(redirectUri) ? new URL(redirectUri).href : redirectUri
}
