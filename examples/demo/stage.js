import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailScope, startAuthorizationServer } from './authorization-server.js'
import { freePort } from './free-port.js'
import { introspectionAt, startMailProvider } from './mail-provider.js'
import { startPostern } from './postern-process.js'

/**
 * Everything that a message passes, on loopback, with throw-away data: authorization server, mail provider, and postern between the
 * legacy software and them.
 *
 * @typedef {object} Options
 * @property {number} [smtpPort] wished; another one is taken when it is in use
 * @property {number} [webPort] likewise
 * @property {number} [accessTokenSeconds]
 * @property {'starttls' | 'implicit'} [tls] of the mail provider
 * @property {(request: import('./authorization-server.js').TokenRequest) => void} [onTokenRequest]
 * @property {(message: import('./mail-provider.js').Received) => void} [onMessage]
 * @property {import('oidc-provider').ClientMetadata[]} [apps] further clients of the authorization server
 * @property {(authority: import('./authorization-server.js').AuthorizationServer, submission: Submission) => object[]} [moreProviders] further entries of the providers file
 * @property {Record<string, string>} [env] more settings for postern
 * @property {string[]} [command] what postern is started by, where it is not the built program
 *
 * @typedef {{ host: string, port: number, tls: 'starttls' | 'implicit', ca: string, close(): Promise<void> }} Submission
 * @typedef {Awaited<ReturnType<typeof setStage>>} Stage
 *
 * @param {Options} [options]
 */
export function setStage(options = {}) {
  return setStageWith(
    (authority) => startMailProvider({ ...options, introspect: introspectionAt(authority) }),
    options,
  )
}

/**
 * The same with another mail provider.
 * @template {Submission} Provider
 * @param {(authority: import('./authorization-server.js').AuthorizationServer) => Promise<Provider>} openMailProvider
 * @param {Options} [options]
 */
export async function setStageWith(openMailProvider, options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-demo-'))
  /** @type {(() => unknown)[]} */
  const closing = [() => rm(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const smtpPort = await freePort(options.smtpPort)
    const webPort = await freePort(options.webPort)
    const redirectUris = [`http://localhost:${webPort}/oauth/callback`]
    const authority = await startAuthorizationServer({ ...options, redirectUris })
    closing.push(authority.close)
    const mailProvider = await openMailProvider(authority)
    closing.push(mailProvider.close)

    const env = { ...(await writeSettings(folder, authority, mailProvider, options)), ...options.env }
    const process = {
      dataDir: join(folder, 'data'),
      smtpPort,
      webPort,
      env,
      ...(options.command && { command: options.command }),
    }
    await mkdir(process.dataDir, { mode: 0o700 })
    const stage = { folder, process, authority, mailProvider, postern: await startPostern(process), close }
    // The one that runs at the end, should a test have started it again.
    closing.push(() => stage.postern.stop())
    return stage
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The files that make postern know the two, and the settings that name them.
 * @param {string} folder
 * @param {import('./authorization-server.js').AuthorizationServer} authority
 * @param {Submission} mailProvider
 * @param {Pick<Options, 'moreProviders'>} options
 */
export async function writeSettings(folder, authority, mailProvider, { moreProviders = () => [] }) {
  const files = { providers: join(folder, 'providers.json'), ca: join(folder, 'ca.pem') }
  const more = moreProviders(authority, mailProvider)
  const providers = { providers: [providerEntry(authority, mailProvider), ...more] }
  await writeFile(files.providers, JSON.stringify(providers, undefined, 2), { mode: 0o600 })
  await writeFile(files.ca, mailProvider.ca)
  return { POSTERN_PROVIDERS_FILE: files.providers, POSTERN_EXTRA_CA_FILE: files.ca }
}

/**
 * An entry of `POSTERN_PROVIDERS_FILE`.
 * @param {import('./authorization-server.js').AuthorizationServer} authority
 * @param {Pick<Submission, 'host' | 'port' | 'tls'>} submission
 */
export function providerEntry(authority, { host, port, tls }) {
  return {
    id: 'example',
    name: 'Example Mail',
    issuer: authority.issuer,
    authorizationEndpoint: authority.endpoints.authorization,
    tokenEndpoint: authority.endpoints.token,
    revocationEndpoint: authority.endpoints.revocation,
    scopes: ['openid', 'email', 'offline_access', mailScope],
    // OpenID Connect Core, section 11: offline access is granted only where the consent is asked for.
    authorizationParameters: { prompt: 'consent' },
    clientId: authority.clients.postern.id,
    clientSecret: authority.clients.postern.secret,
    smtp: { host, port, tls },
    mechanisms: ['XOAUTH2', 'OAUTHBEARER'],
  }
}
