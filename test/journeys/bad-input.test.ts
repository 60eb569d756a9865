import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { addMailbox, type DemoMailbox } from '../../examples/demo/mailbox.js'
import { posternEnvironment, runPostern } from '../../examples/demo/postern-process.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

const address = 'me@example.com'

describe('a running postern', () => {
  let stage: Stage
  let mailbox: DemoMailbox
  let before: string[]
  beforeAll(async () => {
    stage = await setStage()
    mailbox = await addMailbox(stage.postern, address)
    before = await everything()
  })
  afterAll(() => stage?.close())

  const everything = async () => {
    const lists = [
      ['mailbox', 'list'],
      ['login', 'list'],
      ['api-key', 'list'],
    ]
    return Promise.all(lists.map(async (words) => (await stage.postern.cli(...words, '--json')).stdout))
  }

  it.each([
    [
      'an unknown provider',
      ['mailbox', 'add', 'new@example.com', '--provider', 'nowhere'],
      1,
      /nowhere.*example/s,
    ],
    [
      'no mail address',
      ['mailbox', 'add', 'nonsense', '--provider', 'example'],
      1,
      /"nonsense" is not a mail address/,
    ],
    ['a mailbox that exists', ['mailbox', 'add', address, '--provider', 'example'], 1, /me@example\.com/],
    ['a login for an unknown mailbox', ['login', 'add', 'new@example.com'], 1, /new@example\.com/],
    ['a consent for an unknown mailbox', ['consent', 'new@example.com'], 1, /new@example\.com/],
    ['an unknown login', ['login', 'revoke', 'nothing'], 1, /nothing/],
    ['an unknown scope', ['api-key', 'add', '--scope', 'everything'], 1, /everything/],
    [
      'a provider with no registration',
      ['mailbox', 'add', 'new@example.com', '--provider', 'google'],
      78,
      /POSTERN_GOOGLE_CLIENT_ID/,
    ],
    ['an unknown verb', ['mailbox', 'paint'], 2, /paint/],
    ['an unknown option', ['mailbox', 'list', '--loudly'], 2, /--loudly/],
    ['a missing option', ['mailbox', 'add', 'new@example.com'], 2, /--provider/],
    ['a token without a consent', ['token', address], 1, /consent/i],
  ] as const)('a command is refused: %s', async (_name, words, code, message) => {
    const result = await stage.postern.cli(...words)

    expect(result.stderr).toMatch(message)
    expect(result.stderr).not.toMatch(/\n\s+at /)
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' })
  })

  it.each([
    ['a wrong password', () => plain(mailbox.user, 'wrong'), /^535 5\.7\.8 /],
    ['an unknown user', () => plain('nobody', 'wrong'), /^535 5\.7\.8 /],
    ['malformed base64', () => 'PLAIN AG1l=A==', /^501 5\.5\.2 /],
    ['base64 of something else', () => `PLAIN ${Buffer.from('hello').toString('base64')}`, /^501 5\.5\.2 /],
    ['an unknown mechanism', () => 'NTLM', /^504 5\.5\.4 /],
    ['a cancelled exchange', () => 'LOGIN\r\n*', /^334 /],
  ])('the server refuses by SMTP: %s', async (_name, argument, reply) => {
    const replies = await smtpDialogue(stage.process.smtpPort, [
      'EHLO x',
      `AUTH ${argument()}`,
      'MAIL FROM:<a@b.example>',
      'QUIT',
    ])

    expect(replies[2]).toMatch(reply)
    expect(replies[3]).toMatch(/^5/)
  })

  it('a wrong password hears the same as an unknown user', async () => {
    const ask = async (user: string) =>
      (await smtpDialogue(stage.process.smtpPort, ['EHLO x', `AUTH ${plain(user, 'wrong')}`, 'QUIT']))[2]

    expect(await ask(mailbox.user)).toBe(await ask('nobody'))
  })

  it('a second postern does not get into the data directory', async () => {
    const { dataDir, env } = stage.process
    const elsewhere = posternEnvironment({
      dataDir,
      env,
      smtpPort: await freePort(),
      webPort: await freePort(),
    })
    const second = await runPostern(['serve'], elsewhere, dataDir)

    expect(second.code).toBe(75)
    expect(second.stdout + second.stderr).toMatch(/data directory.*\n?.*POSTERN_DATA_DIR/)
  })

  it.each([['SMTP'], ['web']] as const)(
    'a second postern whose %s port is taken does not start',
    async (door) => {
      const folder = await mkdtemp(join(tmpdir(), 'postern-taken-'))
      const { smtpPort, webPort } = stage.process
      const ports = {
        smtpPort: door === 'SMTP' ? smtpPort : await freePort(),
        webPort: door === 'web' ? webPort : await freePort(),
      }
      const dataDir = join(folder, 'data')
      const second = await runPostern(['serve'], posternEnvironment({ dataDir, ...ports }), dataDir)
      await rm(folder, { recursive: true })

      expect(second.code).toBe(75)
      expect(second.stdout + second.stderr).toContain(String(door === 'SMTP' ? smtpPort : webPort))
      expect(second.stdout + second.stderr).not.toMatch(/\n\s+at /)
    },
  )

  // The last one: it looks back on all of the above.
  it('a refusal has changed nothing', async () => {
    expect(await everything()).toEqual(before)
  })
})

