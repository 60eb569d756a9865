import { generateKeyPairSync } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { parseAddress } from '../../src/model/address.ts'
import { openStore } from '../../src/store/store.ts'
import { startTokenEndpoint, type TokenRequest, tokens } from '../providers/token-endpoint.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const samples = join(import.meta.dirname, '../moving-in/samples')
const sample = (name: string) => join(samples, name)
const [password, older] = ['violet-anchor-7-mustard-lamp', 'Größe-der-alten-Scheune-41']

/** Whatever is secret in the samples. None of it may be shown. */
const secrets = [
  ...['secret-of-the-', 'encrypted-client-secret', 'secret-at-', 'secret-of-'],
  ...[
    'refresh-token-of-',
    'access-token-of-',
    password,
    older,
    'amber-kettle-19-window',
    'password-at-google',
  ],
]

interface Step {
  kind: string
  name: string
  outcome: string
  detail: string
  fix?: string
}
interface Result {
  dryRun: boolean
  formats: string[]
  steps: Step[]
  leftOut: { what: string; why: string; from: { file: string; line?: number } }[]
}

let stage: CommandStage

beforeEach(async () => {
  stage = await setCommandStage({ POSTERN_GOOGLE_CLIENT_ID: undefined })
  await writeFile(join(stage.folder, 'password'), `${password}\n`, { mode: 0o600 })
  await writeFile(join(stage.folder, 'older'), `${older}\n`, { mode: 0o600 })
})
afterEach(() => stage.close())

const passwordFiles = () =>
  ['password', 'older'].flatMap((name) => ['--password-file', join(stage.folder, name)])

async function run(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const outcome = await stage.postern(['import', ...words])
  for (const secret of secrets) expect(outcome.stdout + outcome.stderr).not.toContain(secret)
  return outcome
}

async function imported(...words: string[]): Promise<Result> {
  const { code, stdout, stderr } = await run([...words, '--json'])
  expect(stderr).toBe('')
  const result: Result = JSON.parse(stdout)
  expect({ code, failed: result.steps.filter(({ outcome }) => outcome === 'failed') }).toEqual({
    code: 0,
    failed: [],
  })
  return result
}

const outcomes = ({ steps }: Result) => steps.map(({ kind, name, outcome }) => `${outcome} ${kind} ${name}`)
const left = ({ leftOut }: Result) => leftOut.map(({ what, why }) => `${what}: ${why}`)

/** A file of the test's own, below the stage's folder. */
async function written(name: string, text: string | Buffer): Promise<string> {
  const path = join(stage.folder, name)
  await writeFile(path, text, { mode: 0o600 })
  return path
}

/** What the store really holds, opened after postern has left it. */
async function kept() {
  const { store } = await openStore({
    dataDir: join(stage.folder, 'data'),
    clock: systemClock,
    log: silentLog,
  })
  try {
    const registrations = new Map(
      (await store.registrations.list()).map((one) => [
        one.id,
        one.content instanceof Secret ? JSON.parse(one.content.reveal()) : undefined,
      ]),
    )
    const refreshTokens = new Map<string, string | undefined>()
    for (const { address } of await store.mailboxes.list()) {
      const grant = await store.grants.ofMailbox(parseAddress(address))
      refreshTokens.set(address, 'refreshToken' in grant ? grant.refreshToken?.reveal() : undefined)
    }
    return { registrations, refreshTokens }
  } finally {
    await store.close()
  }
}

