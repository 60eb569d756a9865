import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FailureCode } from '../../src/base/failure.ts'
import {
  type Broker,
  type BrokerFailureCode,
  type BrokerOptions,
  createBroker,
  isBrokerFailure,
  type LogLine,
} from '../../src/library.ts'
import { runProgram } from '../support/run-program.ts'
import { consentAt, setProviderParts } from './provider-parts.ts'

const me = 'me@example.com'
const program = join(import.meta.dirname, '../../dist/main.js')

describe('the broker inside a program', () => {
  let parts: Awaited<ReturnType<typeof setProviderParts>>
  const opened: Broker[] = []
  let folders = 0

  beforeAll(async () => {
    parts = await setProviderParts()
  })
  afterEach(async () => {
    for (const broker of opened.splice(0)) await broker.close()
  })
  afterAll(() => parts?.close())

  const newDataDir = () => join(parts.folder, `data-${++folders}`)
  const open = async (options: BrokerOptions = {}) => {
    const { publicUrl, settings } = parts
    const broker = await createBroker({ dataDir: newDataDir(), publicUrl, settings, ...options })
    opened.push(broker)
    return broker
  }
  const connect = async (broker: Broker, address = me) => {
    await broker.mailboxes.add({ address, provider: 'example' })
    const { url, browser, byHand } = await broker.beginConsent(address)
    expect(byHand).toBe(false)
    const callback = await consentAt(url, address, `${parts.publicUrl}/oauth/callback`)
    expect(await broker.completeConsent(callback, browser)).toMatchObject({ mailbox: address })
    return { callback, browser }
  }
  const failing = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable(),
      (error: unknown) => (isBrokerFailure(error) ? error : expect.unreachable(String(error))),
    )

  it('a mailbox is added, its person consents, and there is a token for its mail server', async () => {
    const broker = await open()
    await connect(broker)
    expect(await broker.mailboxes.list()).toEqual([{ address: me, provider: 'example', consent: 'active' }])
    const token = await broker.accessToken('ME@example.com', { minLife: 600 })
    const { host, port } = parts.mailProvider
    expect(token).toMatchObject({ mailbox: me, user: me, server: { host, port, tls: 'starttls' } })
    expect(token.expiresAt.getTime() - Date.now()).toBeGreaterThan(600_000)
    expect(Buffer.from(token.xoauth2(), 'base64').toString()).toBe(
      `user=${me}\x01auth=Bearer ${token.reveal()}\x01\x01`,
    )
    expect((await broker.accessToken(me)).reveal()).toBe(token.reveal())
    await broker.mailboxes.remove(me)
    expect((await failing(broker.accessToken(me))).code).toBe('not-found')
  })

  it('what is shown, logged or kept has no secret in it', async () => {
    const lines: LogLine[] = []
    const dataDir = newDataDir()
    const settings = { ...parts.settings, POSTERN_LOG_LEVEL: 'debug' }
    const broker = await open({ dataDir, settings, log: (line) => lines.push(line) })
    const { browser } = await connect(broker)
    const token = await broker.accessToken(me)
    const secret = token.reveal()
    const shown =
      inspect({ token, broker, lines }, { depth: 9, showHidden: true }) + JSON.stringify({ token })
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain(browser)
    expect(`${token}`).not.toContain(secret)
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['consent.completed', 'token.read']),
    )
    for (const line of lines)
      expect(line).toMatchObject({ level: expect.any(String), message: expect.any(String) })
    const files = await readdir(dataDir)
    expect(files).toContain('postern.sqlite')
    for (const name of files) {
      const path = join(dataDir, name)
      expect(await readFile(path, 'latin1'), name).not.toContain(secret)
      // Whatever the umask of the program is.
      expect((await stat(path)).mode & 0o077, name).toBe(0)
    }
  })

  it('each renewal is kept before its token is given out: a broker that opens later goes on from there', async () => {
    const dataDir = newDataDir()
    const first = await open({ dataDir })
    await connect(first)
    const seen = new Set([(await first.accessToken(me)).reveal()])
    await first.close()
    // Nothing is kept of access tokens, and the provider takes each refresh token once.
    for (const number of [2, 3, 4]) {
      const broker = await open({ dataDir })
      const tokens = await Promise.all([1, 2, 3].map(() => broker.accessToken(me)))
      for (const token of tokens) seen.add(token.reveal())
      expect(seen.size).toBe(number)
      await broker.close()
    }
  })

  it('a data directory is of one broker at a time, in this process and in others', async () => {
    const dataDir = newDataDir()
    const broker = await open({ dataDir })
    await broker.mailboxes.add({ address: me, provider: 'example' })
    for (const attempt of [1, 2]) {
      const { code, id } = await failing(open({ dataDir }))
      expect({ attempt, code, id }).toEqual({ attempt, code: 'configuration', id: 'data.in-use' })
    }
    const list = () =>
      runProgram(process.execPath, [program, 'mailbox', 'list'], { env: { POSTERN_DATA_DIR: dataDir } })
    expect(await list()).toMatchObject({ output: expect.stringContaining('Another postern') })
    await broker.close()
    // What the library made is what the command knows.
    expect(await list()).toMatchObject({ code: 0, output: expect.stringContaining(me) })
    expect((await broker.mailboxes.list().catch((error: unknown) => error)) as object).toMatchObject({
      id: 'postern.stopping',
    })
    expect(await broker.close()).toEqual({ lostConsents: [] })
  })

  it('a failure says what it is, and what to do', async () => {
    const broker = await open()
    await broker.mailboxes.add({ address: me, provider: 'example' })
    expect(await failing(broker.accessToken(me))).toMatchObject({
      code: 'consent-needed',
      fix: expect.any(String),
    })
    expect((await failing(broker.mailboxes.add({ address: me, provider: 'example' }))).code).toBe(
      'already-exists',
    )
    expect((await failing(broker.mailboxes.add({ address: 'you@example.com', provider: 'none' }))).code).toBe(
      'not-found',
    )
    await expect(broker.accessToken(me, { minLife: -1 })).rejects.toThrow(RangeError)
    const { url, browser } = await broker.beginConsent(me)
    const callback = await consentAt(url, me, `${parts.publicUrl}/oauth/callback`)
    expect((await failing(broker.completeConsent(callback, 'another browser'))).id).toBe(
      'consent.other-browser',
    )
    expect((await failing(broker.completeConsent(callback, undefined))).id).toBe('consent.other-browser')
    expect((await failing(broker.completeConsent('/oauth/callback', browser))).id).toBe(
      'consent.not-the-address',
    )
    expect((await failing(broker.completeConsent(`${callback}&note=a?b`, 'another browser'))).id).toBe(
      'consent.other-browser',
    )
    // As Node's own server has it: the path and the query.
    expect(await broker.completeConsent(callback.replace(parts.publicUrl, ''), browser)).toEqual({
      mailbox: me,
      signedInAs: expect.any(String),
    })
    expect((await failing(broker.completeConsent(callback, browser))).id).toBe('consent.not-begun')
  })

  it('every mistake in the options is named, and nothing is made', async () => {
    const dataDir = newDataDir()
    const settings = { POSTERN_LOG_LEVEL: 'loud', POSTERN_NONSENSE: '1' }
    const mistaken = await failing(open({ dataDir, key: 'short', settings }))
    expect(mistaken.code).toBe('configuration')
    for (const name of ['POSTERN_LOG_LEVEL', 'POSTERN_NONSENSE', 'POSTERN_KEY'])
      expect(mistaken.message).toContain(name)
    expect((await failing(open({ dataDir, settings: { LOG: 'x' } }))).message).toContain(
      'LOG is not a setting',
    )
    expect(existsSync(dataDir)).toBe(false)
  })

  it('the environment and .env of the program are not read, unless the options name a file', async () => {
    const folder = join(parts.folder, 'program')
    await mkdir(folder)
    await writeFile(join(folder, '.env'), 'POSTERN_LOG_LEVEL=loud\n', { mode: 0o600 })
    const script = (options: string) =>
      spawnSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { createBroker } from ${JSON.stringify(join(program, '../library.js'))}
           const broker = await createBroker(${options})
           await broker.close()`,
        ],
        { cwd: folder, env: { POSTERN_WORKERS: 'many' }, encoding: 'utf8' },
      )
    expect(script(`{ dataDir: 'data' }`)).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(script(`{ dataDir: 'data', settings: { POSTERN_ENV_FILE: '.env' } }`).stderr).toContain(
      'POSTERN_LOG_LEVEL',
    )
  })
})

it('the codes of its failures are all that there are', () => {
  // Compiled, or not.
  const there = (code: FailureCode): BrokerFailureCode => code
  const back = (code: BrokerFailureCode): FailureCode => code
  expect([there('invalid'), back('invalid')]).toEqual(['invalid', 'invalid'])
})
