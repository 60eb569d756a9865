import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { freePort } from '../../examples/demo/free-port.js'
import { type MailProvider, startMailProvider } from '../../examples/demo/mail-provider.js'
import {
  type Postern,
  posternEnvironment,
  runPostern,
  startPostern,
} from '../../examples/demo/postern-process.js'
import { type RotatingTokenEndpoint, startRotatingTokenEndpoint } from '../support/rotating-token-endpoint.ts'
import { signIn } from '../support/smtp-client.ts'

const kills = 20
const address = 'me@example.com'

let folder: string
let endpoint: RotatingTokenEndpoint
let mailProvider: MailProvider
/** What the mail provider does when it sees an access token, before it answers. */
let onToken: (token: string) => unknown = () => {}
/** The one that lives now, should the test end early. */
let running: Postern | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-kill-'))
  endpoint = await startRotatingTokenEndpoint()
  mailProvider = await startMailProvider({
    async introspect(token) {
      await onToken(token)
      return { active: token === endpoint.currentAccessToken(), sub: address, scope: mailScope }
    },
  })
})
afterAll(async () => {
  await running?.kill()
  await mailProvider?.close()
  await endpoint?.close()
  await rm(folder, { recursive: true, force: true })
})

it('has the rotated refresh token in use after each of twenty kills at the moment when the new access token is first used', {
  timeout: 120_000,
}, async () => {
  const options = { dataDir: join(folder, 'data'), env: await settings(), ...(await ports()) }
  const login = await adoptedMailbox(options)

  for (let kill = 1; kill <= kills; kill++) {
    const postern = await startPostern(options)
    running = postern
    const seen: string[] = []
    onToken = async (token) => {
      seen.push(token)
      await postern.kill()
    }
    const answer = await signIn(options.smtpPort, login).catch(() => 'connection lost')

    expect({ seen, answer }).toEqual({
      seen: [endpoint.currentAccessToken()],
      answer: expect.not.stringMatching(/^235/),
    })
    await postern.exited
    expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
      rotations: kill,
      reused: false,
    })
  }

  onToken = () => {}
  const postern = await startPostern(options)
  running = postern
  expect(await signIn(options.smtpPort, login)).toMatch(/^235/)
  expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
    rotations: kills + 1,
    reused: false,
  })
  expect(await postern.stop()).toBe(0)
})

async function ports() {
  return { smtpPort: await freePort(), webPort: await freePort() }
}

async function settings(): Promise<Record<string, string>> {
  const { host, port, tls } = mailProvider
  const entry = {
    id: 'strict',
    name: 'Strict Mail',
    authorizationEndpoint: endpoint.url,
    tokenEndpoint: endpoint.url,
    scopes: [mailScope],
    authorizationParameters: {},
    clientId: 'postern',
    clientSecret: 'the-client-secret',
    smtp: { host, port, tls },
    mechanisms: ['XOAUTH2'],
  }
  const files = { providers: join(folder, 'providers.json'), ca: join(folder, 'ca.pem') }
  await writeFile(files.providers, JSON.stringify({ providers: [entry] }), { mode: 0o600 })
  await writeFile(files.ca, mailProvider.ca)
  return { POSTERN_PROVIDERS_FILE: files.providers, POSTERN_EXTRA_CA_FILE: files.ca }
}

/** Before the first start: the commands open the store themselves. */
async function adoptedMailbox(options: Parameters<typeof posternEnvironment>[0]) {
  await mkdir(options.dataDir, { mode: 0o700 })
  const run = async (words: string[], input?: string) => {
    const result = await runPostern([...words, '--json'], posternEnvironment(options), options.dataDir, input)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    return JSON.parse(result.stdout)
  }
  const adopt = ['mailbox', 'add', address, '--provider', 'strict', '--refresh-token-file', '-']
  await run(adopt, endpoint.firstRefreshToken)
  const added = await run(['login', 'add', address])
  return { user: String(added.login.userName), password: String(added.password) }
}