describe('the settings of email-oauth2-proxy', () => {
  it('bring registrations with their secrets, mailboxes with their refresh tokens, and logins with their password', async () => {
    const result = await imported(sample('emailproxy.config'), ...passwordFiles())
    expect(result.formats).toEqual(['email-oauth2-proxy'])
    expect(outcomes(result)).toEqual([
      'added registration microsoft',
      'added registration microsoft-2',
      'added registration google',
      'added registration login-example-org',
      'added registration microsoft-3',
      'added mailbox billing@example.com',
      'added mailbox orders@example.com',
      'added mailbox someone@gmail.com',
      'added mailbox post@example.org',
      'added mailbox robot@example.com',
      'added login billing@example.com',
      'added login orders@example.com',
      'added login post@example.org',
    ])
    const { registrations, refreshTokens } = await kept()
    expect(Object.fromEntries(refreshTokens)).toEqual({
      'billing@example.com': 'refresh-token-of-billing',
      'orders@example.com': 'refresh-token-of-orders',
      'post@example.org': 'refresh-token-of-post',
      'robot@example.com': undefined,
      'someone@gmail.com': undefined,
    })
    expect(registrations.get('microsoft')).toMatchObject({
      preset: 'microsoft',
      tenant: 'contoso.example',
      clientId: '11112222-aaaa-4444-bbbb-666677778888',
      // configparser has %% for one %.
      clientSecrets: [{ value: 'secret-of-the-%-registration' }],
    })
    expect(registrations.get('microsoft-2')).toMatchObject({
      clientId: '99990000-aaaa-4444-bbbb-666677778888',
      clientSecrets: [{ value: 'encrypted-client-secret' }],
    })
    expect(registrations.get('login-example-org')).toMatchObject({
      tokenEndpoint: 'https://login.example.org/token',
      authorizationEndpoint: 'https://login.example.org/authorize',
      scopes: ['mail.send', 'offline_access'],
      smtp: { host: 'mail.example.org', port: 465, tls: 'implicit' },
    })
    const { logins } = JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout)
    expect(logins.map((one: { password: string }) => one.password)).toEqual(['chosen', 'chosen', 'chosen'])
  })

  it('what cannot come along is listed with its reason and its line', async () => {
    const result = await imported(sample('emailproxy.config'), ...passwordFiles(), '--dry-run')
    expect(left(result)).toEqual([
      'the server IMAP-1993: postern is for sending: it speaks SMTP alone',
      'the listener of SMTP-1587: where postern listens is one of its settings (to keep the port: POSTERN_SMTP_LISTEN=127.0.0.1:1587)',
      'the listener of SMTP-2465: where postern listens is one of its settings (to keep the port: POSTERN_SMTP_LISTEN=127.0.0.1:2465)',
      'the certificate of SMTP-2465: it is one of the settings: POSTERN_TLS_CERT_FILE and POSTERN_TLS_KEY_FILE',
      "the account with.password@example.com: it hands the person's own password to the provider, which postern never does",
      'the account your.email@gmail.com: it is the sample: its client_id was never filled in',
    ])
    const lines = (await readFile(sample('emailproxy.config'), 'utf8')).split('\n')
    expect(result.leftOut.map(({ from }) => lines[(from.line ?? 0) - 1])).toEqual([
      '[IMAP-1993]',
      '[SMTP-1587]',
      '[SMTP-2465]',
      '[SMTP-2465]',
      '[with.password@example.com]',
      '[your.email@gmail.com]',
    ])
  })

  it('a dry run shows the same and does nothing, also before the first start', async () => {
    const words = [sample('emailproxy.config'), ...passwordFiles()]
    await rm(join(stage.folder, 'data'), { recursive: true })
    const before = await imported(...words, '--dry-run')
    expect((await stage.postern(['mailbox', 'list'])).stderr).toContain('There is no data directory')
    await mkdir(join(stage.folder, 'data'), { mode: 0o700 })
    await stage.makeStore()
    const dry = await imported(...words, '--dry-run')
    expect(dry).toEqual(before)
    expect((await kept()).registrations.size).toBe(0)
    const real = await imported(...words)
    expect(outcomes(dry).map((one) => one.replace('would be added', 'added'))).toEqual(outcomes(real))
  })

  it('a second time nothing is changed, and that is told', async () => {
    const words = [sample('emailproxy.config'), ...passwordFiles()]
    await imported(...words)
    const before = await kept()
    const again = await imported(...words)
    expect(new Set(again.steps.map(({ outcome }) => outcome))).toEqual(new Set(['there']))
    expect(again.steps).toHaveLength(13)
    expect(await kept()).toEqual(before)
  })

  it('what is there with the same id, address or user name stays as it is', async () => {
    const [id, other] = ['microsoft', '00000000-aaaa-4444-bbbb-666677778888']
    await stage.postern(['registration', 'add', id, '--client-id', other, '--tenant', 'contoso.example'])
    await stage.postern(['mailbox', 'add', 'Billing@example.com', '--provider', id])
    await stage.postern(['login', 'add', 'billing@example.com'])
    const result = await imported(sample('emailproxy.config'), ...passwordFiles())
    expect(outcomes(result)).toEqual(
      expect.arrayContaining([
        'added registration microsoft-2',
        'there mailbox billing@example.com',
        'there login billing@example.com',
      ]),
    )
    expect(result.steps[0]?.detail).toContain('microsoft has another client, and stays as it is')
    const { registrations, refreshTokens } = await kept()
    expect(registrations.get(id)).toMatchObject({ clientId: other })
    expect(refreshTokens.get('Billing@example.com')).toBeUndefined()
  })

  it('without the password, or with a wrong one, an account stays where it is, and the others come', async () => {
    const none = await imported(sample('emailproxy.config'), '--dry-run')
    expect(outcomes(none)).toEqual([
      'would be added registration google',
      'would be added registration microsoft',
      'would be added mailbox someone@gmail.com',
      'would be added mailbox robot@example.com',
    ])
    expect(left(none)).toContainEqual(
      expect.stringMatching(/^the account billing@example\.com: its tokens are encrypted .*--password-file/),
    )
    const wrong = await written('wrong', 'not-the-password-of-anybody')
    const refused = await imported(sample('emailproxy.config'), '--password-file', wrong, '--dry-run')
    expect(outcomes(refused)).toEqual(outcomes(none))
    expect(left(refused)).toContainEqual(
      expect.stringMatching(/^the account post@example\.org: none of the passwords opens its tokens/),
    )
  })

  it('--without-tokens takes the mailboxes for a new consent, but no client without its secret', async () => {
    const result = await imported(sample('emailproxy.config'), '--without-tokens')
    const billing = result.steps.find(({ name }) => name === 'billing@example.com')
    expect(billing?.detail).toBe('at microsoft, then it needs a consent: postern consent billing@example.com')
    expect((await kept()).refreshTokens.get('billing@example.com')).toBeUndefined()
    expect(left(result)).toContainEqual(expect.stringContaining('the account orders@example.com: '))
  })

  it('the file of --cache-store is read with the settings that it belongs to', async () => {
    const lines = (await readFile(sample('emailproxy.config'), 'utf8')).split('\n')
    const isCached = (line: string) => /^(?:token_[si]|access_|refresh_)/.test(line)
    const settings = await written('emailproxy.config', lines.filter((line) => !isCached(line)).join('\n'))
    const cache = lines.filter((line) => isCached(line) || /^\[billing@|^\[post@/.test(line))
    // Those of orders@ would stand in the section of billing@ now.
    const store = await written('credstore.config', cache.filter((line) => !line.includes(': ')).join('\n'))
    const result = await imported(settings, store, ...passwordFiles())
    expect(outcomes(result)).toEqual(expect.arrayContaining(['added login billing@example.com']))
    const { refreshTokens } = await kept()
    expect(refreshTokens.get('billing@example.com')).toBe('refresh-token-of-billing')
    expect(refreshTokens.get('post@example.org')).toBe('refresh-token-of-post')
  })

  it('other ways to authenticate come along: a certificate, a service account, a whole domain, another cloud', async () => {
    const { pem, keyPem } = await clientCertificate('ec')
    await written('app.pem', pem)
    await written('app.key', keyPem)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const account = {
      type: 'service_account',
      client_email: 'robot@project.iam.gserviceaccount.com',
      client_id: '1234',
      private_key_id: 'key-1',
      private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    }
    await written('account.json', JSON.stringify(account))
    const entra = 'https://login.microsoftonline.com/contoso.example/oauth2/v2.0'
    const government = 'https://login.microsoftonline.us/5d6b2a34-0f52-4d86-9c3b-0a4c8b1f7e21/oauth2/v2.0'
    const accounts: Record<string, readonly string[]> = {
      '@example.com': [
        `token_url = ${entra}/token`,
        'client_id = 11112222-aaaa-4444-bbbb-666677778888',
        'jwt_certificate_path = app.pem',
        'jwt_key_path = ./app.key',
      ],
      'someone@example.org': [
        'token_url = https://oauth2.googleapis.com/token',
        'oauth2_flow = service_account',
        'client_id = file',
        'client_secret = account.json',
      ],
      'agent@example.net': [
        `permission_url = ${government}/devicecode`,
        `token_url = ${government}/token`,
        'oauth2_flow = device',
        'client_id = 22223333-aaaa-4444-bbbb-666677778888',
      ],
      'person@hotmail.com': [
        'permission_url = https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
        'token_url = https://login.microsoftonline.com/common/oauth2/v2.0/token',
        'client_id = 33334444-aaaa-4444-bbbb-666677778888',
      ],
      '@example.edu': [
        'permission_url = https://accounts.google.com/o/oauth2/auth',
        'token_url = https://accounts.google.com/o/oauth2/token',
        'client_id = 1234-whole.apps.googleusercontent.com',
      ],
      'broken@example.com': [`token_url = ${entra}/token`],
      'post@example.info': [
        'permission_url = https://login.example.info/authorize',
        'token_url = https://login.example.info/token',
        'client_id = client',
      ],
    }
    const sections = Object.entries(accounts).map(([name, lines]) =>
      [`[${name}]`, ...lines, 'oauth2_scope = x offline_access', ''].join('\n'),
    )
    const path = await written('emailproxy.config', sections.join('\n'))
    const result = await imported(path)
    expect(outcomes(result)).toEqual([
      'added registration microsoft',
      'added registration google-service-account',
      'added registration microsoft-gcc-high',
      'added registration outlook',
      'added registration google',
      'added mailbox *@example.com',
      'added mailbox someone@example.org',
      'added mailbox agent@example.net',
      'added mailbox person@hotmail.com',
    ])
    expect(left(result)).toEqual([
      'the account @example.edu: each of its mailboxes needs a consent of its own, and is added by itself',
      'the account broken@example.com: it has no token_url or no client_id',
      'the client client, with post@example.info: which mail server belongs to login.example.info is not in the files (add it by "postern registration add")',
    ])
    const { registrations } = await kept()
    expect(registrations.get('microsoft')).toMatchObject({ certificate: pem, certificateKey: keyPem })
    expect(JSON.parse(registrations.get('google-service-account').serviceAccount)).toEqual(account)
    const again = await imported(path)
    expect(new Set(again.steps.map(({ outcome }) => outcome))).toEqual(new Set(['there']))
  })

  it('a file that an editor of Windows has written is read', async () => {
    const text = (await readFile(sample('smtp2graph.yml'), 'utf8')).replaceAll('\n', '\r\n')
    for (const octets of [`\ufeff${text}`, Buffer.from(`\ufeff${text}`, 'utf16le')]) {
      const result = await imported(await written('config.yml', octets), '--dry-run')
      expect(outcomes(result)).toHaveLength(5)
    }
  })

  it.each([
    [
      'a section twice',
      '[a@example.com]\n[b@example.com]\n[a@example.com]\n',
      3,
      'this section stands there for a second time',
    ],
    [
      'an option twice',
      '[a@example.com]\ntoken_url = x\nTOKEN_URL = y\n',
      3,
      'this option stands there for a second time',
    ],
    [
      'a line that is nothing',
      '[a@example.com]\nnothing at all\n',
      2,
      'this is neither a section, [name], nor an option, name = value',
    ],
    [
      'an option without a section',
      'token_url = x\n[a@example.com]\n',
      1,
      'this option stands before the first section',
    ],
  ])('%s is told with its line', async (_, text, line, what) => {
    const path = await written('emailproxy.config', text)
    const { code, stdout, stderr } = await run([path])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`postern: ${path}, line ${line}: ${what}\n`)
  })

  it.each([
    [
      'a token that is cut off',
      /^refresh_token = (gAAAAA.{20}).*$/gm,
      'refresh_token = $1',
      'its tokens are damaged',
    ],
    ['no salt', /^token_salt = .*$/gm, '', 'its token_salt is missing or damaged'],
    [
      'a count of iterations without end',
      /^token_iterations = .*$/gm,
      'token_iterations = 99999999999',
      'its token_iterations is damaged',
    ],
  ])('%s leaves the account out', async (_, from, to, why) => {
    const text = (await readFile(sample('emailproxy.config'), 'utf8')).replace(from, to)
    const result = await imported(await written('emailproxy.config', text), ...passwordFiles(), '--dry-run')
    expect(left(result)).toContainEqual(expect.stringContaining(`the account billing@example.com: ${why}`))
    expect(outcomes(result)).not.toContainEqual(expect.stringContaining('mailbox billing@'))
  })

  it('an easy password is refused, told with what helps, and the rest comes', async () => {
    const text = await fernetSample('hunter2', 'refresh-token-of-easy')
    if (text === undefined) return
    const easy = await written('easy', 'hunter2')
    const { code, stdout } = await run([
      await written('emailproxy.config', text),
      '--password-file',
      easy,
      '--json',
    ])
    expect(code).toBe(1)
    const { steps } = JSON.parse(stdout) as Result
    expect(steps.at(-1)).toMatchObject({ kind: 'login', outcome: 'failed', fix: expect.any(String) })
    expect((await kept()).refreshTokens.get('easy@example.com')).toBe('refresh-token-of-easy')
  })
})