describe('a start', () => {
  let folder: string
  let dataDir: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-start-'))
    dataDir = join(folder, 'data')
    await mkdir(dataDir, { mode: 0o700 })
    const made = await run({}, ['mailbox', 'list'])
    const started = made.code === 0 ? made : await run({}, ['api-key', 'add', '--scope', 'read'])
    expect(started.code).toBe(0)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function run(env: Record<string, string>, words = ['serve']) {
    const ports = { smtpPort: await freePort(), webPort: await freePort() }
    const environment = posternEnvironment({
      dataDir,
      ...ports,
      env: { POSTERN_GOOGLE_CLIENT_ID: 'id', ...env },
    })
    return runPostern(words, environment, dataDir)
  }

  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }

  it.each([
    [
      'an unknown setting',
      async () => ({ POSTERN_SMPT_LISTEN: '127.0.0.1:1' }),
      /POSTERN_SMPT_LISTEN.*POSTERN_SMTP_LISTEN/s,
    ],
    ['an endpoint that is none', async () => ({ POSTERN_SMTP_LISTEN: 'here' }), /POSTERN_SMTP_LISTEN/],
    [
      'two mistakes at once',
      async () => ({ POSTERN_LOG_LEVEL: 'loud', POSTERN_PUBLIC_URL: 'x' }),
      /(?=.*POSTERN_LOG_LEVEL)(?=.*POSTERN_PUBLIC_URL)/s,
    ],
    [
      'a providers file that is not there',
      async () => ({ POSTERN_PROVIDERS_FILE: join(folder, 'none.json') }),
      /none\.json/,
    ],
    [
      'a providers file that is no JSON',
      async () => ({ POSTERN_PROVIDERS_FILE: await file('p.json', '{') }),
      /p\.json/,
    ],
    ['a key that is none', async () => ({ POSTERN_KEY: 'short' }), /POSTERN_KEY/],
    [
      'the key of another store',
      async () => ({ POSTERN_KEY: Buffer.alloc(32, 7).toString('base64') }),
      /key/,
    ],
  ] as const)('a start stops with 78 and changes nothing: %s', async (_name, settings, message) => {
    const before = await digests(dataDir)
    const result = await run(await settings())

    expect(result.stdout + result.stderr).toMatch(message)
    expect(result.stdout + result.stderr).not.toMatch(/\n\s+at /)
    expect(result.code).toBe(78)
    expect(await digests(dataDir)).toEqual(before)
  })

  it.each([
    ['that others can read', 0o644],
    ['that is empty', undefined],
  ])('a start stops with 78 at a key file %s', async (_name, mode) => {
    const key = join(dataDir, 'postern.key')
    const text = await readFile(key)
    if (mode) await chmod(key, mode)
    else await writeFile(key, '')
    const before = await digests(dataDir)
    const result = await run({})
    const after = await digests(dataDir)
    await writeFile(key, text)
    await chmod(key, 0o600)

    expect(result.stdout + result.stderr).toContain(key)
    expect(result.code).toBe(78)
    expect(after).toEqual(before)
  })
})

/** What is in each file, but for the lock, which only says who holds it. */
async function digests(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => !/^lock\.|\.pid$|-(wal|shm|journal)$/.test(name))
  const entries = names.map(async (name) => {
    const octets = await readFile(join(folder, name))
    return [name, createHash('sha256').update(octets).digest('hex')] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
