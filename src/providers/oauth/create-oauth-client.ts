import * as openid from 'openid-client'
import { lazy } from '../../base/async.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { Failure, type FilledFailure, failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import { explained, seenError } from '../errors/explained.ts'
import type { RegisteredProvider } from '../provider.ts'
import { provesIdentity } from '../registration.ts'
import {
  createDiscoveries,
  type Discoveries,
  discover,
  type Known,
  withKeys,
  withTenantId,
  withUserInfoEndpoint,
} from './discoveries.ts'
import { requireOwnIdToken } from './id-token.ts'
import { identityOf } from './identity.ts'
import { type CallbackChecks, type OAuthClient, OAuthError, type TokenResponse } from './oauth-client.ts'
import {
  clientAuthentications,
  comparableCallback,
  createClockDifference,
  exchangeFailure,
  openidConfiguration,
  withoutSecrets,
} from './openid-configuration.ts'
import {
  askAsServiceAccount,
  authorizationParameters,
  beginDeviceFlow,
  deviceGrant,
  deviceState,
  withUserInfo,
} from './requests.ts'
import { checkToken, type TokenCheck } from './token-claims.ts'
import { guardedFetches } from './token-response.ts'

export interface OAuthClientDeps {
  provider: RegisteredProvider
  fetch: HttpFetch
  clock?: Pick<Clock, 'now'>
  /** Shared by all clients, because providers may have the same issuer. */
  discoveries?: Discoveries
}

/** The kinds of requests, each with its own endpoint or checks. */
type Kind = 'consents' | 'signIns' | 'renewals' | 'revocations' | 'devices' | 'userInfo'

/**
 * The configuration of openid-client for one kind of request, and the provider as it is known then.
 */
interface ConfiguredClient {
  configuration: openid.Configuration
  known: RegisteredProvider
}

/**
 * The OAuth side of one provider, on openid-client. Makes no request before a token is requested.
 */
