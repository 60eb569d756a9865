import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuthorizationServer, mailScope } from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { giveConsent } from '../../examples/demo/give-consent.js'
import { command, consentLink } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { providerEntry, type Stage, type Submission, setStageWith } from '../../examples/demo/stage.js'
import { clientCertificate } from '../support/client-certificate.ts'
import { startDovecot } from '../support/dovecot.ts'
import { peer } from '../support/peer.ts'
import { type RecordingSink, startRecordingSink } from '../support/recording-sink.ts'

const delegatedScope = 'https://mail.google.com/'

/**
 * A Workspace that has delegated its domain: takes assertions that are as Google asks for them, and says whose its tokens are. Tokens of
 * the authorization server are asked about there: those of a person are the person's, those of an app are for the mailbox that it is named after.
 */
async function startWorkspace(publicKey: KeyObject, email: string) {
  const tokens = new Map<string, string>()
  let authority: AuthorizationServer | undefined
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const form = new URLSearchParams(body)
    const { status, json } = await (request.url === '/token' ? give(form) : tell(form.get('token') ?? ''))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  })

  async function give(form: URLSearchParams) {
    try {
      const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
        algorithms: ['RS256'],
        audience: `${origin()}/token`,
        issuer: email,
        maxTokenAge: 60,
      })
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
        throw new Error('grant type')
      if (protectedHeader.kid !== 'key-1' || payload.scope !== delegatedScope) throw new Error('key or scope')
      const token = randomBytes(24).toString('base64url')
      tokens.set(token, String(payload.sub))
      return { status: 200, json: { access_token: token, token_type: 'Bearer', expires_in: 3600 } }
    } catch (error) {
      return { status: 400, json: { error: 'invalid_grant', error_description: String(error) } }
    }
  }

  async function tell(token: string) {
    const delegated = tokens.get(token)
    if (delegated !== undefined)
      return { status: 200, json: { active: true, user: delegated, scope: mailScope } }
    if (!authority) return { status: 200, json: { active: false } }
    const { id, secret } = authority.clients.mailProvider
    const asked = await fetch(authority.endpoints.introspection, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ token }),
    })
    const found = (await asked.json()) as { sub?: string; client_id?: string }
    return { status: 200, json: { ...found, user: found.sub ?? found.client_id } }
  }

  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    tokenEndpoint: `${origin()}/token`,
    introspectionUrl: `${origin()}/introspect`,
    knows(one: AuthorizationServer) {
      authority = one
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

describe.runIf(peer('dovecot'))('mail leaves through Dovecot by a grant that came', () => {
  let folder: string
  let sink: RecordingSink
  let workspace: Awaited<ReturnType<typeof startWorkspace>>
  let stage: Omit<Stage, 'mailProvider'>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-ways-'))
    sink = await startRecordingSink()
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const email = 'postern@project.iam.gserviceaccount.com'
    workspace = await startWorkspace(keys.publicKey, email)
    const { pem, keyPem } = await clientCertificate('rsa')
    const account = {
      type: 'service_account',
      client_email: email,
      client_id: '1234567890',
      private_key_id: 'key-1',
      private_key: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    }
    const files = { 'app.pem': pem, 'app-key.pem': keyPem, 'account.json': JSON.stringify(account) }
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: 0o600 })
    const app = {
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      scope: mailScope,
    }
    stage = await setStageWith(
      (authority) => {
        workspace.knows(authority)
        return startDovecot(authority, sink.port, {
          introspectionUrl: workspace.introspectionUrl,
          attribute: 'user',
        })
      },
      {
        apps: [
          { ...app, client_id: 'scanner@example.com', client_secret: 'the-secret-of-the-app' },
          {
            ...app,
            client_id: 'printer@example.com',
            token_endpoint_auth_method: 'private_key_jwt',
            jwks: { keys: [createPublicKey(pem).export({ format: 'jwk' })] },
          },
        ] as never,
        moreProviders: (authority, submission) => entries(authority, submission),
      },
    )
  })

  function entries(authority: AuthorizationServer, { host, port, tls }: Submission): object[] {
    const smtp = { host, port, tls }
    const {
      authorizationEndpoint: _a,
      tokenEndpoint: _t,
      revocationEndpoint: _r,
      ...found
    } = providerEntry(authority, { host, port, tls })
    const app = {
      tokenEndpoint: authority.endpoints.token,
      scopes: [mailScope],
      applicationScopes: [mailScope],
      smtp,
      mechanisms: ['XOAUTH2'],
    }
    return [
      { ...found, id: 'found', name: 'Found' },
      // The first one has ended; the next one is taken.
      {
        ...app,
        id: 'by-secret',
        name: 'By secret',
        clientId: 'scanner@example.com',
        clientSecrets: [{ value: 'ended' }, { value: 'the-secret-of-the-app' }],
      },
      {
        ...app,
        id: 'by-key',
        name: 'By key',
        clientId: 'printer@example.com',
        certificateFile: join(folder, 'app.pem'),
        certificateKeyFile: join(folder, 'app-key.pem'),
      },
      {
        id: 'workspace',
        preset: 'google-service-account',
        serviceAccountFile: join(folder, 'account.json'),
        tokenEndpoint: workspace.tokenEndpoint,
        mechanisms: ['OAUTHBEARER'],
        smtp,
      },
    ]
  }

  afterAll(async () => {
    await stage?.close()
    await workspace?.close()
    await sink?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Sends with a local password; the message is in the sink. */
  async function sends(
    login: { address: string; user: string; password: string },
    from: string,
    text: string,
  ): Promise<void> {
    const before = sink.messages.length
    await sendWithPassword(stage.process.smtpPort, login, {
      from,
      to: 'you@example.net',
      subject: text,
      text,
    })
    expect(sink.messages.length).toBe(before + 1)
    expect(sink.messages.at(-1)).toMatchObject({ sender: from, recipients: ['you@example.net'] })
    expect(sink.messages.at(-1)?.raw.toString()).toContain(`Subject: ${text}`)
  }

  const ownerKey = async () => (await readFile(join(stage.process.dataDir, 'owner.key'), 'utf8')).trim()

  async function loginFor(
    ...mailboxes: string[]
  ): Promise<{ user: string; password: string; address: string }> {
    const added = await command(stage.postern, 'login', 'add', ...mailboxes)
    return { address: mailboxes[0] ?? '', user: added.login.userName, password: added.password }
  }

  it('a grant comes by a code in a browser, at endpoints that were discovered', async () => {
    await command(stage.postern, 'mailbox', 'add', 'found@example.com', '--provider', 'found')
    const page = await giveConsent(await consentLink(stage.postern, 'found@example.com'), {
      login: 'found@example.com',
    })
    expect(page.body).toContain('postern can now send mail')
    await sends(await loginFor('found@example.com'), 'found@example.com', 'Discovered')
  })

  it('a grant comes by pasting what a browser elsewhere ended at', async () => {
    const me = 'pasted@example.com'
    await command(stage.postern, 'mailbox', 'add', me, '--provider', 'found')
    const ask = async (path: string, body: object) => {
      const response = await fetch(`${stage.postern.url}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await ownerKey()}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return (await response.json()) as Record<string, string>
    }
    const { authorizationUrl = '', consent } = await ask(`/mailboxes/${me}/consents`, {})
    let endedAt = ''
    const browser = createBrowser({
      onAnswer({ headers }) {
        const onward = headers.get('location') ?? ''
        if (!onward.startsWith(stage.postern.url)) return
        endedAt = onward
        throw new Error('postern cannot be reached from here')
      },
    })
    const page = await browser.open(authorizationUrl)
    const agree = await browser.submit(page, { login: me, password: 'any' })
    await expect(browser.submit(agree)).rejects.toThrow('cannot be reached')
    const state = new URL(authorizationUrl).searchParams.get('state')
    expect(await ask('/consents', { consent, state, answer: endedAt })).toEqual({
      mailbox: me,
      signedInAs: me,
    })
    await sends(await loginFor(me), me, 'By pasting')
  })

  it('a grant comes by a code on another device', async () => {
    const me = 'device@example.com'
    await command(stage.postern, 'mailbox', 'add', me, '--provider', 'found')
    const key = await ownerKey()
    const begun = await fetch(`${stage.postern.url}/api/v1/mailboxes/${me}/device-consents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    })
    const { verificationUriComplete, id } = (await begun.json()) as Record<string, string>
    const browser = createBrowser()
    let page = await browser.submit(await browser.open(verificationUriComplete ?? ''), { confirm: 'yes' })
    page = await browser.submit(page, { login: me, password: 'any' })
    await browser.submit(page)
    await expect
      .poll(
        async () => {
          const asked = await fetch(`${stage.postern.url}/api/v1/device-consents/${id}`, {
            headers: { authorization: `Bearer ${key}` },
          })
          return ((await asked.json()) as { state: string }).state
        },
        { timeout: 60_000 },
      )
      .toBe('completed')
    expect(await command(stage.postern, 'mailbox', 'show', me)).toMatchObject({
      state: 'active',
      flow: 'device',
    })
    await sends(await loginFor(me), me, 'By device')
  })

  it.each([
    ['by client credentials with the second of two secrets', 'scanner@example.com', 'by-secret'],
    ['by client credentials with a certificate', 'printer@example.com', 'by-key'],
  ])('a grant comes %s', async (what, address, provider) => {
    const added = await command(
      stage.postern,
      'mailbox',
      'add',
      address,
      '--provider',
      provider,
      '--app-only',
    )
    expect(added).toMatchObject({ state: 'active', flow: 'client-credentials' })
    await sends(await loginFor(address), address, what)
  })

  it('a grant comes by a service account, for every mailbox of a domain, as MAIL FROM names it', async () => {
    const added = await command(stage.postern, 'mailbox', 'add', '*@example.org', '--provider', 'workspace')
    expect(added).toMatchObject({ state: 'active', flow: 'service-account' })
    const login = await loginFor('*@example.org')
    expect(login.user).toBe('example.org')
    // Dovecot takes a token only for the user that it is of.
    for (const from of ['anna@example.org', 'bert@example.org', 'anna@example.org'])
      await sends(login, from, `From ${from}`)
    await expect(sends(login, 'anna@example.com', 'Elsewhere')).rejects.toThrow(/550/)
  })

  it('mail of several mailboxes leaves by a login that has them all', async () => {
    const login = await loginFor('scanner@example.com', 'printer@example.com', '*@example.org')
    for (const from of ['printer@example.com', 'scanner@example.com', 'carl@example.org'])
      await sends(login, from, `By one login from ${from}`)
  })

  it('mail of one address of the domain leaves with an API key for it alone', async () => {
    const { key } = await command(stage.postern, 'api-key', 'add', '--scope', 'token:dora@example.org')
    const ask = (address: string) =>
      fetch(`${stage.postern.url}/api/v1/mailboxes/${address}/token`, {
        headers: { authorization: `Bearer ${key}` },
      })
    expect((await ask('dora@example.org')).status).toBe(200)
    expect((await ask('anna@example.org')).status).toBe(403)
  })

  it('nothing of what a grant came by stands in the log', () => {
    const output = stage.postern.output()
    expect(output).toContain('consent.completed')
    expect(output).not.toMatch(/the-secret-of-the-app|PRIVATE KEY|eyJ[\w-]{20}|code=|state=/)
  })
})
