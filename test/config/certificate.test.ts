import { createPrivateKey } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ConfigReading, readConfig } from '../../src/config/read-config.ts'
import { type Certificate, createAuthority } from '../support/certificates.ts'
import { memoryFiles } from './memory-files.ts'

const day = 24 * 60 * 60 * 1000
const now = Date.parse('2027-06-01T12:00:00Z')
const settings = { POSTERN_TLS_CERT_FILE: 'cert.pem', POSTERN_TLS_KEY_FILE: 'key.pem' }

let good: Certificate
let other: Certificate

beforeAll(async () => {
  const authority = await createAuthority()
  good = await authority.issue({ notBefore: new Date(now - day), notAfter: new Date(now + 60 * day) })
  other = await authority.issue()
})

function read(
  files: Record<string, string | undefined>,
  environment: Record<string, string> = settings,
  at = now,
): Promise<ConfigReading> {
  return readConfig(environment, memoryFiles(files), { now: () => at })
}

function mistakes(reading: ConfigReading): readonly string[] {
  return 'mistakes' in reading ? reading.mistakes : []
}

describe('a certificate in the settings', () => {
  it('a certificate puts TLS on every listener, and lets them be reached from elsewhere', async () => {
    const reading = await read(
      { 'cert.pem': good.cert, 'key.pem': good.key },
      {
        ...settings,
        POSTERN_SMTP_LISTEN: '0.0.0.0:2587,192.0.2.1:2588+old-tls',
        POSTERN_SMTPS_LISTEN: '[::]:2465',
      },
    )
    if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
    expect(reading.config.smtpListen).toEqual([
      { host: '0.0.0.0', port: 2587, tls: 'starttls', plainAuth: false, oldTls: false },
      { host: '192.0.2.1', port: 2588, tls: 'starttls', plainAuth: false, oldTls: true },
      { host: '::', port: 2465, tls: 'implicit', plainAuth: false, oldTls: false },
    ])
    expect(reading.config.certificate).toEqual({
      certFile: '/srv/postern/cert.pem',
      keyFile: '/srv/postern/key.pem',
    })
    expect(reading.warnings).toEqual([
      'POSTERN_SMTP_LISTEN has 192.0.2.1:2588+old-tls: TLS 1.0 and 1.1, which are spoken there, can be broken; keep it to devices that know nothing newer.',
    ])
  })

  it('a certificate may stand in one file with its key', async () => {
    const both = { POSTERN_TLS_CERT_FILE: 'both.pem', POSTERN_TLS_KEY_FILE: 'both.pem' }
    expect(mistakes(await read({ 'both.pem': `${good.key}\n${good.cert}` }, both))).toEqual([])
  })

  it.each([
    [
      'cert.pem',
      'POSTERN_TLS_CERT_FILE is given without POSTERN_TLS_KEY_FILE: name the certificate and its key.',
    ],
    [
      'key.pem',
      'POSTERN_TLS_KEY_FILE is given without POSTERN_TLS_CERT_FILE: name the certificate and its key.',
    ],
  ])('half of a pair is a mistake: %s alone', async (file, mistake) => {
    const [name = ''] = Object.entries(settings).find(([, value]) => value === file) ?? []
    expect(mistakes(await read({}, { [name]: file }))).toEqual([mistake])
  })

  it.each<[string, () => Record<string, string | undefined>, string[]]>([
    [
      'files that cannot be read',
      () => ({ 'key.pem': undefined }),
      [
        'POSTERN_TLS_CERT_FILE (/srv/postern/cert.pem) cannot be read: there is no such file.',
        'POSTERN_TLS_KEY_FILE (/srv/postern/key.pem) cannot be read: this user may not read it.',
      ],
    ],
    [
      'files with something else in them',
      () => ({ 'cert.pem': 'hello', 'key.pem': good.cert }),
      [
        'POSTERN_TLS_CERT_FILE (/srv/postern/cert.pem) must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----").',
        'POSTERN_TLS_KEY_FILE (/srv/postern/key.pem) must hold a private key in PEM form ("-----BEGIN PRIVATE KEY-----").',
      ],
    ],
    [
      'a certificate that was cut off',
      () => ({ 'cert.pem': good.cert.replace(/^.{64}\n/m, ''), 'key.pem': good.key }),
      [
        'POSTERN_TLS_CERT_FILE (/srv/postern/cert.pem) must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----").',
      ],
    ],
    [
      'the key of another certificate',
      () => ({ 'cert.pem': good.cert, 'key.pem': other.key }),
      ['POSTERN_TLS_KEY_FILE (/srv/postern/key.pem) does not belong to the certificate.'],
    ],
    [
      'a chain in the wrong order',
      () => ({ 'cert.pem': other.cert + good.cert, 'key.pem': good.key }),
      [
        'POSTERN_TLS_CERT_FILE (/srv/postern/cert.pem) must begin with the certificate that the key belongs to.',
      ],
    ],
    [
      'an encrypted key',
      () => ({ 'cert.pem': good.cert, 'key.pem': encrypted(good.key, 'pkcs8') }),
      [
        'POSTERN_TLS_KEY_FILE (/srv/postern/key.pem) is encrypted with a passphrase, which nobody can enter when postern starts: write it without one (openssl pkey -in FILE -out NEWFILE).',
      ],
    ],
    [
      'a key that was encrypted the old way',
      () => ({ 'cert.pem': good.cert, 'key.pem': encrypted(good.key, 'pkcs1') }),
      [expect.stringContaining('is encrypted with a passphrase')],
    ],
  ])('a start stops with %s', async (_, files, expected) => {
    const found = mistakes(await read(files()))
    expect(found).toEqual(expected)
    expect(found.join()).not.toContain(good.key.split('\n')[1])
  })

  it.each([
    ['has ended', now + 61 * day, 'ended on 2027-07-31: clients refuse it until you renew it.'],
    ['ends today', now + 60 * day - 1000, 'ends on 2027-07-31, within a day: renew it before.'],
    ['ends tomorrow', now + 59 * day - 1000, 'ends on 2027-07-31, in 1 day: renew it before.'],
    ['ends within 14 days', now + 47 * day, 'ends on 2027-07-31, in 13 days: renew it before.'],
    ['has not begun', now - 2 * day, 'begins only on 2027-05-31: clients refuse it until then.'],
  ])('a warning is given when the certificate %s', async (_, at, warning) => {
    const reading = await read({ 'cert.pem': good.cert, 'key.pem': good.key }, settings, at)
    expect('warnings' in reading && reading.warnings).toEqual([
      `POSTERN_TLS_CERT_FILE (/srv/postern/cert.pem) ${warning}`,
    ])
  })

  it('no warning is given as long as it is good for more than 14 days', async () => {
    const reading = await read({ 'cert.pem': good.cert, 'key.pem': good.key }, settings, now + 45 * day)
    expect('warnings' in reading && reading.warnings).toEqual([])
  })
})

it('mistakes elsewhere come with the data directory, so that a certificate can be made for settings that ask for one', async () => {
  expect(await read({}, settings)).toMatchObject({ dataDir: '/srv/postern/data' })
})

function encrypted(key: string, type: 'pkcs1' | 'pkcs8'): string {
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'hunter2', format: 'pem', type } as const
  return createPrivateKey(key).export(cipher).toString()
}
