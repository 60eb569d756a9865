import * as openid from 'openid-client'
import { Failure } from '../base/failure.ts'
import { lazy } from '../base/lazy.ts'
import { Secret } from '../base/secret.ts'
import type { HttpFetch } from './http-fetch.ts'
import { identityOf } from './identity.ts'
import type { AuthorizationRequest, OAuthClient, TokenAnswer } from './oauth-client.ts'
import { comparableCallback, openidConfiguration } from './openid-configuration.ts'
import { exchangeFailure, withoutSecrets } from './openid-errors.ts'
import type { RegisteredProvider } from './provider.ts'
import { readRevocationAnswer, readTokenAnswer } from './token-answer.ts'

export interface OAuthClientNeeds {
  provider: RegisteredProvider
  fetch: HttpFetch
}

/** The OAuth side of one provider, on openid-client. Makes no request before it is asked for a token. */
export function createOAuthClient({ provider, fetch }: OAuthClientNeeds): OAuthClient {
  const { oauth } = provider
  const asksWho = oauth.issuer !== undefined && oauth.scopes.includes('openid')
  const consents = lazy(() => openidConfiguration(provider, guarded(provider, fetch, asksWho)))
  // An ID token that comes with a renewal says nothing new, and one that fails a check would cost the rotated refresh token.
  const renewals = lazy(() => openidConfiguration(provider, guarded(provider, fetch, false)))
  const revocations = lazy(() => openidConfiguration(provider, revoking(provider, fetch)))

  return {
    async authorizationUrl(request) {
      const parameters = await authorizationParameters(provider, request, asksWho)
      return openid.buildAuthorizationUrl(await consents(), parameters)
    },

    async exchangeCode(callback, { redirectUri, state, nonce, codeVerifier }) {
      // openid-client takes the redirect URI from the callback's URL, which behind a proxy may be another one.
      const arrived = new URL(redirectUri)
      arrived.search = comparableCallback(callback.searchParams, oauth.issuer).toString()
      const checks: openid.AuthorizationCodeGrantChecks = {
        expectedState: state.reveal(),
        pkceCodeVerifier: codeVerifier.reveal(),
        ...(asksWho && { expectedNonce: nonce.reveal(), idTokenExpected: true }),
      }
      try {
        return toAnswer(provider, await openid.authorizationCodeGrant(await consents(), arrived, checks))
      } catch (error) {
        throw exchangeFailure(provider, withoutSecrets(error))
      }
    },

    async refresh(refreshToken) {
      try {
        return toAnswer(provider, await openid.refreshTokenGrant(await renewals(), refreshToken.reveal()))
      } catch (error) {
        throw withoutSecrets(error)
      }
    },

    beginDevice: () => Promise.reject(noSuchFlow(provider)),
    pollDevice: () => Promise.reject(noSuchFlow(provider)),

    async withoutPerson(flow) {
      if (flow !== 'client-credentials') throw noSuchFlow(provider)
      const scope = oauth.applicationScopes.join(' ')
      const parameters: Record<string, string> = scope === '' ? {} : { scope }
      try {
        return toAnswer(
          provider,
          await openid.clientCredentialsGrant(await renewals(), parameters),
          oauth.applicationScopes,
        )
      } catch (error) {
        throw withoutSecrets(error)
      }
    },

    async revoke(refreshToken) {
      if (oauth.revocationEndpoint === undefined) return 'unsupported'
      const hint = { token_type_hint: 'refresh_token' }
      try {
        await openid.tokenRevocation(await revocations(), refreshToken.reveal(), hint)
        return 'revoked'
      } catch (error) {
        throw withoutSecrets(error)
      }
    },
  }
}

function noSuchFlow({ name }: RegisteredProvider): Failure {
  return new Failure('configuration', `${name} has no such way to a grant`)
}

async function authorizationParameters(
  { oauth }: RegisteredProvider,
  request: AuthorizationRequest,
  asksWho: boolean,
): Promise<Record<string, string>> {
  const { prompt, ...extra } = oauth.authorizationParameters
  // OpenID Connect Core, section 3.1.2.1: a list, separated by spaces.
  const prompts = [prompt, request.selectAccount ? 'select_account' : undefined].filter((one) => one)
  return {
    ...extra,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    scope: oauth.scopes.join(' '),
    redirect_uri: new URL(request.redirectUri).href,
    state: request.state.reveal(),
    code_challenge: await openid.calculatePKCECodeChallenge(request.codeVerifier.reveal()),
    code_challenge_method: 'S256',
    login_hint: request.loginHint,
    ...(asksWho && { nonce: request.nonce.reveal() }),
  }
}

/** A fetch whose token answers have been read and cleaned before openid-client sees them. It posts to no other endpoint. */
function guarded(provider: RegisteredProvider, fetch: HttpFetch, keepIdToken: boolean): openid.CustomFetch {
  return async (url, request) => {
    const response = await fetch(url, request)
    if (request.method !== 'POST') return response
    return readTokenAnswer(response, secretsIn(request, provider), keepIdToken)
  }
}

/** The same for revocations, whose good answers say nothing. */
function revoking(provider: RegisteredProvider, fetch: HttpFetch): openid.CustomFetch {
  return async (url, request) => readRevocationAnswer(await fetch(url, request), secretsIn(request, provider))
}

function secretsIn(request: openid.CustomFetchOptions, { registration }: RegisteredProvider): string[] {
  const form = new URLSearchParams(String(request.body))
  const names = ['refresh_token', 'token', 'code', 'code_verifier', 'client_secret']
  const basic = request.headers.authorization?.replace(/^Basic /, '')
  const clientSecrets = registration.clientSecrets.map(({ value }) => value.reveal())
  return [...names.map((name) => form.get(name)), ...clientSecrets, basic].filter(
    (secret) => typeof secret === 'string',
  )
}

type TokenEndpointAnswer = openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers

function toAnswer(
  { oauth }: RegisteredProvider,
  answer: TokenEndpointAnswer,
  asked = oauth.scopes,
): TokenAnswer {
  const claims = answer.claims()
  return {
    accessToken: new Secret(answer.access_token),
    expiresInSeconds: answer.expires_in ?? 300,
    ...(answer.refresh_token !== undefined && { refreshToken: new Secret(answer.refresh_token) }),
    scopes: answer.scope === undefined ? asked : answer.scope.split(' ').filter((scope) => scope !== ''),
    ...(claims && { identity: identityOf(claims, oauth.identityClaims) }),
  }
}
