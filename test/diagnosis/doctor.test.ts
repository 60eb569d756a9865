import { once } from 'node:events'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import type { Finding } from '../../src/diagnosis/finding.ts'
import { phrasesIn, readyFor } from '../../src/web/texts/phrases.ts'
import { type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts'
import { app, mailbox, type Patient, type SetUp, setUp } from './sick-set-up.ts'

// What is known of the errors of providers.
beforeAll(() => readyFor({ acceptsLanguages: () => 'ja' } as never))

async function patient(change: SetUp = {}): Promise<Patient> {
  const made = await setUp(change)
  onTestFinished(made.close)
  return made
}

interface Report {
  healthy: boolean
  fault?: Finding & { about?: string }
  findings: Finding[]
}

async function examine(stage: Patient, ...words: string[]): Promise<Report> {
  const { code, stdout, stderr } = await stage.postern(['doctor', ...words, '--json'])
  expect(stderr).toBe('')
  const report: Report = JSON.parse(stdout)
  expect(code).toBe(report.healthy ? 0 : 1)
  const faults = report.findings.filter(({ outcome }) => outcome === 'fault')
  expect(faults).toEqual(report.fault ? [report.findings.at(-1)] : [])
  for (const finding of report.findings) expect(inJapanese(finding), finding.id).toMatch(japanese)
  return report
}

const japanese = /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u
/** Names alone, which are the same in every language. */
const onlyNames = new Set(['doctor.mechanism', 'doctor.claims'])

/** A finding as pages say it: by its id. */
function inJapanese({ what, fix, ...said }: Finding): string {
  if (onlyNames.has(said.id)) return 'これだけ'
  const sentence = { ...said, message: what, fix }
  const t = phrasesIn('ja')
  const help = fix === undefined ? '' : (t.fixOf(sentence) ?? '')
  expect(help, said.id).toMatch(fix === undefined ? /^$/ : japanese)
  return t.messageOf(sentence)
}

const refused = (error: string, description: string) => ({
  status: error === 'invalid_client' ? 401 : 400,
  json: { error, error_description: description },
})
const tokenRefused = '535 5.7.3 Authentication unsuccessful'

type Sick = [what: string, change: SetUp, step: Finding['step'], says: RegExp, fix: RegExp, more?: string[]]

/** With a postern that runs. */
const sick: Sick[] = [
  [
    'the wrong tenant',
    {
      client: refused('invalid_request', `AADSTS90002: Tenant 'x' not found.`),
      token: refused('invalid_request', `AADSTS90002: Tenant 'x' not found.`),
    },
    'token',
    /AADSTS90002/,
    /tenant/i,
  ],
  [
    'a client id that nobody knows',
    {
      client: refused(
        'unauthorized_client',
        `AADSTS700016: Application with identifier '${app}' was not found`,
      ),
      token: refused(
        'unauthorized_client',
        `AADSTS700016: Application with identifier '${app}' was not found`,
      ),
    },
    'client',
    /AADSTS700016/,
    /client id|tenant/i,
  ],
  [
    'a wrong secret',
    { token: refused('invalid_client', 'AADSTS7000215: Invalid client secret provided.') },
    'token',
    /AADSTS7000215/,
    /secret/i,
  ],
  [
    'a secret that has expired',
    {
      token: refused('invalid_client', 'AADSTS7000222: The provided client secret keys for app are expired.'),
    },
    'token',
    /AADSTS7000222/,
    /secret/i,
  ],
  [
    'a refresh token that was not used for too long',
    { token: refused('invalid_grant', 'AADSTS700082: The refresh token has expired due to inactivity.') },
    'token',
    /AADSTS700082/,
    /consent/i,
  ],
  [
    'a password that was changed',
    {
      token: refused('invalid_grant', 'AADSTS50173: The provided grant has expired due to it being revoked.'),
    },
    'token',
    /AADSTS50173/,
    /consent/i,
  ],
  ['nobody who consented', { withoutGrant: true }, 'token', /consent/i, /consent/i],
  [
    'a token endpoint that is overloaded',
    { token: { status: 503, json: { error: 'temporarily_unavailable' } } },
    'token',
    /503|temporarily_unavailable/,
    /later|again|wait/i,
  ],
  [
    'a token for Microsoft Graph',
    { claims: { aud: 'https://graph.microsoft.com' } },
    'claims',
    /Graph/,
    /SMTP\.Send|outlook/i,
  ],
  [
    'a token without the scope',
    { claims: { scp: 'User.Read' }, says: { AUTH: tokenRefused } },
    'claims',
    /refused the access token/,
    /SMTP\.Send/,
  ],
  [
    'SMTP AUTH that is disabled for the organisation',
    {
      says: {
        AUTH: '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
      },
    },
    'sign-in',
    /5\.7\.139/,
    /SmtpClientAuthenticationDisabled|SMTP AUTH/,
  ],
  [
    'SMTP AUTH that is disabled for the mailbox',
    {
      says: {
        AUTH: '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.',
      },
    },
    'sign-in',
    /5\.7\.139/,
    /Set-CASMailbox|SMTP AUTH/,
  ],
  [
    'security defaults that lock it',
    {
      says: {
        AUTH: "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
      },
    },
    'sign-in',
    /5\.7\.139/,
    /Set-CASMailbox/,
  ],
  ['the wrong person', { says: { AUTH: tokenRefused } }, 'sign-in', /5\.7\.3/, /consent|account|mailbox/i],
  [
    'a server that refuses every connection for now',
    { says: { AUTH: '454 4.7.0 Temporary authentication failure' } },
    'sign-in',
    /4\.7\.0/,
    /later/i,
  ],
  ['no sign-in by token', { offers: ['AUTH LOGIN PLAIN'] }, 'mechanism', /XOAUTH2/, /submission|port|host/i],
  ['no sign-in at all', { offers: ['SIZE 1000'] }, 'mechanism', /XOAUTH2/, /MX|port|host/i],
  [
    'a certificate of another authority (TLS interception)',
    { certificate: (_, other) => other.issue() },
    'tls',
    /not trusted/,
    /POSTERN_EXTRA_CA_FILE/,
  ],
  [
    'a certificate of another name',
    { certificate: (own) => own.issue({ names: ['smtp.example.com'] }) },
    'tls',
    /another name/,
    /host name/,
  ],
  [
    'a certificate that has expired',
    {
      certificate: (own) =>
        own.issue({
          notBefore: new Date(Date.now() - 3 * 86_400_000),
          notAfter: new Date(Date.now() - 86_400_000),
        }),
    },
    'tls',
    /expired/,
    /clock/,
  ],
  [
    'the TLS mode of another port',
    { entry: ({ smtpPort: port }) => ({ smtp: { host: '127.0.0.1', port, tls: 'implicit' } }) },
    'tls',
    /TLS with 127\.0\.0\.1 failed/,
    /implicit/,
  ],
  ['a server that has no STARTTLS', { says: { EHLO: '250 outlook.example' } }, 'tls', /STARTTLS/, /port/i],
  [
    'a server that turns this network away',
    { says: { CONNECT: '554 5.7.1 Service unavailable; client host blocked' } },
    'tls',
    /554/,
    /blocked addresses/,
  ],
  ['a clock that is ten minutes ahead', { minutesBehind: 10 }, 'clock', /10 minutes ahead/, /NTP/],
  ['a clock that is ten minutes behind', { minutesBehind: -10 }, 'clock', /10 minutes behind/, /NTP/],
  [
    'a name that there is not',
    { entry: () => ({ smtp: { host: 'no-such-host.invalid', port: 587, tls: 'starttls' } }) },
    'name',
    /no-such-host\.invalid/,
    /DNS/,
  ],
  [
    'a token endpoint that is not there',
    {
      entry: () => ({
        tokenEndpoint: 'http://127.0.0.1:1/token',
      }),
    },
    'endpoint',
    /cannot be (asked|reached)/,
    /firewall|port/,
  ],
  [
    'a sender that it does not accept',
    { says: { MAIL: '550 5.7.60 SMTP; Client does not have permissions to send as this sender' } },
    'sender',
    /5\.7\.60|refuses/,
    /Send As|permission/i,
  ],
  [
    'SendAs that is denied at the end of the message',
    {
      says: {
        message: '554 5.2.252 SendAsDenied; billing@example.com not allowed to send as other@example.com',
      },
    },
    'message',
    /5\.2\.252|SendAsDenied|took no/i,
    /Send As/i,
    ['--send-to', 'me@example.com'],
  ],
  [
    'a mailbox that is full',
    { says: { message: '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException' } },
    'message',
    /5\.2\.2|full/i,
    /space|quota|delete|archive|room/i,
    ['--send-to', 'me@example.com'],
  ],
  [
    'a recipient that it does not accept',
    { says: { RCPT: '550 5.1.1 User unknown' } },
    'recipient',
    /5\.1\.1|refuses/,
    /recipient|address/i,
    ['--send-to', 'nobody@example.com'],
  ],
]

describe('postern doctor, with a mailbox', () => {
  it.each(sick)('the true cause is found: %s', async (_what, change, step, says, fix, more = []) => {
    const stage = await patient(change)
    await stage.serve()
    const { fault } = await examine(stage, mailbox, ...more)
    expect({ step: fault?.step, of: `${fault?.what} ${fault?.said}` }).toEqual({
      step,
      of: expect.stringMatching(says),
    })
    expect(fault?.fix).toMatch(fix)
  })

  it('the true cause is found: a port that nobody listens at, or that is blocked', async () => {
    const port = await freePort()
    const stage = await patient({ entry: () => ({ smtp: { host: '127.0.0.1', port, tls: 'starttls' } }) })
    await stage.serve()
    const { fault } = await examine(stage, mailbox)
    expect(fault).toMatchObject({ step: 'connect', id: 'upstream.refused-to-connect' })
    expect(fault?.what).toContain(`port ${port}`)
  })

  it('the true cause is found: something that never says a word', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const stage = await patient({
      entry: () => ({ smtp: { host: '127.0.0.1', port, tls: 'starttls' } }),
      settings: { POSTERN_UPSTREAM_REPLY_SECONDS: '1' },
    })
    await stage.serve()
    expect((await examine(stage, mailbox)).fault).toMatchObject({
      step: 'tls',
      id: 'upstream.connection-lost',
    })
  })

  it('nothing is found, sent or changed where everything is right', async () => {
    const stage = await patient()
    await stage.serve()
    const { healthy, findings } = await examine(stage, mailbox)
    expect(findings.filter(({ outcome }) => outcome === 'fault')).toEqual([])
    expect(healthy).toBe(true)
    expect(findings.map(({ step }) => step)).toEqual([
      ...['settings', 'data-directory', 'running', 'redirect-uri', 'endpoint', 'clock'],
      ...[
        'name',
        'connect',
        'tls',
        'mechanism',
        'client',
        'token',
        'claims',
        'sign-in',
        'sender',
        'held-back',
      ],
    ])
    for (const { milliseconds } of findings) expect(milliseconds).toBeGreaterThanOrEqual(0)
    expect(stage.provider.heard.join('')).not.toMatch(/RCPT|DATA|BDAT/)
    // A second look takes the token that is there.
    await examine(stage, mailbox)
    expect(stage.asked.filter((one) => one.endsWith('refresh_token'))).toHaveLength(1)
    const shown = await stage.postern(['mailbox', 'show', mailbox, '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'active' })
  })

  it('a test message goes to the end, and the journal has it', async () => {
    const stage = await patient()
    await stage.serve()
    const { findings } = await examine(stage, mailbox, '--send-to', 'me@example.com')
    expect(findings.slice(-3).map(({ step }) => step)).toEqual(['held-back', 'recipient', 'message'])
    const { stdout } = await stage.postern(['journal', '--json'])
    expect(stdout).toContain('test-message.sent')
  })

  it('a token that seems to lack the scope is no fault where the provider takes it', async () => {
    const stage = await patient({ claims: { scp: 'User.Read' } })
    await stage.serve()
    const { healthy, findings } = await examine(stage, mailbox)
    expect(healthy).toBe(true)
    expect(findings.find(({ step }) => step === 'claims')).toMatchObject({ outcome: 'unknown' })
  })

  it('each step is told on standard error as it is taken, and the cause on standard output', async () => {
    const stage = await patient({ says: { AUTH: tokenRefused } })
    await stage.serve()
    const { code, stdout, stderr } = await stage.postern(['doctor', mailbox])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^good {3}settings +\d+ ms {2}they are without a mistake\n/)
    expect(stderr).toMatch(/\ngood {3}TLS +\d+ ms {2}the certificate is right/)
    expect(stderr).toMatch(/\nWRONG {2}sign-in +\d+ ms /)
    expect(stdout).toMatch(/^Wrong: sign-in of billing@example\.com\n {2}.*5\.7\.3.*[\s\S]*\n {2}Fix: /)
    for (const secret of ['the-secret-of-the-app', 'refresh-token', 'e30.'])
      expect(stdout + stderr).not.toContain(secret)
  })

  it('what the running postern has is not looked at twice, and a lapsed mailbox is a fault without its address', async () => {
    const stage = await patient({
      token: refused('invalid_grant', 'AADSTS700082: The refresh token has expired.'),
    })
    await stage.serve()
    const before = await examine(stage)
    expect(before.healthy).toBe(true)
    expect(before.findings.map(({ step }) => step)).not.toContain('running')
    await examine(stage, mailbox)
    const { fault } = await examine(stage)
    expect(fault).toMatchObject({ step: 'token', about: mailbox })
    expect(fault?.fix).toContain(`postern doctor ${mailbox}`)
  })

  it('what holds a mailbox back after a fault is found, also when the fault itself has gone', async () => {
    const says: Record<string, string> = { message: '550 5.1.8 Access denied, bad outbound sender' }
    const stage = await patient({ says })
    await stage.serve()
    const { fault } = await examine(stage, mailbox, '--send-to', 'me@example.com')
    expect(fault?.step).toBe('message')
    delete says.message
    const later = await examine(stage, mailbox)
    expect(later.fault).toMatchObject({ step: 'held-back', id: 'doctor.held-back' })
    expect(later.fault?.what).toContain(`Nothing leaves ${mailbox} before 20`)
    expect(later.fault?.what).toContain('5.1.8')
  })

  it('a token that is there is no proof of the client', async () => {
    const change: SetUp = {}
    const stage = await patient(change)
    await stage.serve()
    await stage.postern(['token', mailbox])
    change.client = refused('invalid_client', 'AADSTS7000222: The provided client secret keys are expired.')
    const { fault } = await examine(stage, mailbox)
    expect(fault).toMatchObject({ step: 'client' })
  })

  it('a secret that has ended is found without a mailbox', async () => {
    const ended = refused('invalid_client', 'AADSTS7000222: The provided client secret keys are expired.')
    const { fault } = await examine(await patient({ client: ended }))
    expect(fault).toMatchObject({ step: 'client' })
    expect(fault?.what).toContain('AADSTS7000222')
  })

  it.each(['*@example.com', 'nobody'])('%s is no mailbox to look at', async (address) => {
    const stage = await patient()
    await stage.serve()
    const { code, stderr } = await stage.postern(['doctor', address])
    expect(code).toBe(1)
    expect(stderr).toMatch(/Fix: (Name|Give) one address/)
  })

  it('a mailbox that there is not is named, and nothing is examined for it', async () => {
    const stage = await patient()
    await stage.serve()
    const { code, stderr } = await stage.postern(['doctor', 'other@example.com'])
    expect(code).toBe(1)
    expect(stderr).toContain('other@example.com')
    expect(stage.asked).toEqual([])
  })
})

describe('postern doctor, without a postern that runs', () => {
  it('nothing is found where everything is right, before the first start and after it', async () => {
    const stage = await patient()
    const { healthy, findings } = await examine(stage)
    expect(findings.filter(({ outcome }) => outcome === 'fault')).toEqual([])
    expect(healthy).toBe(true)
    expect(findings.map(({ step }) => step)).toEqual([
      ...['settings', 'data-directory', 'key', 'running', 'redirect-uri', 'endpoint', 'clock'],
      ...['name', 'connect', 'tls', 'mechanism', 'client'],
    ])
    await rm(join(stage.folder, 'data'), { recursive: true })
    expect((await examine(stage)).healthy).toBe(true)
  })

  it('of a mailbox it says that only a running one can look at it', async () => {
    const { fault } = await examine(await patient(), mailbox)
    expect(fault).toMatchObject({ step: 'running', id: 'doctor.not-running' })
  })

  it.each<[string, (stage: Patient) => Promise<unknown>, Finding['step'], RegExp]>([
    [
      'a key file that others can read',
      (at) => chmod(join(at.folder, 'data/postern.key'), 0o644),
      'data-directory',
      /chmod 600/,
    ],
    [
      'a key file that is gone',
      (at) => rm(join(at.folder, 'data/postern.key')),
      'key',
      /Put the key file back/,
    ],
    [
      'the key of another store',
      (at) => writeFile(join(at.folder, 'data/postern.key'), `${'A'.repeat(43)}\n`, { mode: 0o600 }),
      'key',
      /key/,
    ],
    [
      'a database that is damaged',
      (at) => writeFile(join(at.folder, 'data/postern.sqlite'), 'x'.repeat(9000)),
      'key',
      /./,
    ],
    ['a mistake in the settings', (at) => writeFile(join(at.folder, 'providers.json'), '{'), 'settings', /./],
    [
      'no provider',
      (at) => writeFile(join(at.folder, 'providers.json'), '{"providers":[]}'),
      'provider',
      /provider list/,
    ],
  ])('the true cause is found: %s', async (_what, harm, step, fix) => {
    const stage = await patient()
    await harm(stage)
    const { fault } = await examine(stage)
    expect(fault?.step).toBe(step)
    expect(fault?.fix).toMatch(fix)
  })
})

/** Nothing is known of the provider but its issuer. */
const discovered = ({ origin }: { origin: string }) => ({
  ...{ preset: undefined, tenant: undefined, tokenEndpoint: undefined },
  ...{ issuer: origin, name: 'Ours', scopes: ['mail'], mechanisms: ['XOAUTH2'] },
})

const metadataOf = (origin: string, changes: object = {}) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  jwks_uri: `${origin}/keys`,
  response_types_supported: ['code'],
  ...changes,
})