export function createOAuthClient({
  provider,
  fetch: plainFetch,
  clock = systemClock,
  discoveries = createDiscoveries(systemClock),
}: OAuthClientDeps): OAuthClient {
  const difference = createClockDifference(clock)
  const fetch: HttpFetch = async (url, request) => {
    const answer = await plainFetch(url, request)
    difference.note(answer)
    return answer
  }
  const clients = lazy(() => configureClients({ provider, fetch }, discoveries))
  const trySecrets = createTrySecrets<Record<Kind, () => Promise<ConfiguredClient>>>()

  /**
   * Makes a request, with the next secret if one is refused. Errors are stripped of requests and
   * responses.
   */
  async function ask<T>(
    kind: Kind,
    request: (configuration: openid.Configuration, known: RegisteredProvider) => Promise<T>,
  ): Promise<T> {
    const configured = await clients().catch((error: unknown) => {
      throw withoutSecrets(error)
    })
    return trySecrets(configured, async (client) => {
      try {
        const { configuration, known } = await client[kind]()
        return await request(configuration, known)
      } catch (error) {
        throw difference.explain(withoutSecrets(error))
      }
    })
  }

  async function completeIdentity(read: TokenResponse, body: TokenBody): Promise<TokenResponse> {
    const claims = body.claims?.()
    if (!claims || !read.identity || read.tokenCheck?.error) return read
    const endpoint = () => ask('userInfo', async (configuration, known) => ({ configuration, known }))
    return { ...read, identity: await withUserInfo(read.identity, claims, read.accessToken, endpoint) }
  }

  const failing = async (error: Error) => {
    const failure = exchangeFailure(provider, error)
    if (!(error instanceof OAuthError && failure instanceof Failure)) throw failure
    throw await explained(failure, seenError(error, 'token', provider), { provider: provider.id })
  }

  return {
    authorizationUrl: (request) =>
      ask('consents', async (configuration, { oauth }) =>
        openid.buildAuthorizationUrl(configuration, await authorizationParameters(oauth, request)),
      ).catch(failing),

    exchangeCode: (callback, checks) =>
      ask(checks.purpose === 'sign-in' ? 'signIns' : 'consents', async (configuration, known) => {
        const answer = await exchange(configuration, known, callback, checks)
        const { redirectUri, nonce } = checks
        if (!URL.canParse(redirectUri)) requireOwn(answer, known, nonce.reveal())
        const read = toTokenResponse(known, answer, { appOnly: false })
        // A sign-in to the pages accepts signed claims only.
        return checks.purpose === 'sign-in' ? read : completeIdentity(read, answer)
      }).catch(failing),

    refresh: (refreshToken, granted = [], before = () => {}) =>
      ask('renewals', async (configuration, known) => {
        const parameters = renewalParameters(known.oauth, granted)
        before()
        const answer = await openid.refreshTokenGrant(configuration, refreshToken.reveal(), parameters)
        return toTokenResponse(known, answer, { appOnly: false })
      }),

    beginDevice: () =>
      ask('devices', async (configuration, { oauth, name }) => {
        if (oauth.deviceAuthorizationEndpoint === undefined) throw noSuchFlow(name)
        return beginDeviceFlow(configuration, oauth.scopes)
      }).catch(failing),

    async pollDevice(deviceCode) {
      try {
        return await ask('consents', async (configuration, known) => {
          const parameters = { device_code: deviceCode.reveal() }
          const answer = await openid.genericGrantRequest(configuration, deviceGrant, parameters)
          return completeIdentity(toTokenResponse(known, answer, { appOnly: false }), answer)
        })
      } catch (error) {
        const state = deviceState(error)
        if (state instanceof Failure)
          throw await explained(state, seenError(error as OAuthError, 'device', provider), {
            provider: provider.id,
          })
        return state ?? failing(error as Error)
      }
    },

    appOnlyToken: (flow, mailbox) =>
      ask('renewals', async (configuration, known) => {
        const { serviceAccount } = known.registration
        if (flow === 'service-account' && serviceAccount) {
          const asked = { mailbox, now: clock.now(), fetch }
          const response = await askAsServiceAccount(known, serviceAccount, asked)
          return toTokenResponse(known, (await response.json()) as TokenBody, { appOnly: true })
        }
        if (flow !== 'client-credentials') throw noSuchFlow(known.name)
        const scope = known.oauth.applicationScopes.join(' ')
        const parameters: Record<string, string> = scope === '' ? {} : { scope }
        const answer = await openid.clientCredentialsGrant(configuration, parameters)
        return toTokenResponse(known, answer, { appOnly: true })
      }),

    revoke: (refreshToken) =>
      ask('revocations', async (configuration, { oauth }) => {
        if (oauth.revocationEndpoint === undefined) return 'unsupported'
        const hint = { token_type_hint: 'refresh_token' }
        await openid.tokenRevocation(configuration, refreshToken.reveal(), hint)
        return 'revoked'
      }),
  }
}

async function configureClients(given: Known, discoveries: Discoveries) {
  const plain = await discover(given, discoveries)
  const known = async () => plain
  // The tenant is looked up only for a person: a renewal must not depend on it.
  const forPeople = lazy(() => withTenantId(plain))
  const forPages = lazy(async () => withKeys(await forPeople(), discoveries))
  const forUserInfo = lazy(async () => withUserInfoEndpoint(await forPeople(), discoveries))
  const tokens = provesIdentity(plain.provider.oauth) ? 'tokensWithIdentity' : 'tokens'
  return (await clientAuthentications(plain.provider)).map(
    (authentication): Record<Kind, () => Promise<ConfiguredClient>> => {
      const configured = (find: () => Promise<Known>, answers: keyof ReturnType<typeof guardedFetches>) =>
        lazy(async (): Promise<ConfiguredClient> => {
          const { provider, fetch } = await find()
          const read = guardedFetches(provider, fetch)[answers]
          return { configuration: await openidConfiguration(provider, authentication, read), known: provider }
        })
      return {
        consents: configured(forPeople, tokens),
        signIns: configured(forPages, tokens),
        // A renewal ignores the ID token: it says nothing new, and a failed check would lose the
        // rotated refresh token.
        renewals: configured(known, 'tokens'),
        revocations: configured(known, 'revocations'),
        devices: configured(known, 'devices'),
        userInfo: configured(forUserInfo, 'tokens'),
      }
    },
  )
}

