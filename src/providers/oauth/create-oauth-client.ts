import * as openid from 'openid-client'
import { lazy } from '../../base/async.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import type { RegisteredProvider } from '../provider.ts'
import { provesIdentity } from '../provider.ts'
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
import { type CallbackChecks, type OAuthClient, OAuthError, type TokenAnswer } from './oauth-client.ts'
import { clientAuthentications, comparableCallback, openidConfiguration } from './openid-configuration.ts'
import { createClockDifference, exchangeFailure, withoutSecrets } from './openid-errors.ts'
import {
  askAsServiceAccount,
  authorizationParameters,
  beginDeviceFlow,
  deviceGrant,
  deviceState,
  withUserInfo,
} from './requests.ts'
import { type Flaw, guardedFetches } from './token-answer.ts'
import { checkToken, type TokenCheck } from './token-claims.ts'

export interface OAuthClientDeps {
  provider: RegisteredProvider
  fetch: HttpFetch
  clock?: Pick<Clock, 'now'>
  /** One for all clients: providers may have an issuer in common. */
  discoveries?: Discoveries
}

/** What is asked for, each at its own endpoint or with its own demands. */
type Kind = 'consents' | 'signIns' | 'renewals' | 'revocations' | 'devices' | 'userInfo'

/** openid-client's view of the provider for one of these, and what is known of the provider then. */
interface ConfiguredClient {
  configuration: openid.Configuration
  known: RegisteredProvider
}

/** The OAuth side of one provider, on openid-client. Makes no request before it is asked for a token. */
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

  /** With the next secret where one is refused; errors come without what they hold. */
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

  async function withPersonFound(read: TokenAnswer, body: TokenBody): Promise<TokenAnswer> {
    const claims = body.claims?.()
    if (!claims || !read.identity || read.tokenCheck?.error) return read
    const endpoint = () => ask('userInfo', async (configuration, known) => ({ configuration, known }))
    return { ...read, identity: await withUserInfo(read.identity, claims, read.accessToken, endpoint) }
  }

  const failing = (error: Error) => {
    throw exchangeFailure(provider, error)
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
        const read = toAnswer(known, answer, { withPerson: true })
        // The pages want a signature under who somebody is.
        return checks.purpose === 'sign-in' ? read : withPersonFound(read, answer)
      }).catch(failing),

    refresh: (refreshToken, granted = []) =>
      ask('renewals', async (configuration, known) => {
        const parameters = renewalParameters(known.oauth, granted)
        const answer = await openid.refreshTokenGrant(configuration, refreshToken.reveal(), parameters)
        return toAnswer(known, answer, { withPerson: true })
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
          return withPersonFound(toAnswer(known, answer, { withPerson: true }), answer)
        })
      } catch (error) {
        const state = deviceState(error)
        if (state instanceof Failure) throw state
        return state ?? failing(error as Error)
      }
    },

    appOnlyToken: (flow, mailbox) =>
      ask('renewals', async (configuration, known) => {
        const { serviceAccount } = known.registration
        if (flow === 'service-account' && serviceAccount) {
          const asked = { mailbox, now: clock.now(), fetch }
          const response = await askAsServiceAccount(known, serviceAccount, asked)
          return toAnswer(known, (await response.json()) as TokenBody, { withPerson: false })
        }
        if (flow !== 'client-credentials') throw noSuchFlow(known.name)
        const scope = known.oauth.applicationScopes.join(' ')
        const parameters: Record<string, string> = scope === '' ? {} : { scope }
        const answer = await openid.clientCredentialsGrant(configuration, parameters)
        return toAnswer(known, answer, { withPerson: false })
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
  // Whom a person is compared with is asked for only when there is one: nothing of it stands between a grant and its renewal.
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
        // An ID token that comes with a renewal says nothing new, and one that fails a check would cost the rotated refresh token.
        renewals: configured(known, 'tokens'),
        revocations: configured(known, 'revocations'),
        devices: configured(known, 'devices'),
        userInfo: configured(forUserInfo, 'tokens'),
      }
    },
  )
}

/** Entra gives tokens of any resource that the person has consented to, and which of them it gives unasked is not said. An answer may have named scopes without their
 * resource: those would be of another one. */
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
  return new Failure('configuration', `${name} has no such way to a grant`, {
    fix: 'Choose another: "postern provider show" lists the ways of each provider.',
  })
}

function exchange(
  configuration: openid.Configuration,
  { oauth }: RegisteredProvider,
  callback: URL,
  { redirectUri, state, nonce, codeVerifier }: CallbackChecks,
): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers> {
  const parameters = comparableCallback(callback.searchParams, oauth.issuer)
  if (!URL.canParse(redirectUri)) {
    // "oob", which openid-client takes for no address: there is no callback, so that nothing of one can be checked.
    const code = parameters.get('code') ?? ''
    const verifier = { redirect_uri: redirectUri, code_verifier: codeVerifier.reveal() }
    return openid.genericGrantRequest(configuration, 'authorization_code', { code, ...verifier })
  }
  // openid-client takes the redirect URI from the callback's URL, which behind a proxy may be another one.
  const arrived = new URL(redirectUri)
  arrived.search = parameters.toString()
  return openid.authorizationCodeGrant(configuration, arrived, {
    expectedState: state.reveal(),
    pkceCodeVerifier: codeVerifier.reveal(),
    ...(provesIdentity(oauth) && { expectedNonce: nonce.reveal(), idTokenExpected: true }),
  })
}

type TokenBody = openid.TokenEndpointResponse & Partial<openid.TokenEndpointResponseHelpers>

function toAnswer(
  known: RegisteredProvider,
  answer: TokenBody,
  { withPerson }: { withPerson: boolean },
): TokenAnswer {
  const { oauth } = known
  const { access_token, expires_in, refresh_token, refresh_token_expires_in: life, scope } = answer
  requireOwn(answer, known)
  const claims = answer.claims?.()
  const asked = withPerson ? oauth.scopes : oauth.applicationScopes
  const flaw = answer.flaw as Flaw | undefined
  const tokenCheck: TokenCheck = flaw ? { error: flaw } : checkToken(known, access_token, { withPerson })
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
 * Tries the clients in their order, one for each secret, beginning with the one that worked last, until
 * one is not refused as a client (`invalid_client`, RFC 6749, section 5.2): where two secrets overlap,
 * the end of one costs no sign-in. A client that authenticates wrongly has spent neither code nor
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
