import { calculatePKCECodeChallenge } from 'openid-client'
import type { OAuthServer } from '../provider.ts'
import { provesIdentity } from './identity.ts'
import type { AuthorizationRequest } from './oauth-client.ts'

/** What the browser carries to the provider (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
export async function authorizationParameters(
  oauth: OAuthServer,
  request: AuthorizationRequest,
): Promise<Record<string, string>> {
  const forSignIn = request.purpose === 'sign-in'
  const { prompt, ...extra } = forSignIn ? { prompt: undefined } : oauth.authorizationParameters
  // Whoever is signed in there for mail may be somebody else here.
  const otherAccount = forSignIn || request.selectAccount ? accountPrompt(oauth) : undefined
  // OpenID Connect Core, section 3.1.2.1: a list, separated by spaces.
  const prompts = [prompt, otherAccount].filter((one) => one !== undefined)
  return {
    ...extra,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    scope: forSignIn ? 'openid email profile' : oauth.scopes.join(' '),
    redirect_uri: written(request.redirectUri),
    state: request.state.reveal(),
    code_challenge: await calculatePKCECodeChallenge(request.codeVerifier.reveal()),
    code_challenge_method: 'S256',
    ...(request.loginHint !== undefined && { login_hint: request.loginHint }),
    ...(provesIdentity(oauth) && { nonce: request.nonce.reveal() }),
  }
}

/** As it stands in the token request: a URL in its one spelling, and words like "oob" as they are. */
function written(redirectUri: string): string {
  return URL.canParse(redirectUri) ? new URL(redirectUri).href : redirectUri
}

function accountPrompt({ offersAccounts }: OAuthServer): string {
  return offersAccounts ? 'select_account' : 'login'
}