const published = (changes: object) => (origin: string) => ({
  body: JSON.stringify(metadataOf(origin, changes)),
})

describe('postern doctor, of a provider that is discovered', () => {
  it('nothing is found where the issuer publishes its endpoints', async () => {
    const stage = await patient({ entry: discovered, metadata: published({}) })
    await stage.serve()
    const { healthy, findings } = await examine(stage, mailbox)
    expect(findings.filter(({ outcome }) => outcome === 'fault')).toEqual([])
    expect(healthy).toBe(true)
    expect(findings.find(({ step }) => step === 'endpoint')?.outcome).toBe('good')
    expect(stage.asked.filter((one) => one.includes('/.well-known/')).length).toBeGreaterThan(0)
  })

  it.each<[string, SetUp['metadata'] | undefined, RegExp]>([
    ['an issuer that publishes nothing', undefined, /404|cannot be discovered/],
    ['an issuer that is down', () => ({ status: 503, body: '{}' }), /503|cannot be discovered/],
    ['a page in the place of the metadata', () => ({ body: '<html>Hello</html>' }), /cannot be discovered/],
    [
      'the metadata of another issuer',
      published({ issuer: 'https://login.example.org' }),
      /issuer|cannot be discovered/,
    ],
    ['metadata without a token endpoint', published({ token_endpoint: undefined }), /token/],
  ])('the true cause is found: %s', async (_what, metadata, says) => {
    const stage = await patient({ entry: discovered, ...(metadata && { metadata }) })
    await stage.serve()
    const { fault } = await examine(stage, mailbox)
    expect({ step: fault?.step, what: `${fault?.what} ${fault?.said}` }).toEqual({
      step: 'endpoint',
      what: expect.stringMatching(says),
    })
    expect(fault?.fix).toMatch(/./)
    // Nothing behind it is examined.
    expect(stage.provider.heard).toEqual([])
  })

  it('the true cause is found: nobody is there where the issuer should be', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const stage = await patient({ entry: () => discovered({ origin: nowhere }) })
    await stage.serve()
    const { fault } = await examine(stage, mailbox)
    expect(fault?.step).toBe('endpoint')
    expect(fault?.what).toContain(nowhere)
  })
})

