import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { generate } from 'selfsigned'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  decodeScope,
  encodeScope,
  type Issued,
  isInScope,
  issueForServer,
  scopeOf,
} from '../../src/tls/issue.ts'
import { type MakeRequest, makeCertificates } from '../../src/tls/make-certificates.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const clock = { now: () => Date.now() }
const life = { notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + 86_400_000) }

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-scope-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

function make(folder: string, over: Partial<MakeRequest> = {}) {
  const usual = { names: [], days: 30, replaceAuthority: false, forgetAuthorityKey: false }
  return makeCertificates({ folder, ...usual, clock, ...over })
}

describe('the scope of an authority', () => {
  it('the scope holds the names that it was made for, what is below them, and nothing else', () => {
    const scope = scopeOf(['mail.example.com', '*.example.org', '192.0.2.10', '::1'])
    expect(scope).toEqual(['mail.example.com', 'example.org', '192.0.2.10/32', '::1/128'])
    for (const name of [
      'mail.example.com',
      'a.mail.example.com',
      '*.example.org',
      'example.org',
      '192.0.2.10',
      '::1',
    ])
      expect(isInScope(scope, name), name).toBe(true)
    for (const name of [
      'example.com',
      '*.com',
      'notmail.example.com',
      'xexample.org',
      '192.0.2.11',
      '::2',
      '::c000:20a',
    ])
      expect(isInScope(scope, name), name).toBe(false)
  })

  it('the scope is read as it was written, also when it is long', () => {
    const many = Array.from({ length: 40 }, (_, place) => `host-${place}.example.com`)
    for (const scope of [
      [...many, '10.1.2.0/24', 'fd00:1:2:3::/64', '2001:db8::10/128'],
      ['localhost'],
      [],
    ]) {
      expect(decodeScope(encodeScope(scope))).toEqual(scope)
    }
    const whole = encodeScope(['mail.example.com', '192.0.2.10/32'])
    for (let end = 1; end < 3; end += 1) expect(decodeScope(whole.subarray(0, end)) ?? []).toEqual([])
  })
})

describe('an authority that was made', () => {
  it('an authority tells what it may issue for, and refuses another name with what to do', async () => {
    const folder = await newFolder()
    const made = await make(folder, { names: ['mail.example.com'] })
    expect(made.caScope).toEqual(
      expect.arrayContaining(['mail.example.com', 'localhost', '127.0.0.1/32', '::1/128']),
    )
    const before = await readFile(made.certFile, 'utf8')
    await expect(make(folder, { names: ['fax.example.org'] })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/was made for mail\.example\.com, .*cannot issue for fax\.example\.org/),
      fix: expect.stringContaining('--replace-ca'),
    })
    expect(await readFile(made.certFile, 'utf8')).toBe(before)
    const renewed = await make(folder, { names: ['smtp.mail.example.com'] })
    expect(renewed).toMatchObject({ caMade: false, leftOutNames: [] })
    const replaced = await make(folder, { names: ['fax.example.org'], replaceAuthority: true })
    expect(replaced.caScope).toContain('fax.example.org')
  })

  it('an authority without a limit, by an earlier postern, goes on and is called what it is', async () => {
    const folder = await newFolder()
    await make(folder)
    const old = await unlimitedAuthority()
    await writeFile(join(folder, 'ca.pem'), old.cert)
    await writeFile(join(folder, 'ca-key.pem'), old.key)
    await rm(join(folder, 'server.pem'))
    const made = await make(folder, { names: ['mail.example.com'] })
    expect(made).not.toHaveProperty('caScope')
    expect(made.names).toContain('mail.example.com')
  })

  it('an authority forgets its key when it is told to, and says so to whoever wants to renew by it', async () => {
    const folder = await newFolder()
    const made = await make(folder, { forgetAuthorityKey: true })
    expect(made).not.toHaveProperty('caKeyFile')
    expect(existsSync(join(folder, 'ca-key.pem'))).toBe(false)
    expect((await readCertificate(made.certFile)).checkIssued(await readCertificate(made.caFile))).toBe(true)
    await expect(make(folder)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('The key of the authority'),
      fix: expect.stringMatching(/own copy.*--replace-ca/),
    })
    expect(await make(folder, { replaceAuthority: true })).toMatchObject({ caMade: true })
    expect(existsSync(join(folder, 'ca-key.pem'))).toBe(true)
    await make(folder, { forgetAuthorityKey: true })
    expect(existsSync(join(folder, 'ca-key.pem'))).toBe(false)
  })

  it('an authority issues by a key that somebody kept elsewhere and put back', async () => {
    const folder = await newFolder()
    await make(folder)
    const key = await readFile(join(folder, 'ca-key.pem'))
    await make(folder, { forgetAuthorityKey: true })
    await writeFile(join(folder, 'ca-key.pem'), key, { mode: 0o600 })
    expect(await make(folder)).toMatchObject({ caMade: false })
  })
})