/**
 * Names the granted scopes at Entra, which can issue tokens for any resource that the person has
 * consented to, and does not document its default. Scopes without a resource in the response would
 * belong to another one.
 */
function renewalParameters(
  { identityRules, scopes }: RegisteredProvider['oauth'],
  granted: readonly string[],
): Record<string, string> {
  const whole = granted.filter((scope) => URL.canParse(scope))
  if (identityRules !== 'entra' || whole.length === 0) return {}
  // Without it, no newer refresh token is promised.
  const lasting = scopes.filter((scope) => scope === 'offline_access')
  return { scope: [...new Set([...whole, ...lasting])].join(' ') }
}

function noSuchFlow(name: string): Failure {
  return failure('provider.no-such-flow', { provider: name })
}

function exchange(
  configuration: openid.Configuration,
  { oauth }: RegisteredProvider,
  callback: URL,
  { redirectUri, state, nonce, codeVerifier }: CallbackChecks,
): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers> {
  const parameters = comparableCallback(callback.searchParams, oauth.issuer)
  if (!URL.canParse(redirectUri)) {
    // openid-client does not accept "oob" as an address. There is no callback, so its parameters
    // cannot be checked.
    const code = parameters.get('code') ?? ''
    const verifier = { redirect_uri: redirectUri, code_verifier: codeVerifier.reveal() }
    return openid.genericGrantRequest(configuration, 'authorization_code', { code, ...verifier })
  }
  // openid-client derives the redirect URI from the URL of the callback, which may differ behind a
  // proxy.
  const arrived = new URL(redirectUri)
  arrived.search = parameters.toString()
  return openid.authorizationCodeGrant(configuration, arrived, {
    expectedState: state.reveal(),
    pkceCodeVerifier: codeVerifier.reveal(),
    ...(provesIdentity(oauth) && { expectedNonce: nonce.reveal(), idTokenExpected: true }),
  })
}

type TokenBody = openid.TokenEndpointResponse & Partial<openid.TokenEndpointResponseHelpers>

function toTokenResponse(
  known: RegisteredProvider,
  answer: TokenBody,
  { appOnly }: { appOnly: boolean },
): TokenResponse {
  const { oauth } = known
  const { access_token, expires_in, refresh_token, refresh_token_expires_in: life, scope } = answer
  requireOwn(answer, known)
  const claims = answer.claims?.()
  const asked = appOnly ? oauth.applicationScopes : oauth.scopes
  const flaw = answer.flaw as FilledFailure | undefined
  const tokenCheck: TokenCheck = flaw ? { error: flaw } : checkToken(known, access_token, { appOnly })
  return {
    accessToken: new Secret(access_token),
    expiresInSeconds: expires_in ?? 300,
    ...(refresh_token !== undefined && { refreshToken: new Secret(refresh_token) }),
    ...(typeof life === 'number' && { refreshTokenExpiresInSeconds: life }),
    scopes: scope === undefined ? asked : scope.split(' ').filter((one) => one !== ''),
    ...((tokenCheck.error || tokenCheck.warning !== undefined) && { tokenCheck }),
    ...(claims && { identity: identityOf(claims, known, { signed: oauth.jwksUri !== undefined }) }),
  }
}

function requireOwn(answer: TokenBody, known: RegisteredProvider, nonce?: string): void {
  const claims = answer.claims?.()
  if (claims) requireOwnIdToken(claims, known, nonce)
}

/**
 * Tries the clients in order, one for each secret, beginning with the last that worked, until one
 * is not refused as a client (`invalid_client`, RFC 6749, section 5.2). While two secrets overlap,
 * the expiry of one costs no sign-in. A client that fails to authenticate has used neither code nor
 * refresh token.
 */
export function createTrySecrets<Client>(): <T>(
  clients: readonly Client[],
  attempt: (client: Client) => Promise<T>,
) => Promise<T> {
  let last = 0

  return async (clients, attempt) => {
    const begun = last
    for (let tried = 0; ; tried += 1) {
      const index = (begun + tried) % clients.length
      try {
        const result = await attempt(clients[index] as Client)
        last = index
        return result
      } catch (error) {
        const another = tried + 1 < clients.length
        if (!(another && error instanceof OAuthError && error.error === 'invalid_client')) throw error
      }
    }
  }
}