/** An account whose token Python's own library has encrypted. Undefined where that is not there. */
async function fernetSample(
  secret: string,
  token: string,
  iterations = 870_000,
): Promise<string | undefined> {
  if (!peer('Python cryptography')) return undefined
  const program = `
import base64, os, sys
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
salt = os.urandom(16)
key = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=int(sys.argv[3])).derive(sys.argv[1].encode())
print(base64.b64encode(salt).decode(), Fernet(base64.urlsafe_b64encode(key)).encrypt(sys.argv[2].encode()).decode())
`
  const { code, output } = await runProgram('python3', ['-c', program, secret, token, String(iterations)])
  expect({ code, output }).toMatchObject({ code: 0 })
  const [salt, sealed] = output.trim().split(' ')
  return `[easy@example.com]
permission_url = https://accounts.google.com/o/oauth2/auth
token_url = https://oauth2.googleapis.com/token
oauth2_scope = https://mail.google.com/
redirect_uri = http://localhost
client_id = 1234-easy.apps.googleusercontent.com
token_salt = ${salt}
token_iterations = ${iterations}
refresh_token = ${sealed}
`
}

it.runIf(peer('Python cryptography')).each([
  ['100000', 'plain-enough-but-long', 'a'],
  ['870000', 'pässwörd-mit-Ümläuten', 'x'.repeat(16)],
  ['1200000', 'with spaces at the end  ', 'y'.repeat(4_000)],
])(
  'what Python encrypts with %s iterations is opened, whatever its length',
  async (iterations, secret, token) => {
    const text = (await fernetSample(secret, token, Number(iterations))) ?? ''
    const file = await written('its-password', secret)
    await imported(await written('emailproxy.config', text), '--password-file', file)
    expect((await kept()).refreshTokens.get('easy@example.com')).toBe(token)
  },
)