describe('postern doctor, through a proxy', () => {
  async function behind(options: ConnectProxyOptions = {}, credentials = '', change: SetUp = {}) {
    const proxy = await startConnectProxy(options)
    onTestFinished(() => proxy.close())
    const url = proxy.origin.replace('//', `//${credentials}`)
    const stage = await patient({ ...change, entry: () => ({ proxy: url }) })
    await stage.serve()
    return { proxy, stage }
  }

  it.each([
    ['lets everybody through', {}, ''],
    ['wants a password, and gets it', { credentials: 'postern:pr0xy-secret' }, 'postern:pr0xy-secret@'],
  ])('nothing is found where the proxy %s', async (_what, options, credentials) => {
    const { proxy, stage } = await behind(options, credentials)
    const { healthy, findings } = await examine(stage, mailbox)
    expect(findings.filter(({ outcome }) => outcome === 'fault')).toEqual([])
    expect(healthy).toBe(true)
    // Both servers of the provider are reached by it, and neither in another way.
    expect(proxy.tunnels).toContain(`127.0.0.1:${stage.provider.port}`)
    expect(new Set(proxy.tunnels).size).toBe(2)
    expect(JSON.stringify(findings)).not.toContain('pr0xy-secret')
  })

  it.each<[string, ConnectProxyOptions, string, RegExp, RegExp]>([
    [
      'a proxy that refuses',
      { instead: (client) => void client.end('HTTP/1.1 403 Forbidden\r\n\r\n') },
      '',
      /does not let us through to .*403/,
      /allow CONNECT/,
    ],
    [
      'a proxy that demands a password',
      { credentials: 'postern:pr0xy-secret' },
      '',
      /does not let us through to .*407/,
      /name and password into its address/,
    ],
    [
      'a proxy that gets a wrong password',
      { credentials: 'postern:pr0xy-secret' },
      'postern:wrong-secret@',
      /does not let us through to .*407/,
      /Check the proxy's name and password/,
    ],
    [
      'something that is no proxy',
      { instead: (client) => void client.end('220 mail.example ready\r\n') },
      '',
      /does not speak HTTP/,
      /host and port/,
    ],
  ])('the true cause is found: %s', async (_what, options, credentials, says, fix) => {
    const { proxy, stage } = await behind(options, credentials)
    const { fault } = await examine(stage, mailbox)
    expect(fault?.step).toBe('endpoint')
    expect(fault?.what).toContain(proxy.origin)
    expect(fault?.what).toMatch(says)
    expect(fault?.fix).toMatch(fix)
    expect(JSON.stringify(fault)).not.toContain('secret')
    expect(stage.provider.heard).toEqual([])
  })

  it('the true cause is found: a proxy that is not there', async () => {
    const proxy = `http://127.0.0.1:${await freePort()}`
    const stage = await patient({ entry: () => ({ proxy }) })
    await stage.serve()
    const { fault } = await examine(stage, mailbox)
    expect(fault?.step).toBe('endpoint')
    expect(fault?.what).toContain(`The proxy ${proxy} cannot be used`)
  })

  it('the true cause is found: a proxy that lets nothing through to the port of the mail server', async () => {
    const closed: string[] = []
    const { proxy, stage } = await behind({ refuses: (target) => closed.includes(target) })
    closed.push(`127.0.0.1:${stage.provider.port}`)
    const { fault, findings } = await examine(stage, mailbox)
    expect(findings.find(({ step }) => step === 'endpoint')?.outcome).toBe('good')
    expect(fault).toMatchObject({ step: 'connect', id: 'proxy.refused' })
    expect(fault?.fix).toContain('Have the proxy allow CONNECT')
    expect(proxy.tunnels.length).toBeGreaterThan(0)
  })
})
