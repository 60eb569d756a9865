import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'
import { commandPart } from '../documents/command-page.js'
import { pageBeside } from '../documents/made-part.js'
import { type CommandStage, setCommandStage } from './command-stage.ts'

describe('the command', () => {
  let stage: CommandStage

  beforeEach(async () => {
    stage = await setCommandStage({ POSTERN_GOOGLE_CLIENT_SECRET: 'client-secret-of-google' })
  })
  afterEach(() => stage.close())

  it('config prints the settings in effect, without secrets', async () => {
    const words = await stage.postern(['config'])
    expect(words.stdout).toMatch(/POSTERN_GOOGLE_CLIENT_SECRET +\[secret\] +environment/)
    const { stdout } = await stage.postern(['config', '--json'])
    expect(JSON.parse(stdout).settings).toContainEqual({
      name: 'POSTERN_SMTP_LISTEN',
      value: '127.0.0.1:0',
      source: 'environment',
    })
    expect(words.stdout + stdout).not.toContain('client-secret-of-google')
  })

  it('limits prints those of every provider, as the providers file changes them', async () => {
    const overrides = { microsoft: { limits: { connections: 1, recipientsPerDay: null }, chunking: 'off' } }
    writeFileSync(join(stage.folder, 'providers.json'), JSON.stringify({ overrides }))
    writeFileSync(join(stage.folder, '.env'), 'POSTERN_PROVIDERS_FILE=providers.json', { mode: 0o600 })
    const { stdout } = await stage.postern(['config', '--json'])
    expect(JSON.parse(stdout).providers).toContainEqual({
      id: 'microsoft',
      name: 'Microsoft 365 (work or school)',
      registered: false,
      limits: { connections: 1, messagesPerMinute: 30, refusedRecipients: { refused: 20, of: 40 } },
      chunking: 'off',
    })
    expect((await stage.postern(['config'])).stdout).toMatch(/^microsoft +no +1 +30 +off$/m)
  })

  it.each([
    { words: [] },
    { words: ['mailbox'] },
    { words: ['nonsense'] },
    { words: ['mailbox', 'add', 'me@example.com'] },
    { words: ['mailbox', 'add'] },
    { words: ['mailbox', 'list', '--nonsense'] },
    { words: ['api-key', 'add'] },
    { words: ['token', 'me@example.com', '--min-life', 'long'] },
    { words: ['token', 'me@example.com', '--format', 'xml'] },
  ])('the wrong usage $words exits with 2', async ({ words }) => {
    const outcome = await stage.postern(words)
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).not.toBe('')
    const json = await stage.postern([...words, '--json'])
    expect(json).toMatchObject({ code: 2, stdout: '' })
    expect(JSON.parse(json.stderr).error).toMatchObject({ code: 'invalid', message: expect.any(String) })
  })

  it.each([
    [],
    ['serve'],
    ['config'],
    ['mailbox', 'add'],
    ['mailbox', 'list'],
    ['mailbox', 'show'],
    ['mailbox', 'remove'],
    ['consent'],
    ['login', 'add'],
    ['login', 'list'],
    ['login', 'revoke'],
    ['api-key', 'add'],
    ['api-key', 'list'],
    ['api-key', 'revoke'],
    ['token'],
    ['tls', 'make'],
  ])('postern %s %s has help', async (...verb) => {
    const words = verb.filter((word) => typeof word === 'string')
    const outcome = await stage.postern([...words, '--help'])
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain(`Usage: ${['postern', ...words].join(' ')}`)
    if (words.length > 0) expect(outcome.stdout).toMatch(/^Examples?:/m)
  })

  it('docs/command.md is made from the help of every verb (npm run docs)', async () => {
    const { is, wouldBe } = await pageBeside('command.md', await commandPart(runCommand))
    expect(is).toBe(wouldBe)
  })

  it('help is as wide as the terminal that it is written to', async () => {
    const written = async (columns: number) => {
      const stdout = Object.assign(new PassThrough({ encoding: 'utf8' }), { columns })
      const never = () => Promise.reject(new Error('not for this'))
      const deps = {
        version: '1',
        dataDir: () => undefined,
        readConfig: never,
        serve: never,
        openServices: never,
        openDoctor: never,
      }
      const terminal = { stdin: Readable.from([]), stdout, stderr: new PassThrough() }
      expect(await runCommand(['login', 'add', '--help'], terminal, deps)).toBe(0)
      const [, options = ''] = String(stdout.read()).split(/^Options:$/m)
      const lines = options.split('\n\n')[0]?.split('\n') ?? []
      return Math.max(...lines.map((line) => line.length))
    }
    expect(await written(80)).toBeLessThanOrEqual(80)
    expect(await written(120)).toBeGreaterThan(100)
  })

  it('--version prints the version', async () => {
    expect(await stage.postern(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })

  it('consents and tokens need the running postern, and say so', async () => {
    await stage.makeStore()
    for (const verb of ['consent', 'token']) {
      const outcome = await stage.postern([verb, 'me@example.com'])
      expect(outcome).toMatchObject({ code: 75, stdout: '' })
      expect(outcome.stderr).toContain('postern serve')
    }
  })

  const asking = [
    ...[
      ['mailbox', 'list'],
      ['mailbox', 'show', 'a@example.com'],
      ['mailbox', 'remove', 'a@example.com'],
    ],
    ...[
      ['login', 'list'],
      ['login', 'revoke', 'x'],
      ['api-key', 'list'],
      ['api-key', 'revoke', 'x'],
    ],
    ...[['consent', 'a@example.com'], ['token', 'a@example.com'], ['journal'], ['sign-in']],
  ]
  const adding = [
    ['mailbox', 'add', 'a@example.com', '--provider', 'google'],
    ['login', 'add', 'a@example.com'],
    ['api-key', 'add', '--scope', 'admin'],
  ]

  it.each([...asking, ...adding])('%s %s makes no data directory', async (...words) => {
    const data = join(stage.folder, 'data')
    await rm(data, { recursive: true })
    const outcome = await stage.postern(words)
    expect(outcome).toMatchObject({ code: 78, stdout: '' })
    expect(outcome.stderr).toContain(`There is no data directory ${data}\n`)
    expect(outcome.stderr).toMatch(/Fix: .*POSTERN_DATA_DIR.*"postern serve" makes/)
    expect(existsSync(data)).toBe(false)
  })

  it.each(asking)('%s %s makes no store by asking', async (...words) => {
    const outcome = await stage.postern(words)
    expect(outcome).toMatchObject({ code: 78, stdout: '' })
    expect(outcome.stderr).toContain('holds no store of postern')
    expect(readdirSync(join(stage.folder, 'data'))).toEqual([])
  })

  it('a mailbox is added before the first start, into a data directory that somebody has made', async () => {
    expect((await stage.postern(adding[0] ?? [])).code).toBe(0)
    expect((await stage.postern(adding[1] ?? [])).code).toBe(0)
    expect((await stage.postern(['mailbox', 'list'])).stdout).toContain('a@example.com')
  })

  it('the running postern gives a one-use link, and says why there is no token yet', async () => {
    await stage.serve()
    await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    const link = await stage.postern(['consent', 'me@example.com'])
    expect(link.code).toBe(0)
    expect(link.stdout).toMatch(/^http:\/\/localhost:\d+\/consent\/\S+\n/)
    const token = await stage.postern(['token', 'me@example.com'])
    expect(token).toMatchObject({ code: 1, stdout: '' })
    expect(token.stderr).toContain('postern consent me@example.com')
  })

  it('a consent link goes to a command of the administrator, and without a channel the answer says what to set', async () => {
    await stage.serve()
    await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    const nowhere = await stage.postern(['consent', 'me@example.com', '--send'])
    expect(nowhere.code).toBe(78)
    expect(nowhere.stderr).toContain(
      'Set POSTERN_NOTIFY_WEBHOOK_URL, POSTERN_NOTIFY_MAIL_FROM or POSTERN_NOTIFY_COMMAND',
    )

    const file = join(stage.folder, 'told.json')
    const told = await setCommandStage({ POSTERN_NOTIFY_COMMAND: `cat > '${file}'`, PATH: '/usr/bin:/bin' })
    onTestFinished(told.close)
    await told.serve()
    await told.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    const sent = await told.postern(['consent', 'me@example.com', '--send'])
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringMatching(/^command: sent\n/) })
    const { data } = JSON.parse(await readFile(file, 'utf8'))
    expect(data.consentLink.url).toMatch(/^http:\/\/localhost:\d+\/consent\/\S+$/)
    expect(sent.stdout).not.toContain(data.consentLink.url)
  })

  it('every mistake in the settings is listed, and the exit code is 78', async () => {
    const broken = await setCommandStage({ POSTERN_LOG_LEVEL: 'loud', POSTERN_DATADIR: '/x' })
    const outcome = await broken.postern(['mailbox', 'list'])
    const json = await broken.postern(['mailbox', 'list', '--json'])
    await broken.close()
    expect(outcome).toMatchObject({ code: 78, stdout: '' })
    expect(outcome.stderr).toContain('POSTERN_LOG_LEVEL is "loud"')
    expect(outcome.stderr).toContain('did you mean POSTERN_DATA_DIR?')
    expect(JSON.parse(json.stderr).error.mistakes).toHaveLength(2)
  })

  it('a running postern is asked whatever else is wrong with the settings, but for where it runs', async () => {
    await stage.serve()
    const listed = () => stage.postern(['mailbox', 'list'])
    const put = (text: string, mode = 0o600) => {
      writeFileSync(join(stage.folder, '.env'), text)
      chmodSync(join(stage.folder, '.env'), mode)
    }
    put('POSTERN_LOG_LEVEL=loud')
    expect(await listed()).toMatchObject({ code: 0, stderr: '' })
    put('POSTERN_DATADIR=/x')
    expect((await listed()).stderr).toContain('did you mean POSTERN_DATA_DIR?')
    put('POSTERN_LOG_LEVEL')
    expect((await listed()).stderr).toContain('.env line 1 is not of the form NAME=value')
    put('POSTERN_GOOGLE_CLIENT_SECRET=xyz', 0o666)
    expect((await listed()).code).toBe(78)
    await stage.stop()
    put('POSTERN_LOG_LEVEL=loud')
    expect((await listed()).code).toBe(78)
  })

  it('a warning tells what is allowed but should be known', async () => {
    const open = await setCommandStage({
      POSTERN_SMTP_LISTEN: '0.0.0.0:0+plain-auth,[::1]:2588',
    })
    for (const verb of ['serve', 'config']) {
      expect((await open.postern([verb])).stderr).toMatch(/^postern: warning: POSTERN_SMTP_LISTEN has 0/)
    }
    const { stdout, stderr } = await open.postern(['config', '--json'])
    expect(JSON.parse(stdout).warnings).toHaveLength(1)
    expect(stderr).toBe('')
    await open.close()
  })
})