describe('token files', () => {
  it('of sasl-xoauth2 come with the client of its general file, or with their own', async () => {
    const words = ['sasl-xoauth2.conf', 'notes@example.com', 'desk@example.com'].map(sample)
    const result = await imported(...words)
    expect(outcomes(result)).toEqual([
      'added registration google',
      'added registration outlook',
      'added mailbox notes@example.com',
      'added mailbox desk@example.com',
    ])
    const { registrations, refreshTokens } = await kept()
    expect(registrations.get('google')).toMatchObject({
      clientId: 'client-of-postfix.apps.googleusercontent.com',
      clientSecrets: [{ value: 'secret-of-postfix' }],
    })
    expect(registrations.get('outlook')).not.toHaveProperty('clientSecrets')
    expect(Object.fromEntries(refreshTokens)).toEqual({
      'desk@example.com': 'refresh-token-of-desk',
      'notes@example.com': 'refresh-token-of-notes',
    })
    const { stdout } = await stage.postern(['mailbox', 'show', 'desk@example.com', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ saslUser: 'desk@contoso.onmicrosoft.com' })
  })

  it('of sasl-xoauth2 that name neither client nor mailbox are told what they lack', async () => {
    const path = join(stage.folder, 'token')
    await copyFile(sample('notes@example.com'), path)
    expect(left(await imported(path))).toEqual([
      `the tokens in ${path}: neither the file nor its name says whose they are: name the mailbox with --address`,
    ])
    const { code, stdout } = await run([path, '--address', 'notes@example.com', '--json'])
    expect(code).toBe(1)
    expect((JSON.parse(stdout) as Result).steps).toMatchObject([
      { outcome: 'failed', detail: 'No file names its client', fix: expect.stringContaining('--provider') },
    ])
    await stage.postern(['registration', 'add', 'google', '--client-id', 'mine.apps.googleusercontent.com'])
    const given = await imported(path, '--address', 'notes@example.com', '--provider', 'google')
    expect(outcomes(given)).toEqual(['added mailbox notes@example.com'])
    expect((await kept()).refreshTokens.get('notes@example.com')).toBe('refresh-token-of-notes')
  })

  it('of mutt_oauth2.py come with their client', async () => {
    const result = await imported(sample('mutt.tokens'))
    expect(result.formats).toEqual(['mutt-oauth2'])
    expect(outcomes(result)).toEqual(['added registration microsoft', 'added mailbox writer@example.com'])
    const { registrations, refreshTokens } = await kept()
    expect(refreshTokens.get('writer@example.com')).toBe('refresh-token-of-writer')
    expect(registrations.get('microsoft')).toMatchObject({
      tenant: 'common',
      clientSecrets: [{ value: 'secret-of-mutt' }],
    })
  })

  it('of oama come with the client of its settings', async () => {
    const result = await imported(sample('oama.yaml'), sample('reader@gmail.com.oama'))
    expect(outcomes(result)).toEqual(['added registration google', 'added mailbox reader@gmail.com'])
    expect(left(result)).toEqual([
      'the service microsoft: it is the sample: its client_id was never filled in',
      'the service yahoo: a command gives its client: write what that prints in the place of client_id_cmd and client_secret_cmd',
    ])
    expect((await kept()).refreshTokens.get('reader@gmail.com')).toBe('refresh-token-of-reader')
  })

  it.runIf(peer('gpg'))('that GnuPG has encrypted are opened by the command that is given', async () => {
    const home = join(stage.folder, 'gnupg')
    await mkdir(home, { mode: 0o700 })
    const words = ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', 'of-the-file']
    const sealed = join(stage.folder, 'writer.gpg')
    const made = await runProgram('gpg', [...words, '--symmetric', '--output', sealed, sample('mutt.tokens')])
    expect(made).toMatchObject({ code: 0 })
    const shut = await run([sealed])
    expect(shut).toMatchObject({ code: 1, stdout: '' })
    expect(shut.stderr).toContain(`${sealed} is encrypted, or no text\n  Fix: Give the command that opens it`)
    const command = `gpg --quiet ${words.join(' ')} --decrypt 2>/dev/null`
    expect(outcomes(await imported(sealed, '--decrypt-command', command))).toEqual([
      'added registration microsoft',
      'added mailbox writer@example.com',
    ])
    expect((await kept()).refreshTokens.get('writer@example.com')).toBe('refresh-token-of-writer')
    const wrong = await run([sealed, '--decrypt-command', command.replace('of-the-file', 'of-another')])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('ended with 2')
    const endless = await run([sealed, '--decrypt-command', 'yes'])
    expect(endless.stderr).toContain('is larger than 1024 KiB')
  })
})

