import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { createAdministrator } from './administrator.js'
import { startBroker } from './broker-process.js'
import { withoutPassword } from './make-session.js'
import { startRecordingProvider } from './recording-provider.js'
import { createSecretWatch } from './secret-watch.js'
import { startTokenEndpoint } from './token-endpoint.js'

/** The providers, each with one mailbox and one login of its name: `chunk` is chunk@example.com. */
/** @satisfies {Record<string, import('./recording-provider.js').ProviderOptions>} */
export const providers = {
  chunk: { tls: 'starttls', chunking: true, pipelining: true, ends: 'strict' },
  data: { tls: 'implicit', chunking: false, pipelining: true, ends: 'strict' },
  'one-by-one': { tls: 'starttls', chunking: false, pipelining: false, ends: 'anything' },
  digest: { tls: 'implicit', chunking: true, pipelining: true, ends: 'anything' },
  /** For clients that do not sign in; all of them come from one address. */
  open: { tls: 'implicit', chunking: true, pipelining: true, ends: 'anything' },
  /** Its login has its line ends mended. */
  mended: { tls: 'implicit', chunking: true, pipelining: true, ends: 'anything' },
  /** Refuses every sign-in. */
  down: { tls: 'implicit', chunking: false, pipelining: true, ends: 'strict' },
}

/**
 * postern between clients and recording providers, with throw-away data. Limits that would only turn the fuzzer away are wide,
 * times are short.
 *
 * @typedef {Awaited<ReturnType<typeof setStage>>} Stage
 *
 * @param {{ onMessage(message: import('./recording-provider.js').Kept): void, onFault(fault: string): void }} watcher
 */
export async function setStage({ onMessage, onFault }) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-fuzz-'))
  const mark = `fuzz${randomBytes(12).toString('hex')}`
  const names = Object.keys(providers)
  const tokens = await startTokenEndpoint(mark, names.map(addressOf))
  const certificate = await makeCertificate()
  const started = {}
  for (const [name, options] of Object.entries(providers)) {
    const accepts = (user, token) =>
      name !== 'down' && user === addressOf(name) && tokens.accepts(user, token)
    started[name] = await startRecordingProvider(options, { certificate, accepts, onMessage, onFault })
  }
  const environment = await writeSettings(folder, certificate, started, tokens.port)
  // What is said before the secrets are known is looked at as soon as they are.
  let early = ''
  let look = (/** @type {string} */ text) => {
    early += text
  }
  const broker = await startBroker(environment, (text) => look(text))
  const ownerKey = (await readFile(join(folder, 'data', 'owner.key'), 'utf8')).trim()
  const logins = await makeLogins(createAdministrator({ port: broker.webPort, ownerKey }), tokens)
  const watch = createSecretWatch({ ...secretsOf(logins), 'owner key': ownerKey, 'a token': mark })
  look = watchLog(watch, onFault)
  look(early)

  return {
    port: broker.smtpPort,
    ca: environment.POSTERN_TLS_CERT_FILE ? certificate.cert : undefined,
    logins,
    watch,
    broker,
    tokensIssued: tokens.issued,
    async close() {
      const how = await broker.stop()
      for (const provider of Object.values(started)) provider.close()
      tokens.close()
      await rm(folder, { recursive: true })
      if (how !== 'postern ended with 0') onFault(`${how} after it was told to stop`)
    },
  }
}

/** @param {string} name */
function addressOf(name) {
  return `${name}@example.com`
}

async function makeCertificate() {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    // Many handshakes: this key makes them cheap.
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  return { key: made.private, cert: made.cert }
}

async function writeSettings(folder, certificate, started, tokenPort) {
  const files = {
    providers: join(folder, 'providers.json'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  }
  const entries = Object.entries(started).map(([name, { port }]) => ({
    id: name,
    name,
    authorizationEndpoint: `http://127.0.0.1:${tokenPort}/authorize`,
    tokenEndpoint: `http://127.0.0.1:${tokenPort}/token`,
    scopes: ['mail'],
    authorizationParameters: {},
    clientId: 'fuzz',
    smtp: { host: 'localhost', port, tls: providers[name].tls },
    mechanisms: ['XOAUTH2'],
    limits: { connections: 20, messagesPerConnection: 100 },
    refreshMargin: 5,
  }))
  await writeFile(files.providers, JSON.stringify({ providers: entries }), { mode: 0o600 })
  await writeFile(files.cert, certificate.cert)
  await writeFile(files.key, certificate.key, { mode: 0o600 })
  return {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_PROVIDERS_FILE: files.providers,
    POSTERN_EXTRA_CA_FILE: files.cert,
    POSTERN_TLS_CERT_FILE: files.cert,
    POSTERN_TLS_KEY_FILE: files.key,
    POSTERN_LOG_LEVEL: 'debug',
    POSTERN_STRANGERS_ON_LOOPBACK: '1000',
    POSTERN_UNAUTHENTICATED_PER_SOURCE: '1000',
    POSTERN_GUESSES_PER_SOURCE: '1000000',
    POSTERN_GUESSES_PER_NAME: '1000000',
    POSTERN_GUESSES_IN_ALL: '1000000',
    POSTERN_GREETING_WAIT_MILLISECONDS: '20',
    POSTERN_SIGN_IN_SECONDS: '4',
    POSTERN_IDLE_SECONDS: '3',
    POSTERN_DRAIN_SECONDS: '3',
    POSTERN_UPSTREAM_REPLY_SECONDS: '3',
    POSTERN_UPSTREAM_DATA_START_SECONDS: '3',
    POSTERN_UPSTREAM_AFTER_DOT_SECONDS: '3',
    POSTERN_UPSTREAM_IDLE_SECONDS: '1',
    POSTERN_SHUTDOWN_SECONDS: '3',
  }
}

/**
 * @param {ReturnType<typeof createAdministrator>} administrator
 * @param {{ refreshTokenOf(mailbox: string): string }} tokens
 */
async function makeLogins(administrator, tokens) {
  /** @type {Map<string, import('./credentials.js').Login>} */
  const logins = new Map()
  for (const name of Object.keys(providers)) {
    const user = addressOf(name)
    await administrator.addMailbox(user, name, tokens.refreshTokenOf(user))
    const password = await administrator.addLogin(user, wishes[name] ?? {})
    const apiKey = await administrator.addApiKey(`send:${user}`)
    logins.set(name, { user, password: password ?? '', apiKey })
  }
  return logins
}

/** @type {Record<string, object>} */
const wishes = {
  digest: { cramMd5: true, networks: ['127.0.0.0/8'] },
  mended: { mendLineEnds: true },
  open: { withoutPassword: true, networks: [`${withoutPassword}/32`] },
}

/** @param {ReadonlyMap<string, import('./credentials.js').Login>} logins */
function secretsOf(logins) {
  const named = [...logins].flatMap(([name, { password, apiKey }]) => [
    [`password of ${name}`, password],
    [`API key of ${name}`, apiKey],
  ])
  return Object.fromEntries(named.filter(([, value]) => value !== ''))
}

/** @param {ReturnType<typeof createSecretWatch>} watch @param {(fault: string) => void} onFault */
function watchLog(watch, onFault) {
  let held = ''
  return (/** @type {string} */ text) => {
    const lines = (held + text).split('\n')
    held = lines.pop() ?? ''
    for (const line of lines) {
      for (const name of watch.find(line)) onFault(`the log shows a secret, ${name}: ${line}`)
      if (/^\{"level":"(?:error|fatal)"|unhandled|uncaught/i.test(line))
        onFault(`the log reports a fault: ${line}`)
    }
  }
}
