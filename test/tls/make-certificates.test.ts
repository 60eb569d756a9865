import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readCertificatePair } from '../../src/tls/certificate-pair.ts'
import { type MadeCertificates, type MakeRequest, makeCertificates } from '../../src/tls/make-certificates.ts'
import { createAuthority } from '../support/certificates.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const clock = createManualClock()

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-make-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'tls')
}

function make(folder: string, over: Partial<MakeRequest> = {}): Promise<MadeCertificates> {
  return makeCertificates({
    folder,
    names: [],
    days: 825,
    replaceAuthority: false,
    forgetAuthorityKey: false,
    clock,
    ...over,
  })
}

async function certificateIn(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path))
}

describe('the certificates that postern makes', () => {
  it('the certificates go together, and name this machine as clients do', async () => {
    const made = await make(await newFolder(), {
      names: ['Mail.Example.com', '192.0.2.10', '[2001:DB8::10]'],
    })
    const cert = await certificateIn(made.certFile)
    const ca = await certificateIn(made.caFile)
    expect(cert.verify(ca.publicKey) && cert.checkIssued(ca)).toBe(true)
    for (const name of ['localhost', hostname(), 'mail.example.com']) expect(cert.checkHost(name)).toBe(name)
    for (const address of ['127.0.0.1', '::1', '192.0.2.10', '2001:db8::10']) {
      expect(cert.checkIP(address)).toBe(address)
    }
    expect(cert.subject).toBe('CN=mail.example.com')
    expect(made.names.slice(0, 3)).toEqual(['mail.example.com', '192.0.2.10', '2001:db8::10'])
    expect([made.validTo, made.caValidTo, made.caMade]).toEqual(['2032-08-03', '2040-04-28', true])
  })

  it('the certificates serve TLS as they stand, and the DER file is the authority again', async () => {
    const made = await make(await newFolder())
    const [cert, key] = [await readFile(made.certFile, 'utf8'), await readFile(made.keyFile, 'utf8')]
    expect(readCertificatePair(cert, key)).toHaveProperty('pair')
    expect((await certificateIn(made.caDerFile)).fingerprint256).toBe(
      (await certificateIn(made.caFile)).fingerprint256,
    )
  })

  it('private keys are their owner’s alone', async () => {
    const folder = await newFolder()
    const made = await make(folder)
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
    expect(await mode(folder)).toBe('700')
    expect(await mode(made.keyFile)).toBe('600')
    expect(await mode(join(folder, 'ca-key.pem'))).toBe('600')
    expect(await mode(made.caFile)).toBe('644')
  })

  it('certificates come from the same authority the next time, with the names that were given before', async () => {
    const folder = await newFolder()
    const first = await make(folder, { names: ['mail.example.com'] })
    const [cert, ca] = [await readFile(first.certFile, 'utf8'), await readFile(first.caFile, 'utf8')]
    const second = await make(folder, { days: 30 })
    expect(second).toMatchObject({ caMade: false, validTo: '2030-05-31' })
    expect(await readFile(second.caFile, 'utf8')).toBe(ca)
    expect(await readFile(second.certFile, 'utf8')).not.toBe(cert)
    expect([second.names[0], second.droppedNames]).toEqual(['mail.example.com', []])
  })

  it('certificates have the names that are given in place of those that were given before', async () => {
    const folder = await newFolder()
    await make(folder, { names: ['mail.example.com', 'old.example.com', 'fax.example.com'] })
    const made = await make(folder, { names: ['fax.example.com', 'mail.example.com'] })
    expect(made.names.slice(0, 3)).toEqual(['fax.example.com', 'mail.example.com', hostname().toLowerCase()])
    expect(made.names).toContain('127.0.0.1')
    expect(made.droppedNames).toEqual(['old.example.com'])
    expect((await certificateIn(made.certFile)).checkHost('old.example.com')).toBe(undefined)
  })

  it('certificates come from a new authority when that is asked for, with the same names', async () => {
    const folder = await newFolder()
    const first = await certificateIn((await make(folder, { names: ['mail.example.com'] })).caFile)
    const made = await make(folder, { replaceAuthority: true })
    expect(made.caMade).toBe(true)
    expect(made.names[0]).toBe('mail.example.com')
    const ca = await certificateIn(made.caFile)
    expect(ca.publicKey.equals(first.publicKey)).toBe(false)
    expect((await certificateIn(made.certFile)).checkIssued(ca)).toBe(true)
  })

  it('certificates do not outlive their authority', async () => {
    const folder = await newFolder()
    await make(folder)
    const late = { now: () => clock.now() + 3600 * 24 * 60 * 60 * 1000 }
    expect(await make(folder, { clock: late })).toMatchObject({ validTo: '2040-04-28', caMade: false })
  })
})