describe('relays', () => {
  it('config.yml of SMTP2Graph brings its app, the addresses that it sends from, and its users', async () => {
    const result = await imported(sample('smtp2graph.yml'), '--dry-run')
    expect(outcomes(result)).toEqual([
      'would be added registration microsoft',
      'would be added mailbox noreply@example.com',
      'would be added mailbox shop@example.com',
      'would be added login printer',
      'would be added login shop',
    ])
    const { code, stdout } = await run([sample('smtp2graph.yml'), '--json'])
    // The password of the shop is one that everybody guesses.
    expect(code).toBe(1)
    expect(outcomes(JSON.parse(stdout))).toEqual([
      ...outcomes(result)
        .slice(0, 4)
        .map((one) => one.replace('would be added', 'added')),
      'failed login shop',
    ])
    expect((await kept()).registrations.get('microsoft')).toMatchObject({
      tenant: 'contoso.onmicrosoft.com',
      clientSecrets: [{ value: 'secret-of-smtp2graph' }],
    })
    const mailbox = JSON.parse(
      (await stage.postern(['mailbox', 'show', 'shop@example.com', '--json'])).stdout,
    )
    expect(mailbox).toMatchObject({ flow: 'client-credentials' })
    const { logins } = JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout)
    expect(logins).toMatchObject([
      {
        userName: 'printer',
        mailboxes: ['noreply@example.com'],
        networks: ['127.0.0.1/32', '192.168.30.0/24'],
        limits: { recipients: ['warehouse@example.com'] },
      },
    ])
    expect(left(result).map((one) => one.split(': ')[0])).toEqual([
      'the repeats (retryLimit, retryInterval)',
      'of allowedRcpt everybody',
      'port',
      'listenAddress',
      'maxSize',
    ])
  })

  it('the environment of a Postfix image brings its client, its token and who may send by address', async () => {
    const result = await imported(sample('postfix.env'))
    expect(outcomes(result)).toEqual([
      'added registration microsoft',
      'added mailbox relay@example.com',
      'added login Postfix relay, by address',
    ])
    expect((await kept()).refreshTokens.get('relay@example.com')).toBe('refresh-token-of-the-image')
    const { logins } = JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout)
    expect(logins).toMatchObject([
      {
        password: 'none',
        networks: ['10.1.0.0/16', '192.168.7.0/24'],
        senders: ['*@example.com', '*@example.net'],
      },
    ])
    expect(left(result)).toEqual([
      'POSTFIX_message_size_limit: it is a setting of Postfix, which may stay in front of postern',
    ])
  })

  it.each([
    ['', []],
    [' (dry run)', ['--dry-run']],
  ])('what needs something that is not there fails%s', async (_, dry) => {
    await stage.makeStore()
    const failed = async (...words: string[]) => {
      const { code, stdout } = await run([...words, ...dry, '--json'])
      expect(code).toBe(1)
      return (JSON.parse(stdout) as Result).steps.map(({ kind, outcome, detail }) => [kind, outcome, detail])
    }
    expect(await failed(sample('smtprelay.ini'))).toEqual([
      ['mailbox', 'failed', 'No file names its client, and google has no registration yet'],
      ['login', 'failed', 'There is no mailbox scanner@example.com'],
    ])
    const words = [sample('notes@example.com'), '--address']
    expect(await failed(...words, 'notes@example.com', '--provider', 'nowhere')).toEqual([
      ['mailbox', 'failed', 'No file names its client, and nowhere has no registration yet'],
    ])
    expect((await failed(...words, 'no address'))[0]).toEqual([
      'mailbox',
      'failed',
      '"no address" is not a mail address',
    ])
  })

  it('smtprelay.ini brings who may send by address, to a registration that is there', async () => {
    const { code, stdout } = await run([sample('smtprelay.ini'), '--json'])
    expect(code).toBe(1)
    expect((JSON.parse(stdout) as Result).steps[0]).toMatchObject({
      outcome: 'failed',
      detail: 'No file names its client, and google has no registration yet',
    })
    await stage.postern(['registration', 'add', 'google', '--client-id', 'mine.apps.googleusercontent.com'])
    const result = await imported(sample('smtprelay.ini'))
    expect(outcomes(result)).toEqual([
      'added mailbox scanner@example.com',
      'added login smtprelay, by address',
    ])
    expect(left(result).map((one) => one.split(': ')[0])).toEqual(['listen', 'allowed_users'])
    const { logins } = JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout)
    expect(logins).toMatchObject([{ limits: { recipients: ['*@example.net'] } }])
  })
})

