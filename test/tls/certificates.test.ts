import { chmod, mkdir, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { createCertificates } from '../../src/tls/certificates.ts'
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { writeCertificateFiles } from './certificate-files.ts'

let authority: Authority
let first: Certificate
let second: Certificate

beforeAll(async () => {
  authority = await createAuthority()
  const life = { notBefore: inDays(-1), notAfter: inDays(90) }
  first = await authority.issue(life)
  second = await authority.issue({ names: ['mail.example.com', '192.0.2.1'], ...life })
})

async function load() {
  const files = await writeCertificateFiles(first)
  const [clock, log] = [createManualClock(), createRecordingLog()]
  const certificates = createCertificates({ ...files, clock, log })
  const use = () => certificates.contextFor({ oldTls: false })
  return { ...files, clock, log, certificates, use }
}

describe('certificate files that change', () => {
  it('changed files are taken for the next handshake, a second later at the latest, and told with their names and their end', async () => {
    const { clock, log, use, replace, certFile } = await load()
    const before = use()
    await replace(second)
    clock.advance(0.9)
    expect(use()).toBe(before)
    clock.advance(0.2)
    expect(use()).not.toBe(before)
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'a new certificate is in use',
        fields: {
          event: 'certificate-files.taken',
          certFile,
          names: ['mail.example.com', '192.0.2.1'],
          validTo: inDays(90).toISOString().slice(0, 10),
        },
      },
    ])
  })

  it('changed files are told of when others can read the new key, which the start would refuse', async () => {
    const { clock, log, use, replace, keyFile } = await load()
    await replace(second)
    await chmod(keyFile, 0o644)
    clock.advance(1.1)
    use()
    expect(log.lines.slice(1)).toEqual([
      {
        level: 'warn',
        message: `the key in ${keyFile} can be read by other users (its mode is 644)`,
        fields: { event: 'certificate-files.exposed', fix: `Run: chmod 600 ${keyFile}` },
      },
    ])
  })

  it('files are left alone while they are the same', async () => {
    const { clock, log, use } = await load()
    const before = use()
    clock.advance(3600)
    expect(use()).toBe(before)
    expect(log.lines).toEqual([])
  })

  it('new files are told of when they end soon', async () => {
    const { clock, log, use, replace } = await load()
    await replace(await authority.issue({ notBefore: inDays(-1), notAfter: inDays(3.5) }))
    clock.advance(2)
    use()
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('in 3 days') }])
  })

  it('files are told of once a day when they come to their end while postern runs', async () => {
    const { clock, log, use } = await load()
    const day = 24 * 60 * 60
    for (let half = 0; half < 2 * 78; half++) {
      clock.advance(day / 2)
      use()
    }
    const message = (left: number) =>
      expect.stringContaining(`the certificate for clients ends on 2030-07-30, in ${left} days`)
    expect(log.lines).toMatchObject([
      { level: 'warn', message: message(13) },
      { level: 'warn', message: message(12) },
    ])
    clock.advance(20 * day)
    use()
    expect(log.lines).toMatchObject([{}, {}, { message: expect.stringContaining('ended on 2030-07-30') }])
  })

  it.each<[string, (files: { certFile: string; keyFile: string }) => Promise<void>, RegExp]>([
    ['a key that is not there yet', ({ certFile }) => writeFile(certFile, second.cert), /does not belong/],
    ['half a certificate', ({ certFile }) => writeFile(certFile, second.cert.slice(0, 200)), /PEM form/],
    ['a file that was removed', ({ keyFile }) => unlink(keyFile), /there is no such file/],
  ])(
    'the old certificate stays with %s, which is said once, and the files are taken when they are whole',
    async (_, breakThem, why) => {
      const { clock, log, use, replace, certFile, keyFile } = await load()
      const before = use()
      await breakThem({ certFile, keyFile })
      for (let seconds = 0; seconds < 5; seconds++) {
        clock.advance(1)
        expect(use()).toBe(before)
      }
      expect(log.lines).toMatchObject([
        {
          level: 'warn',
          message: 'the new certificate cannot be used: the old one stays',
          fields: { why: expect.stringMatching(why), fix: expect.any(String) },
        },
      ])
      expect(JSON.stringify(log.lines)).not.toContain('PRIVATE KEY-----\\n')
      await replace(second)
      clock.advance(1)
      expect(use()).not.toBe(before)
      expect(log.lines).toMatchObject([{}, { level: 'info', message: 'a new certificate is in use' }])
    },
  )

  it.each([
    ['has ended', -3, -1, /ended on 2030-04-30/],
    ['is not valid yet', 1, 120, /begins only on 2030-05-02/],
  ])('a valid certificate stays while the new one %s, which is said once', async (_, from, to, why) => {
    const { clock, log, use, replace } = await load()
    const before = use()
    await replace(await authority.issue({ notBefore: inDays(from), notAfter: inDays(to) }))
    for (let seconds = 0; seconds < 5; seconds++) {
      clock.advance(1)
      expect(use()).toBe(before)
    }
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        message: 'the new certificate cannot be used: the old one stays',
        fields: { why: expect.stringMatching(why), fix: expect.stringContaining('clock of this machine') },
      },
    ])
    await replace(second)
    clock.advance(1)
    expect(use()).not.toBe(before)
  })

  it('a certificate that was not valid yet is taken when it begins', async () => {
    const { clock, log, use, replace } = await load()
    const before = use()
    await replace(await authority.issue({ notBefore: inDays(1), notAfter: inDays(120) }))
    clock.advance(1)
    expect(use()).toBe(before)
    clock.advance(24 * 60 * 60)
    expect(use()).not.toBe(before)
    expect(log.lines).toMatchObject([{ level: 'warn' }, { message: 'a new certificate is in use' }])
  })

  it('a certificate that has ended is taken in place of another that has, with a warning', async () => {
    const { clock, log, use, replace } = await load()
    const before = use()
    clock.advance(91 * 24 * 60 * 60)
    await replace(await authority.issue({ notBefore: inDays(-3), notAfter: inDays(90.5) }))
    expect(use()).not.toBe(before)
    expect(log.lines).toMatchObject([
      { level: 'warn', message: expect.stringMatching(/is in use, but it ended on 2030-07-3/) },
    ])
  })

  it('files are followed through a symbolic link to a folder, as Kubernetes exchanges them', async () => {
    const { certFile } = await load()
    const folder = dirname(certFile)
    for (const [name, pair] of Object.entries({ one: first, two: second })) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'tls.crt'), pair.cert, { mode: 0o600 })
      await writeFile(join(folder, name, 'tls.key'), pair.key, { mode: 0o600 })
    }
    await symlink('one', join(folder, 'data'))
    const [clock, log] = [createManualClock(), createRecordingLog()]
    const [cert, key] = [join(folder, 'data', 'tls.crt'), join(folder, 'data', 'tls.key')]
    const certificates = createCertificates({ certFile: cert, keyFile: key, clock, log })
    const before = certificates.contextFor({ oldTls: true })
    await rm(join(folder, 'data'))
    await symlink('two', join(folder, 'data'))
    clock.advance(1)
    expect(certificates.contextFor({ oldTls: true })).not.toBe(before)
    expect(log.lines).toMatchObject([{ fields: { names: ['mail.example.com', '192.0.2.1'] } }])
  })
})

