import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { freePort } from '../../examples/demo/free-port.js'
import { startMailProvider } from '../../examples/demo/mail-provider.js'
import {
  type Postern,
  posternEnvironment,
  runPostern,
  startPostern,
} from '../../examples/demo/postern-process.js'
import { startRotatingTokenEndpoint } from './rotating-token-endpoint.ts'

const address = 'me@example.com'

interface Wishes {
  on?: string
  env?: Record<string, string>
  /** What postern is started by, where it is not the built program. */
  command?: string[] | undefined
  tokens?: Parameters<typeof startRotatingTokenEndpoint>[0]
}

/**
 * The built postern with a token endpoint that forgives nothing, and one mailbox that adopts its first refresh token.
 * @param on where the data directory is to stand
 */
export async function setRotatingStage({ on, env = {}, command, tokens = {} }: Wishes = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-rotating-'))
  const endpoint = await startRotatingTokenEndpoint(tokens)
  /** What the mail provider does when it sees an access token, before it answers. */
  let onToken: (token: string) => unknown = () => {}
  const mailProvider = await startMailProvider({
    async introspect(token) {
      await onToken(token)
      endpoint.seen(token)
      return { active: token === endpoint.currentAccessToken(), sub: address, scope: mailScope }
    },
  })
  const options = {
    dataDir: join(on ?? folder, 'data'),
    env: {},
    ...(command && { command }),
    ...(await ports()),
  }
  let running: Postern | undefined
  const beside: Postern[] = []
  await useClientId('postern')
  const login = await adoptedMailbox()

  /** From the next start on. */
  async function useClientId(clientId: string): Promise<void> {
    options.env = await settings(clientId)
  }

  async function settings(clientId: string): Promise<Record<string, string>> {
    const { host, port, tls } = mailProvider
    const entry = {
      id: 'strict',
      name: 'Strict Mail',
      authorizationEndpoint: endpoint.url,
      tokenEndpoint: endpoint.url,
      scopes: [mailScope],
      authorizationParameters: {},
      clientId,
      clientSecret: 'the-client-secret',
      smtp: { host, port, tls },
      mechanisms: ['XOAUTH2'],
    }
    const files = { providers: join(folder, 'providers.json'), ca: join(folder, 'ca.pem') }
    await writeFile(files.providers, JSON.stringify({ providers: [entry] }), { mode: 0o600 })
    await writeFile(files.ca, mailProvider.ca)
    return { ...env, POSTERN_PROVIDERS_FILE: files.providers, POSTERN_EXTRA_CA_FILE: files.ca }
  }

  async function run(words: string[], input?: string, more: Record<string, string> = {}) {
    const environment = { ...posternEnvironment(options), ...more }
    const result = await runPostern([...words, '--json'], environment, options.dataDir, input, command)
    return { ...result, json: result.code === 0 ? JSON.parse(result.stdout) : undefined }
  }

  /** Before the first start: the commands open the store themselves. */
  async function adoptedMailbox() {
    await mkdir(options.dataDir, { mode: 0o700 })
    const adopt = ['mailbox', 'add', address, '--provider', 'strict', '--refresh-token-file', '-']
    const adopted = await run(adopt, endpoint.firstRefreshToken)
    const added = await run(['login', 'add', address])
    if (adopted.code !== 0 || added.code !== 0) throw new Error(`${adopted.stderr}${added.stderr}`)
    return { user: String(added.json.login.userName), password: String(added.json.password) }
  }

  return {
    address,
    endpoint,
    login,
    smtpPort: options.smtpPort,
    webPort: options.webPort,
    dataDir: options.dataDir,
    /** For who starts it by hand. */
    environment: () => posternEnvironment(options),
    messages: mailProvider.messages,
    useClientId,
    run,
    onToken(act: (token: string) => unknown) {
      onToken = act
    },
    async start(): Promise<Postern> {
      running = await startPostern(options)
      return running
    },
    /** A further one with the same settings, and a data directory of this name: another host, where they share a database. */
    async startBeside(name: string, own?: Awaited<ReturnType<typeof ports>>): Promise<Postern> {
      const place = { dataDir: join(folder, name), ...(own ?? (await ports())) }
      const postern = await startPostern({ ...place, env: options.env })
      beside.push(postern)
      return postern
    },
    async close() {
      // Those that live now, should the test end early.
      await Promise.all([running, ...beside].map((postern) => postern?.kill()))
      await mailProvider.close()
      await endpoint.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ports() {
  return { smtpPort: await freePort(), webPort: await freePort() }
}
