import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Postern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

let stage: Awaited<ReturnType<typeof setRotatingStage>>
let postern: Postern
let client: LineClient

beforeAll(async () => {
  stage = await setRotatingStage()
  await write('POSTERN_MESSAGE_OCTETS=5000')
  postern = await stage.start()
  client = connectLineClient({ host: '127.0.0.1', port: stage.smtpPort })
  await client.reply()
  await ask('EHLO device.example.com')
  expect(await ask(`AUTH ${plain(stage.login.user, stage.login.password)}`)).toMatch(/^235/)
})
afterAll(async () => {
  client?.close()
  await stage?.close()
})

function write(text: string): Promise<void> {
  return writeFile(join(dirname(stage.dataDir), '.env'), `${text}\n`, { mode: 0o600 })
}

async function ask(line: string): Promise<string> {
  client.send(`${line}\r\n`)
  const { code, lines } = await client.reply()
  return `${code} ${lines.join('\n')}`
}

function eventsOf(name: string): Record<string, unknown>[] {
  const lines = postern
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === name)
}

/** Has the settings read again, and gives the line that says what came of it. */
async function reload(event: string): Promise<Record<string, unknown> | undefined> {
  const before = eventsOf(event).length
  process.kill(postern.pid, 'SIGHUP')
  await eventually(event, () => eventsOf(event).length > before)
  return eventsOf(event).at(-1)
}

const google = 'POSTERN_GOOGLE_CLIENT_ID=1-a.apps.googleusercontent.com'

it('a session that is open goes on with the new settings, and a new registration is there', async () => {
  expect(await ask('EHLO device.example.com')).toContain('SIZE 5000')
  await write(
    `POSTERN_MESSAGE_OCTETS=7000\nPOSTERN_ORGANISATION=Example Ltd\nPOSTERN_LOG_LEVEL=debug\n${google}`,
  )
  expect(await reload('settings.reloaded')).toMatchObject({
    level: 'info',
    settings: ['POSTERN_LOG_LEVEL', 'POSTERN_GOOGLE_*', 'POSTERN_MESSAGE_OCTETS'],
    needRestart: ['POSTERN_ORGANISATION'],
  })
  expect(eventsOf('settings.restart-needed')).toHaveLength(1)
  expect(await ask('EHLO device.example.com')).toContain('SIZE 7000')
  expect((await stage.run(['registration', 'show', 'google'])).json).toMatchObject({ id: 'google' })
  for (const [line, reply] of [
    [`MAIL FROM:<${stage.address}>`, '250'],
    ['RCPT TO:<you@example.com>', '250'],
    ['DATA', '354'],
    ['Subject: one\r\n\r\nHello\r\n.', '250'],
  ] as const)
    expect(await ask(line)).toMatch(new RegExp(`^${reply}`))
})

it('a file with a mistake changes nothing, and says so in the log and the journal', async () => {
  await write(`POSTERN_MESSAGE_OCTETS=9000\nPOSTERN_BAD_COMMANDS=many`)
  const refused = await reload('settings.refused')
  expect(refused).toMatchObject({ level: 'error' })
  expect(refused?.mistakes).toEqual([expect.stringContaining('POSTERN_BAD_COMMANDS is "many"')])
  expect(await ask('EHLO device.example.com')).toContain('SIZE 7000')
})

it('a registration that is gone from the settings is gone, and everybody else goes on', async () => {
  await write('POSTERN_MESSAGE_OCTETS=9000')
  expect(await reload('settings.reloaded')).toMatchObject({
    settings: ['POSTERN_LOG_LEVEL', 'POSTERN_GOOGLE_*', 'POSTERN_MESSAGE_OCTETS'],
  })
  expect((await stage.run(['registration', 'show', 'google'])).code).toBe(1)
  const { json } = await stage.run(['journal'])
  expect(json.entries.map(({ event }: { event: string }) => event)).toEqual(
    expect.arrayContaining(['settings.reloaded', 'settings.refused']),
  )
  const [greeting, capabilities] = await smtpDialogue(stage.smtpPort, ['EHLO another.example.com', 'QUIT'])
  expect([greeting, capabilities]).toEqual([expect.stringMatching(/^220/), expect.stringMatching(/^250/)])
  expect(await ask('NOOP')).toMatch(/^250/)
})

it('two signals at once are two reloads, one after the other', async () => {
  const before = eventsOf('settings.reloaded').length
  process.kill(postern.pid, 'SIGHUP')
  await reload('settings.reloaded')
  await eventually('the second', () => eventsOf('settings.reloaded').length >= before + 1)
  expect(await postern.stop()).toBe(0)
})