/** What a thief of the authority's key makes with it, and what postern itself makes. */
const good = [
  'mail.example.com',
  'localhost',
  '127.0.0.1',
  '::1',
  '192.0.2.10',
  '2001:db8::10',
  '*.example.net',
]
const forged = [
  ['login.microsoftonline.com'],
  ['example.com'],
  ['mail.example.com.evil.example'],
  ['*.com'],
  ['127.0.0.2'],
  ['192.0.2.11'],
  ['2001:db8::11'],
  ['8.8.8.8'],
  ['mail.example.com', 'login.microsoftonline.com'],
]

describe('a certificate that somebody else makes with the key of the authority', () => {
  let folder: string
  let authority: Issued
  let caFile: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-scope-'))
    const made = await make(folder, { names: good })
    caFile = made.caFile
    authority = {
      cert: await readFile(caFile, 'utf8'),
      key: await readFile(join(folder, 'ca-key.pem'), 'utf8'),
    }
    return () => rm(folder, { recursive: true })
  })

  /** A server that shows such a certificate; gives its port. */
  async function serve(pair: Issued): Promise<number> {
    const server = createServer(pair, (_, response) => response.end('reached'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return (server.address() as { port: number }).port
  }

  function reaches(port: number, name: string): Promise<string> {
    const ca = authority.cert
    return new Promise((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca,
        checkServerIdentity: () => undefined,
        servername: /^[\d:]/.test(name) ? '' : name,
      })
      socket.once('secureConnect', () => resolve('trusted'))
      socket.once('error', (error) => resolve(error.message))
      socket.once('secureConnect', () => socket.destroy())
    })
  }

  it.each(forged.map((names) => [names.join(' and '), names] as const))(
    'Node refuses the certificate: %s',
    async (_, names) => {
      const port = await serve(await issueForServer(authority, names, life))
      expect(await reaches(port, names[0] ?? '')).toBe('permitted subtree violation')
    },
  )

  it('Node trusts the certificate where it is for the names that the authority was made for', async () => {
    for (const names of [good, ['a.mail.example.com'], ['host.example.net']]) {
      const port = await serve(await issueForServer(authority, names, life))
      expect(await reaches(port, names[0] ?? '')).toBe('trusted')
    }
  })

  async function onDisk(names: readonly string[]): Promise<string> {
    const { cert } = await issueForServer(authority, names, life)
    const file = join(folder, 'leaf.pem')
    await writeFile(file, cert)
    return file
  }

  it.runIf(peer('openssl'))('OpenSSL refuses the certificate, strictly', async () => {
    const verify = async (names: readonly string[]) =>
      (
        await runProgram('openssl', [
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-CAfile',
          caFile,
          await onDisk(names),
        ])
      ).output
    for (const names of forged) expect(await verify(names)).toContain('permitted subtree violation')
    expect(await verify(good)).toContain(': OK')
    const shown = await runProgram('openssl', ['x509', '-in', caFile, '-noout', '-text'])
    expect(shown.output.replace(/\s+/g, ' ')).toMatch(
      /pathlen:0.*Extended Key Usage: TLS Web Server Authentication .*Name Constraints: critical Permitted: DNS:mail\.example\.com/,
    )
  })

  const python = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
try:
    with socket.create_connection(('127.0.0.1', int(sys.argv[2]))) as plain, context.wrap_socket(plain, server_hostname=sys.argv[3]):
        print('trusted')
except ssl.SSLCertVerificationError as error:
    print(error.verify_message)
`
  it.runIf(peer('python3'))('Python refuses the certificate, as strictly as it can', async () => {
    const ask = async (names: readonly string[], name = names[0] ?? '') => {
      const port = await serve(await issueForServer(authority, names, life))
      return (await runProgram('python3', ['-c', python, caFile, String(port), name.replace('*', 'a')]))
        .output
    }
    for (const names of forged) expect(await ask(names)).toMatch(/permitted subtree violation|mismatch/)
    for (const name of ['mail.example.com', '192.0.2.10', '2001:db8::10', 'localhost'])
      expect(await ask(good, name)).toContain('trusted')
  })

  it.runIf(peer('curl'))('curl refuses the certificate', async () => {
    const ask = async (names: readonly string[], name = names[0] ?? '') => {
      const port = await serve(await issueForServer(authority, names, life))
      const host = name.replace('*', 'a')
      const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}/`
      const there = ['--connect-to', `::127.0.0.1:${port}`]
      return (await runProgram('curl', ['-sS', '--max-time', '5', '--cacert', caFile, ...there, url])).output
    }
    for (const names of forged) expect(await ask(names)).not.toContain('reached')
    for (const name of ['mail.example.com', '192.0.2.10', 'localhost'])
      expect(await ask(good, name)).toContain('reached')
  })
})

async function readCertificate(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path))
}

/** As the first release made them. */
async function unlimitedAuthority(): Promise<Issued> {
  const made = await generate([{ name: 'commonName', value: 'postern local CA (of old)' }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { cert: made.cert, key: made.private }
}
