import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { describeConfig, type EffectiveConfig, readConfig } from '../../src/config/read-config.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { brokenConfigurations } from './broken-configurations.ts'
import { memoryFiles } from './memory-files.ts'

const key = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE='

async function effective(
  environment: Record<string, string>,
  files: Record<string, string> = {},
): Promise<EffectiveConfig> {
  const reading = await readConfig(environment, memoryFiles(files))
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  return reading
}

describe('a broken configuration', () => {
  it.each(brokenConfigurations)(
    'every mistake is told in full: $name',
    async ({ environment = {}, files = {}, mistakes }) => {
      const reading = await readConfig(environment, memoryFiles(files))
      expect('mistakes' in reading ? reading.mistakes : []).toEqual(mistakes)
    },
  )

  it('all mistakes are told at once', async () => {
    const all = brokenConfigurations.filter(({ name }) =>
      [
        'a level that there is not',
        'secrets without their client IDs',
        'one address for both servers',
      ].includes(name),
    )
    const environment = Object.assign({}, ...all.map((broken) => broken.environment))
    const reading = await readConfig(environment, memoryFiles())
    expect('mistakes' in reading && new Set(reading.mistakes)).toEqual(
      new Set(all.flatMap((broken) => broken.mistakes)),
    )
  })

  it('no secret is ever shown', async () => {
    for (const { environment = {}, files = {} } of brokenConfigurations) {
      const told = JSON.stringify(await readConfig(environment, memoryFiles(files)))
      expect(told).not.toMatch(/s3cr3t|hunter2|not-a-key|changeme|abc#def|MDEyMzQ1/)
    }
  })
})

describe('a configuration', () => {
  it('what is set to nothing, as compose files and charts do, is not set', async () => {
    const given = {
      POSTERN_DATA_DIR: '',
      POSTERN_KEY_FILE: ' ',
      POSTERN_NO_SUCH: '',
      POSTERN_VERSION: '1.2.3',
    }
    const { config, sources } = await effective(given)
    expect(config.dataDir).toBe('/srv/postern/data')
    expect(sources.dataDir).toBe('default')
  })

  it('another file takes the place of .env, which may be of another program', async () => {
    const files = { '.env': 'POSTERN_LOG_LEVEL=loud', '/etc/postern/env': 'POSTERN_LOG_LEVEL=warn' }
    const { config } = await effective({ POSTERN_ENV_FILE: '/etc/postern/env' }, files)
    expect(config.logLevel).toBe('warn')
  })

  it('a .env that this user may not read is not used, and a warning says so', async () => {
    const reading = await readConfig({}, memoryFiles({ '.env': undefined }))
    expect('mistakes' in reading ? reading.mistakes : reading.warnings).toEqual([
      '/srv/postern/.env cannot be read: this user may not read it. It is not used; POSTERN_ENV_FILE names another one.',
    ])
  })

  it('a configuration needs nothing at all', async () => {
    const { config, warnings } = await effective({})
    expect(config).toEqual({
      dataDir: '/srv/postern/data',
      smtpListen: [
        { host: '127.0.0.1', port: 2587, tls: 'none', plainAuth: false, oldTls: false },
        { host: '::1', port: 2587, tls: 'none', plainAuth: false, oldTls: false },
      ],
      webListen: [
        { host: '127.0.0.1', port: 8587 },
        { host: '::1', port: 8587 },
      ],
      publicUrl: new URL('http://localhost:8587'),
      registrations: {},
      customProviders: [],
      providerOverrides: new Map(),
      shippedProviders: [],
      metrics: { listen: [], mailboxes: 0 },
      notify: {},
      pageAccess: { administrators: [], viewers: [] },
      logLevel: 'info',
      journalRecipients: 'refused',
      limits: expect.objectContaining({
        commandLineOctets: 4096,
        messageOctets: 0,
        consentLinkSeconds: 86_400,
      }),
    })
    expect(warnings).toEqual([])
  })

  it('registrations are taken with and without a secret', async () => {
    const { config } = await effective({
      POSTERN_MICROSOFT_CLIENT_ID: 'public-client',
      POSTERN_GOOGLE_CLIENT_ID: 'confidential-client',
      POSTERN_GOOGLE_CLIENT_SECRET: 's3cr3t',
    })
    expect(config.registrations.microsoft).toEqual({
      cloud: 'worldwide',
      clientId: 'public-client',
      clientSecrets: [],
      tenant: 'common',
    })
    expect(config.registrations.google?.clientSecrets[0]?.value.reveal()).toBe('s3cr3t')
  })

  it('secrets are taken in their order, with the days on which they end, and the cloud', async () => {
    const { config } = await effective({
      POSTERN_MICROSOFT_CLIENT_ID: 'app',
      POSTERN_MICROSOFT_TENANT: '11111111-2222-3333-4444-555555555555',
      POSTERN_MICROSOFT_CLOUD: 'dod',
      POSTERN_MICROSOFT_CLIENT_SECRET: 'this-one',
      POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES: '2027-11-30',
      POSTERN_MICROSOFT_NEXT_CLIENT_SECRET: 'that-one',
      POSTERN_GOOGLE_CLIENT_ID: 'other',
      POSTERN_GOOGLE_TESTING: 'yes',
    })
    const { clientSecrets, cloud } = config.registrations.microsoft ?? { clientSecrets: [] }
    expect(cloud).toBe('dod')
    expect(clientSecrets.map(({ value, expiresAt }) => [value.reveal(), expiresAt])).toEqual([
      ['this-one', Date.parse('2027-11-30T00:00:00Z')],
      ['that-one', undefined],
    ])
    expect(config.registrations.google?.testing).toBe(true)
  })

  it('a certificate and a service account are taken from their files', async () => {
    const { pem, keyPem, thumbprint, expiresAt } = await clientCertificate('rsa')
    const account = {
      type: 'service_account',
      client_email: 'postern@project.iam.gserviceaccount.com',
      client_id: '1234',
      private_key_id: 'key-1',
      private_key: keyPem,
    }
    const { config } = await effective(
      {
        POSTERN_MICROSOFT_CLIENT_ID: 'app',
        POSTERN_MICROSOFT_CERT_FILE: 'app.pem',
        POSTERN_MICROSOFT_CERT_KEY_FILE: 'app-key.pem',
        POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE: 'account.json',
        POSTERN_PROXY: 'http://me:h%40sh@proxy.example.com:3128',
      },
      { 'app.pem': pem, 'app-key.pem': keyPem, 'account.json': JSON.stringify(account) },
    )
    expect(config.registrations.microsoft?.certificate).toMatchObject({ thumbprint, expiresAt })
    const { googleServiceAccount: { key, ...shown } = { key: new Secret('') } } = config.registrations
    expect(shown).toEqual({ email: account.client_email, clientId: '1234', keyId: 'key-1' })
    expect(key.reveal()).toBe(keyPem)
    expect(config.proxy?.origin).toBe('http://proxy.example.com:3128')
    expect(config.proxy?.credentials?.reveal()).toBe('me:h@sh')
  })

  it.each([
    ['with a line end', 's3cr3t\n', 's3cr3t'],
    ['with the line end of Windows', 's3cr3t\r\n', 's3cr3t'],
    ['without a line end', 's3cr3t', 's3cr3t'],
  ])('a secret is read from a file %s', async (_, text, secret) => {
    const { config, sources } = await effective(
      { POSTERN_GOOGLE_CLIENT_ID: 'mine', POSTERN_GOOGLE_CLIENT_SECRET_FILE: 'run/secret' },
      { 'run/secret': text },
    )
    expect(config.registrations.google?.clientSecrets[0]?.value.reveal()).toBe(secret)
    expect(sources.googleClientSecret).toBe('file /srv/postern/run/secret')
  })

  it('settings come from .env where the environment does not say otherwise', async () => {
    const file = '\uFEFFexport POSTERN_LOG_LEVEL=warn # quiet\r\nPOSTERN_IDLE_SECONDS="60"\r\nOTHER=x\r\n'
    const { config, sources } = await effective(
      { POSTERN_IDLE_SECONDS: '90', HOME: '/root' },
      { '.env': file },
    )
    expect([config.logLevel, sources.logLevel]).toEqual(['warn', '.env'])
    expect([config.limits.idleSeconds, sources.idleSeconds]).toEqual([90, 'environment'])
  })

  it('what is set on the pages holds where nothing else is said, and nothing but the listener is set there', async () => {
    const file = 'POSTERN_SMTP_LISTEN=127.0.0.2:2587\n'
    const made = { '/var/lib/postern/settings.env': file }
    const at = { POSTERN_DATA_DIR: '/var/lib/postern' }
    const { config, sources } = await effective(at, made)
    expect([config.smtpListen[0]?.host, sources.smtpListen]).toEqual(['127.0.0.2', 'pages'])
    const own = { ...made, '.env': 'POSTERN_SMTP_LISTEN=127.0.0.3:2587' }
    expect((await effective(at, own)).config.smtpListen[0]?.host).toBe('127.0.0.3')
    const more = await readConfig(
      at,
      memoryFiles({ '/var/lib/postern/settings.env': 'POSTERN_LOG_LEVEL=debug' }),
    )
    expect('mistakes' in more && more.mistakes).toEqual([
      '/var/lib/postern/settings.env may not set POSTERN_LOG_LEVEL: set it in .env.',
    ])
  })

  it('quoted values with # and over several lines are read from .env', async () => {
    const file =
      'POSTERN_GOOGLE_CLIENT_ID=mine\nPOSTERN_GOOGLE_CLIENT_SECRET=\'a#b\'\nNOTE="one\ntwo"\nPOSTERN_LOG_LEVEL=error'
    const { config } = await effective({}, { '.env': file })
    expect(config.registrations.google?.clientSecrets[0]?.value.reveal()).toBe('a#b')
    expect(config.logLevel).toBe('error')
  })

  it.each([
    ['https://postern.example.com/', 'https://postern.example.com/'],
    ['https://example.com/postern//', 'https://example.com/postern'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000/'],
    ['http://[::1]:9000', 'http://[::1]:9000/'],
  ])('%s is taken as the public address', async (text, href) => {
    expect((await effective({ POSTERN_PUBLIC_URL: text })).config.publicUrl.href).toBe(href)
  })

  it.each([
    ['127.0.0.1:9000', 'http://127.0.0.1:9000/'],
    ['127.0.0.1:8587', 'http://127.0.0.1:8587/'],
    ['[::1]:8587', 'http://[::1]:8587/'],
    ['127.0.0.2:8587', 'http://127.0.0.2:8587/'],
    ['[::ffff:127.0.0.1]:8587', 'http://127.0.0.1:8587/'],
    ['127.0.0.1:9000,[::1]:9000', 'http://localhost:9000/'],
    ['localhost:9000', 'http://localhost:9000/'],
    ['127.0.0.1:0', 'http://127.0.0.1:0/'],
    ['127.0.0.1:0,[::1]:9000', 'http://[::1]:9000/'],
    ['127.0.0.1:9000,[::1]:8587', 'http://[::1]:8587/'],
    ['127.0.0.1:9000,[::1]:9001', 'http://127.0.0.1:9000/'],
    ['0.0.0.0:9000+plain-http', 'http://127.0.0.1:9000/'],
    ['[::]:9000+plain-http', 'http://localhost:9000/'],
    ['192.0.2.7:9000+plain-http', 'http://192.0.2.7:9000/'],
  ])('pages on %s are announced at an address that nobody else can take: %s', async (listen, href) => {
    expect((await effective({ POSTERN_WEB_LISTEN: listen })).config.publicUrl.href).toBe(href)
  })

  it.each([
    ['127.0.0.1:9000', 'http://localhost:9000', ['127.0.0.1:9000', '::1:9000']],
    ['[::1]:9000', 'http://localhost:9000', ['::1:9000', '127.0.0.1:9000']],
    ['127.0.0.1:80', 'http://localhost', ['127.0.0.1:80', '::1:80']],
    ['127.0.0.1:9000', 'http://LocalHost:9000/x', ['127.0.0.1:9000', '::1:9000']],
    ['127.0.0.1:9000', 'http://gate.localhost:9000', ['127.0.0.1:9000', '::1:9000']],
    ['0.0.0.0:9000+plain-http', 'http://localhost:9000', ['0.0.0.0:9000', '::1:9000']],
    ['[::]:9000+plain-http', 'http://localhost:9000', [':::9000']],
    ['localhost:9000', 'http://localhost:9000', ['127.0.0.1:9000', '::1:9000']],
    ['127.0.0.1:9000', 'http://127.0.0.1:9000', ['127.0.0.1:9000']],
    ['127.0.0.1:9000', 'https://localhost:9000', ['127.0.0.1:9000']],
    ['127.0.0.1:9000', 'http://localhost:9001', ['127.0.0.1:9000']],
  ])('a server on %s, with the public address %s, listens wherever that leads', async (listen, url, all) => {
    const { config } = await effective({ POSTERN_WEB_LISTEN: listen, POSTERN_PUBLIC_URL: url })
    expect(config.webListen.map(({ host, port }) => `${host}:${port}`)).toEqual(all)
  })

  it('the pages of administration may have a name of their own, and a server listens wherever that leads', async () => {
    const listen = { POSTERN_WEB_LISTEN: '127.0.0.1:8587' }
    expect((await effective(listen)).config.pagesUrl).toBeUndefined()
    const { config } = await effective({ ...listen, POSTERN_PAGES_URL: 'http://postern.localhost:8587/' })
    expect([config.publicUrl.href, config.pagesUrl?.href]).toEqual([
      'http://127.0.0.1:8587/',
      'http://postern.localhost:8587/',
    ])
    expect(config.webListen.map(({ host }) => host)).toEqual(['127.0.0.1', '::1'])
  })

  it('the pages are reached beyond loopback behind https, and otherwise when that is asked for, with a warning', async () => {
    const listen = { POSTERN_WEB_LISTEN: '0.0.0.0:8587' }
    const behind = await effective({ ...listen, POSTERN_PUBLIC_URL: 'https://mail.example.com' })
    expect(behind.warnings).toEqual([])
    const plain = await effective({ POSTERN_WEB_LISTEN: '127.0.0.1:1,0.0.0.0:8587+plain-http' })
    expect(plain.warnings).toEqual([
      'POSTERN_WEB_LISTEN has 0.0.0.0:8587+plain-http: who listens on the network there reads passwords, API keys and tokens.',
    ])
  })

  it('connections are taken from front ends that are named, and shown as they were set', async () => {
    const listen = '0.0.0.0:2587+plain-auth+proxy=192.0.2.7/32+proxy=2001:db8::/32,127.0.0.1:2588'
    const reading = await effective({ POSTERN_SMTP_LISTEN: listen.replace('192.0.2.7/32', '192.0.2.7') })
    expect(reading.config.smtpListen.map(({ frontEnds }) => frontEnds)).toEqual([
      ['192.0.2.7/32', '2001:db8::/32'],
      undefined,
    ])
    expect(describeConfig(reading).find(({ name }) => name === 'POSTERN_SMTP_LISTEN')?.value).toBe(listen)
  })

  it('SMTP listens beyond loopback without TLS when that is asked for, with a warning', async () => {
    const { config, warnings } = await effective({ POSTERN_SMTP_LISTEN: '0.0.0.0:2587+plain-auth' })
    expect(config.smtpListen).toEqual([
      { host: '0.0.0.0', port: 2587, tls: 'none', plainAuth: true, oldTls: false },
    ])
    expect(warnings).toEqual([
      'POSTERN_SMTP_LISTEN has 0.0.0.0:2587+plain-auth: who listens on the network there reads the password and the mail.',
    ])
  })

  it.each([['127.8.8.8:25'], ['localhost:25'], ['[::1]:25'], ['[::ffff:127.0.0.1]:25']])(
    '%s is known as loopback',
    async (listen) => {
      expect((await effective({ POSTERN_SMTP_LISTEN: listen })).config.smtpListen).toHaveLength(1)
    },
  )

  it('an environment that tells Node to verify no certificate is warned of', async () => {
    expect((await effective({ NODE_TLS_REJECT_UNAUTHORIZED: '1' })).warnings).toEqual([])
    expect((await effective({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).warnings).toEqual([
      'NODE_TLS_REJECT_UNAUTHORIZED=0 stands in the environment: postern verifies every certificate all the same. Remove it, and give a private authority in POSTERN_EXTRA_CA_FILE.',
    ])
  })

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'a warning names %s, which nobody reads, without its value',
    async (name) => {
      const proxy = 'http://me:secret@proxy.example:3128'
      const { warnings } = await effective({ [name]: proxy })
      expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${name} stands .* POSTERN_PROXY\\.$`))])
      expect(warnings.join()).not.toContain('secret')
      expect((await effective({ [name]: proxy, POSTERN_PROXY: proxy })).warnings).toEqual([])
      expect((await effective({ [name]: '' })).warnings).toEqual([])
      expect((await effective({}, { '.env': `${name}=${proxy}\n` })).warnings).toEqual([
        expect.stringMatching(`^${name} stands in .env, `),
      ])
    },
  )

  it('the authorities that NODE_EXTRA_CA_CERTS names are trusted, and a start goes on without those that cannot be read', async () => {
    const { pem: theirs } = await clientCertificate('ec')
    const environment = { NODE_EXTRA_CA_CERTS: 'theirs.pem' }
    const { config, warnings } = await effective(environment, { 'theirs.pem': theirs })
    expect({ extraCa: config.extraCa, warnings }).toEqual({ extraCa: theirs, warnings: [] })
    expect((await effective(environment)).warnings).toEqual([
      'NODE_EXTRA_CA_CERTS (theirs.pem) cannot be read: there is no such file.',
    ])
    expect((await effective(environment, { 'theirs.pem': 'none' })).warnings).toEqual([
      'NODE_EXTRA_CA_CERTS (theirs.pem) holds no certificate.',
    ])
  })

  it('links in notices that open on this machine only are warned of', async () => {
    const notify = { POSTERN_NOTIFY_COMMAND: 'cat' }
    expect((await effective(notify)).warnings).toEqual([
      expect.stringMatching(/^Notices are sent, .* http:\/\/localhost:8587, .* POSTERN_PUBLIC_URL/),
    ])
    expect((await effective({ ...notify, POSTERN_PUBLIC_URL: 'https://postern.example' })).warnings).toEqual(
      [],
    )
    expect((await effective({})).warnings).toEqual([])
  })

  it('a command that prints the key gets what a program needs to run, and nothing else', async () => {
    const environment = {
      PATH: '/bin',
      HOME: '/root',
      VAULT_TOKEN: 'hvs.secret',
      POSTERN_KEY_COMMAND: ' vault get ',
    }
    expect((await effective(environment)).config.key).toEqual({
      line: new Secret('vault get'),
      environment: { PATH: '/bin', HOME: '/root' },
    })
  })

  it('and on Windows what PowerShell does not start without', async () => {
    const windows = {
      SystemRoot: 'C:\\Windows',
      windir: 'C:\\Windows',
      TEMP: 'C:\\Temp',
      USERPROFILE: 'C:\\Users\\postern',
      PSModulePath: 'C:\\Modules',
    }
    const { config } = await effective({ ...windows, POSTERN_NOTIFY_COMMAND: 'notify.ps1', SECRET: 'x' })
    expect(config.notify.command?.environment).toEqual(windows)
  })

  it('a key is taken in each form, and one in the environment is warned of', async () => {
    const hex = Buffer.from(key, 'base64').toString('hex')
    expect((await effective({ POSTERN_KEY: hex })).config.key).toEqual(new Secret(hex))
    const { key: given } = (await effective({ POSTERN_KEY: hex })).config
    expect(given && 'reveal' in given && given.reveal()).toBe(hex)
    expect((await effective({ POSTERN_KEY: key })).warnings).toEqual([
      expect.stringContaining('POSTERN_KEY_FILE is safer'),
    ])
    expect((await effective({ POSTERN_KEY_FILE: 'k' }, { k: `${key}\n` })).warnings).toEqual([])
  })

  it('variables that Kubernetes makes for a service called postern are overlooked', async () => {
    const { config } = await effective({
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SERVICE_PORT: '2587',
      POSTERN_SERVICE_PORT_SMTP: '2587',
      POSTERN_PORT: 'tcp://10.0.0.1:2587',
      POSTERN_PORT_2587_TCP: 'tcp://10.0.0.1:2587',
      POSTERN_PORT_2587_TCP_ADDR: '10.0.0.1',
      POSTERN_WEB_SERVICE_HOST: '10.0.0.2',
      POSTERN_WEB_PORT: 'tcp://10.0.0.2:8587',
    })
    expect(config.webListen).toHaveLength(2)
    expect(await readConfig({ POSTERN_PORT: '2587' }, memoryFiles())).toHaveProperty('mistakes')
  })
})