describe('a reload that was asked for', () => {
  it('a reload looks at once, without a handshake', async () => {
    const { log, certificates, replace } = await load()
    await replace(second)
    certificates.reload()
    expect(log.lines).toMatchObject([{ message: 'a new certificate is in use' }])
  })

  it('a reload says that nothing has changed', async () => {
    const { log, certificates } = await load()
    certificates.reload()
    expect(log.lines).toMatchObject([{ message: 'the certificate files are as they were' }])
  })

  it('a reload says again what is still wrong', async () => {
    const { clock, log, certificates, use, keyFile } = await load()
    await writeFile(keyFile, 'nonsense')
    clock.advance(1)
    use()
    certificates.reload()
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
  })
})

it('a start takes a certificate that has ended, as there is no better one', async () => {
  const files = await writeCertificateFiles(
    await authority.issue({ notBefore: inDays(-3), notAfter: inDays(-1) }),
  )
  const certificates = createCertificates({
    ...files,
    clock: createManualClock(),
    log: createRecordingLog(),
  })
  expect(certificates.contextFor({ oldTls: false })).toBeDefined()
})

it('a start is refused with files that cannot be used', async () => {
  const files = await writeCertificateFiles({ cert: first.cert, key: second.key })
  const begin = () => createCertificates({ ...files, clock: createManualClock(), log: createRecordingLog() })
  expect(begin).toThrow(Failure)
  expect(begin).toThrow(/The key file .* does not belong to the certificate/)
})

function inDays(days: number): Date {
  return new Date(createManualClock().now() + days * 24 * 60 * 60 * 1000)
}
