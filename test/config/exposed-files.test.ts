import { chmod, chown, lchown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskFiles } from '../../src/config/files.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { createAuthority } from '../support/certificates.ts'

const isRoot = process.geteuid?.() === 0
const key = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE='
const certificate = await (await createAuthority()).issue()
const secretEntry = { id: 'mine', preset: 'google', clientId: 'c', clientSecret: 'the-secret' }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-exposed-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function file(name: string, text: string, mode: number): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

async function read(environment: Record<string, string> = {}) {
  const reading = await readConfig(environment, diskFiles(folder))
  return 'mistakes' in reading
    ? { mistakes: reading.mistakes, warnings: [] }
    : { mistakes: [], warnings: reading.warnings }
}

interface SecretFile {
  name: string
  text: string
  /** Beside the one under test. */
  others?: Record<string, string>
  environment?: Record<string, string>
}

const entry = (changes: object) =>
  JSON.stringify({ providers: [{ ...secretEntry, clientSecret: undefined, ...changes }] })
const providersFile = { POSTERN_PROVIDERS_FILE: 'providers.json' }

const secretFiles: readonly SecretFile[] = [
  { name: '.env', text: 'POSTERN_LOG_LEVEL=warn\n' },
  { name: 'key', text: key, environment: { POSTERN_KEY_FILE: 'key' } },
  {
    name: 'secret',
    text: 'GOCSPX-abc',
    environment: {
      POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com',
      POSTERN_GOOGLE_CLIENT_SECRET_FILE: 'secret',
    },
  },
  { name: 'proxy', text: 'http://me:pass@proxy.example:3128', environment: { POSTERN_PROXY_FILE: 'proxy' } },
  {
    name: 'key.pem',
    text: certificate.key,
    others: { 'cert.pem': certificate.cert },
    environment: { POSTERN_TLS_CERT_FILE: 'cert.pem', POSTERN_TLS_KEY_FILE: 'key.pem' },
  },
  { name: 'providers.json', text: JSON.stringify({ providers: [secretEntry] }), environment: providersFile },
  {
    name: 'providers.json',
    text: entry({ proxy: 'http://me:pass@proxy.example:3128' }),
    environment: providersFile,
  },
  {
    name: 'client-secret',
    text: 'the-secret',
    others: { 'providers.json': entry({ clientSecretFile: 'client-secret' }) },
    environment: providersFile,
  },
  {
    name: 'app-key.pem',
    text: certificate.key,
    others: {
      'app.pem': certificate.cert,
      'providers.json': entry({
        preset: 'microsoft',
        tenant: '11111111-2222-3333-4444-555555555555',
        certificateFile: 'app.pem',
        certificateKeyFile: 'app-key.pem',
      }),
    },
    environment: providersFile,
  },
]

async function place({ name, text, others = {} }: SecretFile, mode: number): Promise<string> {
  for (const [other, content] of Object.entries(others)) await file(other, content, 0o644)
  return file(name, text, mode)
}