describe('damage', () => {
  it.each([
    [
      'sasl-xoauth2 that is cut off',
      'a@b.example',
      '{"client_id": "x",\n "refresh_token": "refresh-token-of-',
      'line 2: this is not JSON',
    ],
    [
      'sasl-xoauth2 with a wrong type',
      'a@b.example',
      '{"client_id": "x",\n\n "refresh_token": ["refresh-token-of-x"]}',
      'line 3: refresh_token must be a text in quotes',
    ],
    [
      'mutt with a wrong type',
      'mutt.tokens',
      '{"registration": "google", "authflow": "x",\n"client_id": 7, "email": "a@b.example"}',
      'line 2: client_id must be a text in quotes',
    ],
    [
      'oama settings with a wrong type',
      'config.yaml',
      'services:\n  google:\n    client_id: x\n    client_secret: [secret-of-oama]\n',
      'line 4: services.google.client_secret must be a text in quotes',
    ],
    [
      'SMTP2Graph without its registration',
      'config.yml',
      'mode: full\nsend:\n  retryLimit: 1\n',
      'line 3: send.appReg is missing',
    ],
    [
      'SMTP2Graph with a wrong type',
      'config.yml',
      'send:\n  appReg:\n    tenant: x\n    id: y\nreceive:\n  users:\n    - username: a\n      password: 17\n',
      'line 8: receive.users[0].password must be a text in quotes',
    ],
    ['YAML that is none', 'config.yml', 'send:\n  appReg: {tenant: x\nreceive: [\n', 'this is not YAML'],
    ['aliases without end', 'config.yml', bomb(), 'it is nested too deeply, or has too many aliases'],
    [
      'JSON nested without end',
      'a@b.example',
      `{"refresh_token": ${'['.repeat(400_000)}`,
      'this is not JSON',
    ],
    ['YAML nested without end', 'config.yml', `send:\n  appReg: ${'['.repeat(40_000)}`, 'this is not YAML'],
    [
      'a file of nobody',
      'notes.txt',
      'Dear Mr Smith,\n',
      'is no file of a program that postern moves in from',
    ],
    ['an empty file', 'empty', '', 'is no file of a program that postern moves in from'],
    ['octets that are no text', 'binary', Buffer.from([0, 255, 254, 1, 2, 3]), 'is encrypted'],
    ['a huge file', 'huge', 'x'.repeat(1_100_000), 'is larger than 1024 KiB'],
  ])('%s is told, without a word of the file', async (_, name, text, what) => {
    const path = await written(name, text)
    const { code, stdout, stderr } = await run([path])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(path)
    expect(stderr).toContain(what)
    const json = await run([path, '--json'])
    expect(JSON.parse(json.stderr).error.failure).toMatch(/^import\./)
    expect((await stage.postern(['mailbox', 'list', '--json'])).stdout).not.toContain('b.example')
  })

  it('a file that is not there, and a folder, are named', async () => {
    expect((await run([join(stage.folder, 'nowhere')])).stderr).toContain('nowhere cannot be read (ENOENT)')
    expect((await run([stage.folder])).stderr).toContain('cannot be read (EISDIR)')
  })

  it('--format decides, whatever the file looks like', async () => {
    const { stderr } = await run([sample('mutt.tokens'), '--format', 'oama'])
    expect(stderr).toBe('')
    const wrong = await run([sample('emailproxy.config'), '--format', 'smtp2graph'])
    expect(wrong.stderr).toMatch(/this is not YAML|must be an object/)
  })
})

