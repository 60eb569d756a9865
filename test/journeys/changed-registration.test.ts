import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { freePort } from '../../examples/demo/free-port.js'
import { startMailProvider } from '../../examples/demo/mail-provider.js'
import {
  type Postern,
  posternEnvironment,
  runPostern,
  startPostern,
} from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { sendMail } from '../support/mail-session.ts'
import { signIn } from '../support/smtp-client.ts'

const address = 'me@example.com'
/** At a registration that the settings have. */
const other = 'other@example.com'

let stage: Awaited<ReturnType<typeof setStage>>
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

/** A token endpoint that takes one client id and one secret, and whose tokens live as long as the test says. */
async function startStrictEndpoint() {
  const accepted = {
    clientId: 'our-client',
    secret: 'first-secret',
    refreshToken: 'the-refresh-token',
    seconds: 3600,
  }
  const asked: { clientId: string; secret: string; answer: string }[] = []
  /** By token, whose it is. */
  const live = new Map<string, string>()
  const server = createServer(async (request, response) => {
    let form = ''
    for await (const chunk of request) form += chunk
    const fields = new URLSearchParams(form)
    const [clientId, secret] = [fields.get('client_id') ?? '', fields.get('client_secret') ?? '']
    const isClient = clientId === accepted.clientId && secret === accepted.secret
    const error = isClient ? 'invalid_grant' : 'invalid_client'
    const owners = { [accepted.refreshToken]: address, 'the-other-refresh-token': other }
    const owner = owners[fields.get('refresh_token') ?? '']
    const token = `token-${asked.length + 1}`
    asked.push({ clientId, secret, answer: isClient && owner ? 'token' : error })
    response.setHeader('content-type', 'application/json')
    if (!isClient || !owner)
      return void response.writeHead(isClient ? 400 : 401).end(JSON.stringify({ error }))
    live.set(token, owner)
    response.end(
      JSON.stringify({
        access_token: token,
        token_type: 'Bearer',
        expires_in: accepted.seconds,
        scope: mailScope,
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    accepted,
    asked,
    live,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** The built postern, whose only registration is in its store. */
async function setStage() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-registration-'))
  const endpoint = await startStrictEndpoint()
  const mailProvider = await startMailProvider({
    async introspect(token) {
      const sub = endpoint.live.get(token)
      return { active: sub !== undefined, ...(sub && { sub }), scope: mailScope }
    },
  })
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, mailProvider.ca)
  const options = {
    dataDir: join(folder, 'data'),
    env: { POSTERN_EXTRA_CA_FILE: ca } as Record<string, string>,
    smtpPort: await freePort(),
    webPort: await freePort(),
  }
  await mkdir(options.dataDir, { mode: 0o700 })
  let running: Postern | undefined
  const folders = [folder]

  async function run(words: string[], input?: string) {
    const result = await runPostern([...words, '--json'], posternEnvironment(options), options.dataDir, input)
    return { ...result, json: result.code === 0 ? JSON.parse(result.stdout) : undefined }
  }

  async function done(words: string[], input?: string) {
    const { code, stderr, json } = await run(words, input)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
    return json
  }

  const { host, port, tls } = mailProvider
  const addOurs = () =>
    done(
      [
        ...['registration', 'add', 'ours', '--name', 'Our mail', '--client-id', 'our-client'],
        ...['--token-endpoint', endpoint.url, '--authorization-endpoint', endpoint.url, '--scope', mailScope],
        ...[
          '--smtp',
          `${host}:${port}`,
          '--smtp-tls',
          tls,
          '--mechanism',
          'XOAUTH2',
          '--client-secret-file',
          '-',
        ],
      ],
      'first-secret',
    )
  // Before the first start: the commands open the store themselves.
  await addOurs()
  await done(
    ['mailbox', 'add', address, '--provider', 'ours', '--refresh-token-file', '-'],
    'the-refresh-token',
  )
  async function accountFor(mailbox: string) {
    const { login, password } = await done(['login', 'add', mailbox])
    return { address: mailbox, user: String(login.userName), password: String(password) }
  }
  const account = await accountFor(address)
  running = await startPostern(options)
  return {
    endpoint,
    mailProvider,
    account,
    get smtpPort() {
      return options.smtpPort
    },
    accountFor,
    run,
    done,
    addOurs,
    folder,
    async restart(env: Record<string, string>) {
      await running?.stop()
      options.env = { POSTERN_EXTRA_CA_FILE: ca, ...env }
      running = await startPostern(options)
    },
    /** Another host, with a copy of the data directory and a `.env` of its own beside it. */
    async moveTo(settings: Record<string, string>) {
      await running?.stop()
      const there = await mkdtemp(join(tmpdir(), 'postern-other-host-'))
      folders.push(there)
      await cp(options.dataDir, join(there, 'data'), { recursive: true, preserveTimestamps: true })
      Object.assign(options, {
        ...{ dataDir: join(there, 'data'), env: {} },
        ...{ smtpPort: await freePort(), webPort: await freePort() },
      })
      const lines = Object.entries({ POSTERN_EXTRA_CA_FILE: ca, ...settings })
      await writeFile(join(there, '.env'), lines.map((line) => `${line.join('=')}\n`).join(''), {
        mode: 0o600,
      })
      running = await startPostern(options)
    },
    send: (submission?: Parameters<typeof sendMail>[2], who = account) =>
      sendMail(options.smtpPort, who, submission),
    async close() {
      await running?.kill()
      await mailProvider.close()
      await endpoint.close()
      for (const one of folders) await rm(one, { recursive: true, force: true })
    },
  }
}

it('a secret is rotated while clients are connected: the next token is had by the new one, and no connection ends', async () => {
  const { endpoint, mailProvider, send, done } = stage
  // Renewed for each connection, so that each needs the secret of its moment.
  endpoint.accepted.seconds = 1
  const answers = await send({
    before: {
      async DATA() {
        await done(['registration', 'set', 'ours', '--add-client-secret-file', '-'], 'second-secret')
        endpoint.accepted.secret = 'second-secret'
        await done(['registration', 'set', 'ours', '--remove-client-secret', '1'])
      },
    },
  })
  expect(answers.message).toMatch(/^250 /)
  expect((await send()).message).toMatch(/^250 /)
  // The warm connection served the second message, too: nothing of it has changed.
  expect(mailProvider.signIns).toHaveLength(1)
  const { accessToken } = await tokenOf()
  expect(accessToken).toMatch(/^token-/)
  expect(endpoint.asked.at(-1)).toEqual({ clientId: 'our-client', secret: 'second-secret', answer: 'token' })
  expect(endpoint.asked.filter(({ answer }) => answer !== 'token')).toEqual([])
})

it('a registration that a mistake was made in is mended, and works at once, whatever it waited for', async () => {
  const { endpoint, done, send, run } = stage
  endpoint.accepted.secret = 'right-secret'
  expect(await signIn(stage.smtpPort, stage.account)).toMatch(/^454 4\.7\.0 .*\[postern:CONFIG\]$/)
  // It waits now, and does not ask again.
  expect(await signIn(stage.smtpPort, stage.account)).toMatch(/\[postern:CONFIG\]$/)
  await done(['registration', 'set', 'ours', '--client-secret-file', '-'], 'right-secret')
  expect((await send()).message).toMatch(/^250 /)
  expect((await run(['registration', 'check', 'ours'])).code).toBe(0)
})

it('a registration is removed while its mailbox sends: the message arrives, the next is told, and nothing is lost', async () => {
  const { done, send, mailProvider, addOurs } = stage
  const answers = await send({
    before: {
      DATA: async () => void (await done(['registration', 'remove', 'ours', '--force'])),
    },
  })
  expect(answers.message).toMatch(/^250 /)
  await eventually('the warm connection ends', () => mailProvider.dialogue.includes('postern > QUIT'))
  expect(await signIn(stage.smtpPort, stage.account)).toMatch(/^454 4\.7\.0 .*\[postern:CONFIG\]$/)
  const { mailboxes } = await done(['mailbox', 'list'])
  expect(mailboxes).toMatchObject([{ address, provider: 'ours', state: 'active' }])
  await addOurs()
  expect((await send()).message).toMatch(/^250 /)
})

it('another client id: the mailbox is named, and answers CONFIG until it is set back', async () => {
  const { endpoint, done, send } = stage
  expect((await send()).message).toMatch(/^250 /)
  const changed = await done(['registration', 'set', 'ours', '--client-id', 'another-client'])
  expect(changed).toMatchObject({ needConsent: [address], keepConsent: [] })
  endpoint.accepted.clientId = 'another-client'
  // It takes the client, and not the consent that was given to another.
  endpoint.accepted.refreshToken = 'of-another-client'
  expect(await signIn(stage.smtpPort, stage.account)).toMatch(/^454 4\.7\.0 .*\[postern:CONFIG\]$/)
  Object.assign(endpoint.accepted, { clientId: 'our-client', refreshToken: 'the-refresh-token' })
  expect(await done(['registration', 'set', 'ours', '--client-id', 'our-client'])).toMatchObject({
    keepConsent: [address],
  })
  expect((await send()).message).toMatch(/^250 /)
})

it('settings that bring the same id count, say so, and leave what is stored as it was', async () => {
  const { done, send, endpoint, restart, folder, mailProvider } = stage
  const file = join(folder, 'providers.json')
  const { host, port, tls } = mailProvider
  const entry = {
    ...{ id: 'ours', name: 'Of the file', clientId: 'of-the-file', clientSecret: 'secret-of-the-file' },
    ...{ authorizationEndpoint: endpoint.url, tokenEndpoint: endpoint.url, scopes: [mailScope] },
    ...{ smtp: { host, port, tls }, mechanisms: ['XOAUTH2'] },
  }
  await writeFile(file, JSON.stringify({ providers: [entry] }), { mode: 0o600 })
  await restart({ POSTERN_PROVIDERS_FILE: file })
  const { registrations } = await done(['registration', 'list'])
  expect(registrations).toMatchObject([
    {
      id: 'ours',
      source: 'settings',
      setting: 'POSTERN_PROVIDERS_FILE',
      fields: { clientId: 'of-the-file' },
    },
    { id: 'ours', source: 'stored', hiddenBy: 'POSTERN_PROVIDERS_FILE', fields: { clientId: 'our-client' } },
  ])
  expect(await signIn(stage.smtpPort, stage.account)).toMatch(/\[postern:CONFIG\]$/)
  expect(endpoint.asked.at(-1)).toMatchObject({ clientId: 'of-the-file' })
  endpoint.accepted.clientId = 'of-the-file'
  endpoint.accepted.secret = 'secret-of-the-file'
  const { findings } = JSON.parse((await stage.run(['doctor'])).stdout)
  expect(findings).toContainEqual(
    expect.objectContaining({ id: 'registration.hidden', about: 'ours', outcome: 'unknown' }),
  )
  Object.assign(endpoint.accepted, { clientId: 'our-client', secret: 'first-secret' })
  await restart({})
  expect((await send()).message).toMatch(/^250 /)
})

it('the data directory goes to another host with another .env: what is stored sends there, what the old settings had waits for the new ones', async () => {
  const { done, send, restart, moveTo, accountFor, endpoint } = stage
  await restart({ POSTERN_PROVIDERS_FILE: await providersFile('of-the-settings', 'first-secret') })
  await done(
    ['mailbox', 'add', other, '--provider', 'of-the-settings', '--refresh-token-file', '-'],
    'the-other-refresh-token',
  )
  const others = await accountFor(other)
  // Both kinds are there at once, and each mailbox uses its own.
  expect(await sources()).toEqual(['of-the-settings settings', 'ours stored'])
  expect((await send()).message).toMatch(/^250 /)
  expect((await send({}, others)).message).toMatch(/^250 /)

  await moveTo({})
  expect(await sources()).toEqual(['ours stored'])
  expect((await send()).message).toMatch(/^250 /)
  expect(await signIn(stage.smtpPort, others)).toMatch(/^454 4\.7\.0 .*\[postern:CONFIG\]$/)
  const { mailboxes } = await done(['mailbox', 'list'])
  expect(mailboxes).toMatchObject([
    { address, provider: 'ours', state: 'active' },
    { address: other, provider: 'of-the-settings', state: 'active' },
  ])

  // A third host, where the app has another secret by now.
  const asked = endpoint.asked.length
  endpoint.accepted.secret = 'second-secret'
  await done(['registration', 'set', 'ours', '--client-secret-file', '-'], 'second-secret')
  await moveTo({ POSTERN_PROVIDERS_FILE: await providersFile('of-the-settings', 'second-secret') })
  expect(await sources()).toEqual(['of-the-settings settings', 'ours stored'])
  expect((await send({}, others)).message).toMatch(/^250 /)
  expect((await send()).message).toMatch(/^250 /)
  expect(endpoint.asked.slice(asked).map(({ secret }) => secret)).not.toContain('first-secret')
})

/** A providers file with one entry, at the same endpoint and mail server. */
async function providersFile(id: string, clientSecret: string): Promise<string> {
  const file = join(stage.folder, `${id}-${clientSecret}.json`)
  const { host, port, tls } = stage.mailProvider
  const { url } = stage.endpoint
  const entry = {
    ...{ id, name: 'Of the file', clientId: 'our-client', clientSecret },
    ...{ authorizationEndpoint: url, tokenEndpoint: url, scopes: [mailScope] },
    ...{ smtp: { host, port, tls }, mechanisms: ['XOAUTH2'] },
  }
  await writeFile(file, JSON.stringify({ providers: [entry] }), { mode: 0o600 })
  return file
}

async function sources(): Promise<string[]> {
  const { registrations } = await stage.done(['registration', 'list'])
  return (registrations as { id: string; source: string }[]).map(({ id, source }) => `${id} ${source}`).sort()
}

async function tokenOf(): Promise<{ accessToken: string }> {
  const { json } = await stage.run(['token', address, '--format', 'json'])
  return { accessToken: json.access_token }
}
