import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { SmtpListener } from '../../src/net/listen.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createCertificates } from '../../src/tls/certificates.ts'
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { peer } from '../support/peer.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { runProgram } from '../support/run-program.ts'
import { openSmtpServer, type SmtpStage, type StageSettings } from '../support/smtp-stage.ts'
import { meetInPieces, meetWithTls } from '../support/tls-client.ts'
import { writeCertificateFiles } from '../tls/certificate-files.ts'

const greeting = '220 localhost ESMTP postern'
const oldTls = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

let authority: Authority
let tls: Certificate
let ca: string

beforeAll(async () => {
  authority = await createAuthority()
  tls = await authority.issue()
  ca = authority.ca
})

async function open(
  listener: Partial<SmtpListener> = {},
  settings: StageSettings = {},
): Promise<SmtpStage & { log: ReturnType<typeof createRecordingLog> }> {
  const log = createRecordingLog()
  const stage = await openSmtpServer({ tls, log, ...settings, listen: [listener] })
  onTestFinished(() => stage.server.stop(0))
  return { ...stage, log }
}

function arrive(endpoint: Endpoint): LineClient {
  const client = connectLineClient(endpoint)
  onTestFinished(() => client.close())
  return client
}

/** Its message and fields, once it is there. */
function told({ lines }: ReturnType<typeof createRecordingLog>, message: string): Promise<unknown> {
  return eventually(message, () => lines.find((line) => line.message === message))
}

describe('TLS at the SMTP server', () => {
  it.each(['starttls', 'implicit'] as const)('TLS begins with the first octet: %s', async (way) => {
    const { endpoint } = await open({ tls: way })
    expect(await meetWithTls(endpoint, { ca })).toMatchObject({ greeting, protocol: 'TLSv1.3' })
    expect(await meetWithTls(endpoint, { ca, maxVersion: 'TLSv1.2' })).toMatchObject({ protocol: 'TLSv1.2' })
  })

  it.each(['starttls', 'implicit'] as const)(
    'TLS takes a hello that comes octet by octet: %s',
    async (way) => {
      const { endpoint } = await open({ tls: way })
      expect(await meetInPieces(endpoint, { ca })).toMatchObject({ greeting })
    },
  )

  it('TLS carries a whole session with a large message, and takes no STARTTLS in it', async () => {
    const { endpoint, relay } = await open({ tls: 'implicit' })
    delete relay.offer.size
    const client = arrive(endpoint)
    await client.startTls(ca)
    const message = `${'x'.repeat(998)}\r\n`.repeat(5000)
    const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
    client.send(
      `EHLO a\r\nSTARTTLS\r\n${auth}\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n`,
    )
    const codes = []
    for (let replies = 0; replies < 7; replies++) codes.push((await client.reply()).code)
    expect(codes).toEqual([220, 250, 503, 235, 250, 250, 354])
    client.send(`${message}.\r\nQUIT\r\n`)
    expect((await client.reply()).code).toBe(250)
    expect(await client.rest()).toContain('221')
    expect(relay.messages[0]?.toString()).toBe(message)
  })

  it('TLS 1.0 and 1.1 are refused, and the log says what would take them', async () => {
    const { endpoint, log } = await open()
    expect(await meetWithTls(endpoint, { ca, ...oldTls })).toMatchObject({
      error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    })
    expect(await told(log, 'TLS with a client failed')).toMatchObject({
      level: 'warn',
      fields: {
        source: '127.0.0.1',
        why: expect.stringContaining('no version of TLS in common'),
        fix: expect.stringContaining('+old-tls'),
      },
    })
  })

  it.each(['starttls', 'implicit'] as const)(
    'TLS 1.0 and 1.1 are spoken where +old-tls stands: %s',
    async (way) => {
      const { endpoint } = await open({ tls: way, oldTls: true })
      expect(await meetWithTls(endpoint, { ca, ...oldTls })).toMatchObject({ greeting, protocol: 'TLSv1' })
      expect(await meetWithTls(endpoint, { ca })).toMatchObject({ greeting, protocol: 'TLSv1.3' })
    },
  )

  it('a handshake that takes too long ends with the time for a sign-in, and the log says why', async () => {
    const { endpoint, log } = await open({ tls: 'implicit' }, { limits: { signInSeconds: 0.2 } })
    expect(await arrive(endpoint).rest()).toBe('')
    expect(await told(log, 'TLS with a client failed')).toMatchObject({
      fields: { why: expect.stringContaining('in time'), fix: expect.stringContaining('SSL/TLS') },
    })
  })

  it.each([
    ['STARTTLS', 'EHLO a\r\nSTARTTLS\r\n', 'asked for STARTTLS'],
    ['half a hello', Buffer.from('160301', 'hex'), 'began with TLS'],
  ])('a client that falls silent behind %s is not told to begin with TLS', async (_, sent, fix) => {
    const { endpoint, log } = await open({}, { limits: { signInSeconds: 0.2 } })
    const client = arrive(endpoint)
    client.send(sent)
    await client.rest()
    expect(await told(log, 'TLS with a client failed')).toMatchObject({
      fields: {
        why: expect.stringContaining('in time'),
        fix: expect.stringMatching(new RegExp(`${fix}, and then fell silent(?!.*Choose "SSL/TLS")`)),
      },
    })
  })

  it.each([
    ['EHLO a\r\n', 'what the client sent is not TLS'],
    ['GET / HTTP/1.1\r\n\r\n', 'what the client sent is not TLS'],
  ])('the log says that %j is no TLS where nothing else is spoken', async (text, why) => {
    const { endpoint, log } = await open({ tls: 'implicit' })
    const client = arrive(endpoint)
    client.send(text)
    expect(await client.rest()).not.toContain('220')
    expect(await told(log, 'TLS with a client failed')).toMatchObject({
      fields: { why: expect.stringContaining(why), fix: expect.stringContaining('"SSL/TLS"') },
    })
  })

  it('a source that fails and fails is warned of a few times a minute, and then how often it did', async () => {
    const clock = createManualClock()
    const { endpoint, log } = await open({ tls: 'implicit' }, { clock })
    const failures = () => log.lines.filter(({ message }) => message === 'TLS with a client failed')
    const fail = async () => {
      const client = arrive(endpoint)
      client.send('no TLS\r\n')
      await client.rest()
    }
    for (let times = 0; times < 8; times++) await fail()
    await eventually('the lines', () => failures().length === 5)
    clock.advance(60)
    await fail()
    await eventually('the lines', () => failures().length === 7)
    expect(failures().map(({ fields }) => ('more' in fields ? fields.more : 0))).toEqual([
      0, 0, 0, 0, 0, 3, 0,
    ])
  })

  it('a new certificate serves the next handshake, and leaves open connections alone', async () => {
    const clock = createManualClock()
    const files = await writeCertificateFiles(tls)
    const log = createRecordingLog()
    const certificates = createCertificates({ ...files, clock, log })
    const { endpoint } = await open({}, { certificates })
    const connected = arrive(endpoint)
    await connected.startTls(ca)
    await connected.reply()
    expect((await meetWithTls(endpoint, { ca })).commonName).toBe('localhost')
    await files.replace(await authority.issue({ names: ['renewed.example.com', 'localhost'] }))
    clock.advance(1)
    expect((await meetWithTls(endpoint, { ca })).commonName).toBe('renewed.example.com')
    await files.replace({ cert: 'broken', key: 'broken' })
    clock.advance(1)
    expect((await meetWithTls(endpoint, { ca })).commonName).toBe('renewed.example.com')
    connected.send('NOOP\r\n')
    expect((await connected.reply()).code).toBe(250)
  })
})