describe('a file that holds a secret', () => {
  it.each(secretFiles)('$name is taken when only its owner reads it ($environment)', async (secret) => {
    await place(secret, 0o600)
    expect((await read(secret.environment)).mistakes).toEqual([])
  })

  it.each(secretFiles)('$name is refused when others can read it ($environment)', async (secret) => {
    const path = await place(secret, 0o644)
    expect((await read(secret.environment)).mistakes).toEqual([
      `${path} can be read by other users (its mode is 644). Run: chmod 600 ${path}.`,
    ])
  })

  it.each([0o604, 0o606, 0o602, 0o620, 0o660])('a file with the mode %o is refused', async (mode) => {
    const path = await file('.env', 'POSTERN_KEY_FILE=key', mode)
    await file('key', key, 0o600)
    expect((await read()).mistakes).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${path} can be (read|changed) by other users \\(its mode is ${mode.toString(8)}\\). Run: chmod 600 `,
        ),
      ),
    ])
  })

  it('a file that a group of ours may read is taken', async () => {
    await file('.env', 'POSTERN_LOG_LEVEL=warn', 0o640)
    expect(await read()).toEqual({ mistakes: [], warnings: [] })
  })

  it.runIf(isRoot)('a file that a group may read that we are not in is refused', async () => {
    await chown(await file('.env', 'POSTERN_LOG_LEVEL=warn', 0o640), 0, 54_321)
    expect((await read()).mistakes).toEqual([
      expect.stringContaining('can be read by other users (its mode is 640)'),
    ])
  })

  it.runIf(isRoot)(
    'a file is taken with a warning when it is mounted as containers have it: of root, for reading',
    async () => {
      const path = await file('key', key, 0o444)
      expect(await read({ POSTERN_KEY_FILE: path })).toEqual({
        mistakes: [],
        warnings: [
          expect.stringMatching(
            `^${path} can be read by other users \\(its mode is 444\\), as secrets are mounted`,
          ),
        ],
      })
      await chown(path, 54_321, 54_321)
      expect((await read({ POSTERN_KEY_FILE: path })).mistakes).toHaveLength(1)
    },
  )

  it.runIf(isRoot)('a file of somebody else is refused, with what to do', async () => {
    const path = await file('.env', 'POSTERN_LOG_LEVEL=warn', 0o600)
    await chown(path, 54_321, 0)
    expect((await read()).mistakes).toEqual([
      `${path} belongs to another user (number 54321). Run: chown 0 ${path}; or run postern as that user.`,
    ])
  })

  it.runIf(isRoot)('the key for the clients may belong to whoever renews certificates', async () => {
    const keyPath = await file('acme/key.pem', certificate.key, 0o640)
    await file('acme/cert.pem', certificate.cert, 0o644)
    await chown(keyPath, 54_321, 0)
    await chown(dirname(keyPath), 54_321, 0)
    const environment = { POSTERN_TLS_CERT_FILE: 'acme/cert.pem', POSTERN_TLS_KEY_FILE: 'acme/key.pem' }
    expect((await read(environment)).mistakes).toEqual([])
    await chmod(keyPath, 0o644)
    expect((await read(environment)).mistakes).toHaveLength(1)
  })
})

describe('the way to a file that holds a secret', () => {
  it('a folder on the way may not be open to others, who could put another file there', async () => {
    const path = await file('open/key', key, 0o600)
    await chmod(dirname(path), 0o777)
    expect((await read({ POSTERN_KEY_FILE: path })).mistakes).toEqual([
      `${path} stands in ${dirname(path)}, to which other users can write (its mode is 777). Run: chmod go-w ${dirname(path)}.`,
    ])
    await chmod(dirname(path), 0o1777)
    expect((await read({ POSTERN_KEY_FILE: path })).mistakes).toEqual([])
  })

  it('a folder behind symbolic links is looked at, and so is the file', async () => {
    const path = await file('there/open/key', key, 0o600)
    await symlink('there', join(folder, 'link'))
    await symlink('link/open/key', join(folder, 'key'))
    expect((await read({ POSTERN_KEY_FILE: 'key' })).mistakes).toEqual([])
    await chmod(dirname(path), 0o777)
    expect((await read({ POSTERN_KEY_FILE: 'key' })).mistakes).toEqual([
      expect.stringContaining(`stands in ${dirname(path)}`),
    ])
    await chmod(dirname(path), 0o700)
    await chmod(path, 0o644)
    expect((await read({ POSTERN_KEY_FILE: 'key' })).mistakes).toEqual([
      expect.stringContaining('its mode is 644'),
    ])
  })

  it.runIf(isRoot)('a link of somebody else is refused in a folder that all may write to', async () => {
    await file('own/key', key, 0o600)
    await mkdir(join(folder, 'shared'))
    await chmod(join(folder, 'shared'), 0o1777)
    const link = join(folder, 'shared', 'key')
    await symlink(join(folder, 'own', 'key'), link)
    expect((await read({ POSTERN_KEY_FILE: link })).mistakes).toEqual([])
    await rm(link)
    await symlink(join(folder, 'own', 'key'), link)
    await lchown(link, 54_321, 54_321)
    expect((await read({ POSTERN_KEY_FILE: link })).mistakes).toEqual([
      `${link} stands in ${dirname(link)}, to which other users can write (its mode is 1777). Put it into a folder of your own.`,
    ])
  })

  it('a way as Kubernetes has it is taken: links within a folder that is sticky', async () => {
    const mount = join(folder, 'mount')
    await file('mount/..2026_01/key', key, 0o400)
    await symlink('..2026_01', join(mount, '..data'))
    await symlink('..data/key', join(mount, 'key'))
    await chmod(mount, 0o1777)
    expect((await read({ POSTERN_KEY_FILE: join(mount, 'key') })).mistakes).toEqual([])
  })
})

describe('a file that holds no secret', () => {
  it.each<[string, string, Record<string, string>]>([
    ['.env', '# POSTERN_KEY=\n\n', {}],
    ['ca.pem', certificate.cert, { POSTERN_EXTRA_CA_FILE: 'ca.pem' }],
    ['providers.json', entry({ clientAuthentication: 'none' }), providersFile],
  ])('%s may be read by everybody, but not changed', async (name, text, environment) => {
    const path = await file(name, text, 0o644)
    expect(await read(environment)).toEqual({ mistakes: [], warnings: [] })
    await chmod(path, 0o646)
    expect((await read(environment)).mistakes).toEqual([
      `${path} can be changed by other users (its mode is 646). Run: chmod go-w ${path}.`,
    ])
  })
})
