import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { interactionPages } from './interaction-pages.js'

/** The scope without which the demo's mail provider takes no mail. */
export const mailScope = 'https://mail.example/SMTP.Send'

/**
 * An OAuth and OpenID provider on loopback: login and consent pages of its own, PKCE (RFC 7636) demanded, refresh tokens that rotate
 * with every use (a second use revokes the whole family), `iss` in the callback (RFC 9207), the device flow (RFC 8628), revocation (RFC 7009) and introspection (RFC 7662).
 * Everything lives in memory.
 *
 * @typedef {object} Options
 * @property {number} [port] 0 (default): a free one
 * @property {string[]} redirectUris of the client `postern`
 * @property {number} [accessTokenSeconds] life of an access token, 3600 by default
 * @property {import('oidc-provider').ClientMetadata[]} [apps] further clients
 * @property {(request: TokenRequest) => void} [onTokenRequest] called after each answer of the token endpoint
 *
 * @typedef {object} TokenRequest
 * @property {string} grantType
 * @property {number} status of the HTTP answer
 * @property {Record<string, unknown>} parameters as sent; holds secrets
 * @property {Record<string, unknown>} answer the JSON body; holds secrets
 *
 * @typedef {{ id: string, secret: string }} Client
 * @typedef {Awaited<ReturnType<typeof startAuthorizationServer>>} AuthorizationServer
 *
 * @param {Options} options
 */
export async function startAuthorizationServer(options) {
  const server = createServer()
  await listen(server, options.port ?? 0)
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const issuer = `http://127.0.0.1:${port}`
  const clients = { postern: newClient('postern'), mailProvider: newClient('mail-provider') }
  const life = { accessTokenSeconds: options.accessTokenSeconds ?? 3600 }
  const provider = await withoutExpectedWarnings(async () => {
    const { Provider } = await import('oidc-provider')
    return new Provider(issuer, configuration(clients, options, life))
  })
  const grants = rememberGrants(provider)

  provider.use(reportTokenRequests(options.onTokenRequest ?? (() => {})))
  provider.use(interactionPages(provider, scopeTexts))
  provider.on('server_error', (_ctx, error) => console.error('authorization server:', error))
  server.on('request', provider.callback())

  return {
    issuer,
    /** Endpoints as a providers file names them. */
    endpoints: {
      authorization: `${issuer}/auth`,
      token: `${issuer}/token`,
      revocation: `${issuer}/token/revocation`,
      introspection: `${issuer}/token/introspection`,
      jwks: `${issuer}/jwks`,
      device: `${issuer}/device/auth`,
    },
    clients,
    /** From now on. @param {number} seconds */
    setAccessTokenSeconds(seconds) {
      life.accessTokenSeconds = seconds
    },
    /** What happens when a person withdraws a consent: every token of that account is dead. @param {string} account */
    async revokeGrantsOf(account) {
      for (const id of grants.get(account) ?? []) await revoke(provider, id)
      grants.delete(account)
    },
    close: () => close(server),
  }
}

/** RFC 8628, section 3.4. */
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** @type {Record<string, string>} */
const scopeTexts = {
  openid: 'know who you are',
  email: 'know your mail address',
  offline_access: 'do so while you are away',
  [mailScope]: 'send mail as you',
}

/**
 * @param {Record<'postern' | 'mailProvider', Client>} clients
 * @param {Pick<Options, 'redirectUris' | 'apps'>} options
 * @param {{ accessTokenSeconds: number }} life
 * @returns {import('oidc-provider').Configuration}
 */
function configuration(clients, { redirectUris, apps = [] }, life) {
  const day = 86_400
  return {
    clients: [
      {
        client_id: clients.postern.id,
        client_secret: clients.postern.secret,
        redirect_uris: redirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token', deviceGrant],
      },
      {
        client_id: clients.mailProvider.id,
        client_secret: clients.mailProvider.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
      ...apps,
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'offline_access', 'email', mailScope],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    // The identity belongs into the ID token: postern asks no userinfo endpoint.
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true }),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: () => life.accessTokenSeconds,
      RefreshToken: 14 * day,
      AuthorizationCode: 60,
      Grant: 14 * day,
      Session: day,
      Interaction: 600,
      IdToken: 300,
      ClientCredentials: 300,
      DeviceCode: 600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
  }
}

/**
 * oidc-provider warns that it does not support Node 20, where every flow that is used here works, and that it keeps
 * everything in memory, which is what a demo wants.
 * @template T
 * @param {() => Promise<T>} load
 */
async function withoutExpectedWarnings(load) {
  const { warn } = console
  console.warn = (...words) => {
    if (!/Unsupported runtime|in-memory adapter/.test(String(words[0]))) warn(...words)
  }
  try {
    return await load()
  } finally {
    console.warn = warn
  }
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'demo' }
}

/** @param {string} id @returns {Client} */
function newClient(id) {
  return { id, secret: randomBytes(24).toString('base64url') }
}

/** Which grants an account has given, so that they can be taken back. @param {import('oidc-provider').Provider} provider */
function rememberGrants(provider) {
  /** @type {Map<string, Set<string>>} */
  const grants = new Map()
  provider.on('refresh_token.saved', ({ accountId, grantId }) => {
    if (accountId && grantId) grants.set(accountId, (grants.get(accountId) ?? new Set()).add(grantId))
  })
  return grants
}

/** @param {import('oidc-provider').Provider} provider @param {string} grantId */
async function revoke(provider, grantId) {
  await provider.RefreshToken.revokeByGrantId(grantId)
  await provider.AccessToken.revokeByGrantId(grantId)
  await (await provider.Grant.find(grantId))?.destroy()
}

/**
 * @param {(request: TokenRequest) => void} report
 * @returns {(ctx: import('oidc-provider').KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>}
 */
function reportTokenRequests(report) {
  return async (ctx, next) => {
    await next()
    if (ctx.method !== 'POST' || ctx.path !== '/token') return
    const parameters = ctx.oidc?.params ?? {}
    const answer = /** @type {Record<string, unknown>} */ (ctx.body ?? {})
    report({ grantType: String(parameters.grant_type), status: ctx.status, parameters, answer })
  }
}

/** @param {import('node:http').Server} server @param {number} port @returns {Promise<void>} */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
}

/** @param {import('node:http').Server} server @returns {Promise<void>} */
function close(server) {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