describe('what is in the way', () => {
  it.each<[string, string, string, RegExp]>([
    ['an authority without its key', 'ca-key.pem', '', /ca-key\.pem must hold a private key/],
    ['an authority that is broken', 'ca.pem', 'nonsense', /ca\.pem must hold a certificate/],
  ])('what is in the way is told, with the way out: %s', async (_, file, text, message) => {
    const folder = await newFolder()
    await make(folder)
    await writeFile(join(folder, file), text)
    await expect(make(folder)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(message),
      fix: expect.stringContaining('--replace-ca'),
    })
    expect(await make(folder, { replaceAuthority: true })).toMatchObject({ caMade: true })
  })

  it('an authority that has ended is in the way', async () => {
    const folder = await newFolder()
    await make(folder)
    const later = { now: () => clock.now() + 3650 * 24 * 60 * 60 * 1000 }
    await expect(make(folder, { clock: later })).rejects.toThrow(/ended on 2040-04-28/)
  })

  it('a certificate that somebody else issued is not overwritten', async () => {
    const folder = await newFolder()
    const made = await make(folder)
    for (const name of ['ca.pem', 'ca-key.pem']) await rm(join(folder, name))
    for (const replaceAuthority of [false, true]) {
      await expect(make(folder, { replaceAuthority })).rejects.toMatchObject({ code: 'already-exists' })
    }
    expect(await readFile(made.certFile, 'utf8')).toContain('BEGIN CERTIFICATE')
  })

  it.each(['of another authority', 'that cannot be read', 'of another one, with a broken ca.pem'])(
    'a certificate %s beside the authority is in the way: nothing is overwritten',
    async (what) => {
      const folder = await newFolder()
      const made = await make(folder)
      const foreign = what.startsWith('of') ? (await (await createAuthority()).issue()).cert : 'nonsense'
      await writeFile(made.certFile, foreign)
      if (what.includes('broken')) await writeFile(made.caFile, 'nonsense')
      const [ca, key] = [await readFile(made.caFile, 'utf8'), await readFile(made.keyFile, 'utf8')]
      for (const replaceAuthority of [false, true]) {
        await expect(make(folder, { replaceAuthority })).rejects.toMatchObject({
          code: 'already-exists',
          message: expect.stringContaining('did not issue it'),
          fix: expect.stringContaining('Move it away'),
        })
      }
      expect(await readFile(made.certFile, 'utf8')).toBe(foreign)
      expect([await readFile(made.caFile, 'utf8'), await readFile(made.keyFile, 'utf8')]).toEqual([ca, key])
    },
  )

  it('a key without its certificate, as a run that was interrupted leaves it, is not in the way', async () => {
    const folder = await newFolder()
    const made = await make(folder)
    await rm(made.certFile)
    expect(await make(folder)).toMatchObject({ caMade: false })
  })

  it('a folder that is a file is in the way', async () => {
    const folder = await newFolder()
    await make(folder)
    await expect(make(join(folder, 'ca.pem'))).rejects.toMatchObject({ code: 'configuration' })
  })

  it.each(['', 'a b', '-x.example.com', '300.1.2.3', 'me@example.com', 'x'.repeat(64), '10.0.0.0/8'])(
    'the name %j is in the way',
    async (name) => {
      await expect(make(await newFolder(), { names: [name] })).rejects.toMatchObject({ code: 'invalid' })
    },
  )
})

describe.runIf(peer('openssl'))('OpenSSL', () => {
  it('OpenSSL verifies the certificates strictly, by name and by address', async () => {
    const made = await make(await newFolder(), { names: ['mail.example.com'] })
    const verify = (...checks: string[]) =>
      runProgram('openssl', [
        'verify',
        ...['-x509_strict', '-purpose', 'sslserver', '-attime', String(clock.now() / 1000)],
        ...['-CAfile', made.caFile, ...checks, made.certFile],
      ])
    for (const checks of [
      ['-verify_hostname', 'localhost'],
      ['-verify_hostname', 'mail.example.com'],
      ['-verify_ip', '127.0.0.1'],
      ['-verify_ip', '::1'],
    ]) {
      expect(await verify(...checks)).toMatchObject({ code: 0, output: expect.stringContaining(': OK') })
    }
    expect(await verify('-verify_hostname', 'other.example.com')).toMatchObject({ code: 2 })
  })

  it('OpenSSL finds the marks that each library asks for', async () => {
    const made = await make(await newFolder())
    const shown = async (path: string) =>
      (await runProgram('openssl', ['x509', '-in', path, '-noout', '-text'])).output.replace(/\s+/g, ' ')
    const ca = await shown(made.caFile)
    expect(ca).toContain('Basic Constraints: critical CA:TRUE, pathlen:0')
    expect(ca).toContain('Key Usage: critical Certificate Sign, CRL Sign')
    expect(ca).toContain('Subject Key Identifier:')
    const cert = await shown(made.certFile)
    expect(cert).toContain('Basic Constraints: critical CA:FALSE')
    expect(cert).toContain('Key Usage: critical Digital Signature, Key Encipherment')
    expect(cert).toContain('Extended Key Usage: TLS Web Server Authentication')
    expect(cert).toContain('Authority Key Identifier:')
    expect(cert).toContain('Public-Key: (2048 bit)')
    expect(cert).toContain('Signature Algorithm: sha256WithRSAEncryption')
  })
})