describe.runIf(peer('openssl'))('openssl s_client', () => {
  async function sClient({ host, port }: Endpoint, ...words: string[]) {
    const all = ['s_client', '-connect', `${host}:${port}`, '-quiet', '-crlf', ...words]
    return runProgram('openssl', all, { input: 'EHLO a\nQUIT\n' })
  }

  it.each([
    ['STARTTLS', ['-starttls', 'smtp'], 'starttls'],
    ['TLS recognised', [], 'starttls'],
    ['implicit TLS', [], 'implicit'],
  ] as const)('openssl speaks through %s', async (_, words, way) => {
    const { endpoint } = await open({ tls: way })
    const { output } = await sClient(endpoint, ...words)
    expect(output).toContain('250-AUTH PLAIN LOGIN')
    expect(output).toContain('221 2.0.0')
  })

  it.each([
    ['refused', false],
    ['let in where +old-tls stands', true],
  ])('openssl is %s with TLS 1.0 only', async (_, allowed) => {
    const { endpoint } = await open({ oldTls: allowed })
    const old = ['-tls1', '-cipher', 'ALL:@SECLEVEL=0']
    const { output } = await sClient(endpoint, '-starttls', 'smtp', ...old)
    expect(output.includes('221 2.0.0')).toBe(allowed)
  })

  it('openssl is recognised by its alert when it does not trust the authority', async () => {
    const { endpoint, log } = await open({ tls: 'implicit' })
    await sClient(endpoint, '-verify_return_error', '-CAfile', '/dev/null')
    await sClient(endpoint, '-verify_return_error', '-no-CAfile')
    expect(await told(log, 'TLS with a client failed')).toMatchObject({
      fields: {
        why: expect.stringContaining('does not trust the certificate'),
        fix: expect.stringContaining('ca.pem'),
      },
    })
  })
})