/** Nine times nine times nine … of one text. */
function bomb(): string {
  const lines = ['a0: &a0 x']
  for (let depth = 1; depth < 10; depth += 1)
    lines.push(
      `a${depth}: &a${depth} [${Array(9)
        .fill(`*a${depth - 1}`)
        .join(', ')}]`,
    )
  return `${lines.join('\n')}\nsend:\n  appReg: *a9\n`
}

it('what came in by the running postern is used at once: the refresh token with its client', async () => {
  const endpoint = await startTokenEndpoint()
  try {
    const text = (await readFile(sample('emailproxy.config'), 'utf8')).replaceAll(
      'https://login.example.org',
      endpoint.origin,
    )
    await stage.serve()
    await imported(await written('emailproxy.config', text), ...passwordFiles())
    endpoint.answer(tokens('access-token-that-is-new', { refresh_token: 'rotated' }))
    const { stdout } = await stage.postern(['token', 'post@example.org'])
    expect(stdout).toBe('access-token-that-is-new\n')
    expect(endpoint.requests[0]).toMatchObject({
      path: '/token',
      form: { grant_type: 'refresh_token', refresh_token: 'refresh-token-of-post' },
    })
    const { form = {}, headers = {} }: Partial<TokenRequest> = endpoint.requests[0] ?? {}
    const basic = Buffer.from(`${headers.authorization}`.replace('Basic ', ''), 'base64').toString()
    expect(`${form.client_id}:${form.client_secret} ${basic}`).toContain(
      'client-at-example-org:secret-at-example-org',
    )
  } finally {
    await endpoint.close()
  }
})
