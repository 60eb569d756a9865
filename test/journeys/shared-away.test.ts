import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Postern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { connectLineClient } from '../support/line-client.ts'
import { bringBack, newPostgresDatabase, onPostgres, takeAway } from '../support/postgres-databases.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

const [authReply, endOfDataReply] = [2, 6]

/** Two posterns on one database, each a process with a data directory of its own. */
async function setTwo() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-two-'))
  const database = await newPostgresDatabase('nothing')
  const env = { POSTERN_DATABASE_URL: database, POSTERN_KEY: randomBytes(32).toString('base64') }
  const stage = await setRotatingStage({ env })
  onTestFinished(async () => {
    await stage.close()
    await rm(folder, { recursive: true, force: true })
  })
  const [one, two] = [await stage.startBeside('one'), await stage.startBeside('two')]
  /** Resolves with the replies to AUTH and to the end of the message. */
  const send = async ({ smtpPort }: Postern, { user, password } = stage.login) => {
    const signedIn = ['EHLO legacy.example.com', `AUTH ${plain(user, password)}`]
    const message = [`MAIL FROM:<${stage.address}>`, 'RCPT TO:<someone@example.net>', 'DATA']
    const replies = await smtpDialogue(smtpPort, [
      ...signedIn,
      ...message,
      'Subject: x\r\n\r\nx\r\n.',
      'QUIT',
    ])
    return [replies[authReply]?.slice(0, 3), replies[endOfDataReply]?.slice(0, 3)]
  }
  const addChosen = async (password: string) => {
    const file = join(folder, 'password')
    await writeFile(file, password, { mode: 0o600 })
    const added = await one.cli('login', 'add', stage.address, '--password-file', file, '--json')
    return { user: String(JSON.parse(added.stdout).login.userName), password }
  }
  const addLogin = async () => {
    const { login, password } = JSON.parse((await one.cli('login', 'add', stage.address, '--json')).stdout)
    return { id: String(login.id), user: String(login.userName), password: String(password) }
  }
  return { ...stage, one, two, send, addLogin, addChosen, database }
}

const sent = ['235', '250']

describe.runIf(onPostgres)('two posterns on one database', () => {
  it('while it is away, both send on with the token that they have, whatever was changed just before', async () => {
    const { one, two, send, addLogin, database } = await setTwo()
    // The first message is the one that the token is renewed for.
    expect(await send(one)).toEqual(sent)
    expect(await send(two)).toEqual(sent)
    await addLogin()
    await takeAway(database)
    for (const postern of [one, two, one, two]) expect(await send(postern)).toEqual(sent)
    await bringBack(database)
    await eventually('both can work again', async () => {
      const answers = await Promise.all([one, two].map(({ url }) => fetch(`${url}/readyz`)))
      return answers.every(({ ok }) => ok)
    })
    const kept = await eventually('the journal has what happened meanwhile', async () => {
      const { stdout } = await one.cli('journal', '--json')
      return [...stdout.matchAll(/"event": *"message\.[a-z]+"/g)].length >= 6 ? stdout : undefined
    })
    expect(kept).toBeTruthy()
  })

  it('a chosen password that a process has found right before is right there while it is away, and no other', async () => {
    const { one, two, send, addChosen, database } = await setTwo()
    const login = await addChosen('mauve kettle orbits')
    expect(await send(one, login)).toEqual(sent)
    expect(await send(two)).toEqual(sent)
    await takeAway(database)
    expect(await send(one, login)).toEqual(sent)
    for (const [postern, password] of [
      [one, 'mauve kettle orbit'],
      [two, login.password],
    ] as const)
      expect((await send(postern, { ...login, password }))[0]).toMatch(/^4/)
  })

  it('a process that stood still lets nobody in whose login was revoked meanwhile', async () => {
    const { one, two, addLogin } = await setTwo()
    const { id, user, password } = await addLogin()
    const client = connectLineClient({ host: '127.0.0.1', port: two.smtpPort })
    onTestFinished(() => client.close())
    await client.reply()
    client.send('EHLO legacy.example.com\r\n')
    await client.reply()
    process.kill(two.pid, 'SIGSTOP')
    onTestFinished(() => void process.kill(two.pid, 'SIGCONT'))
    // What it finds first when it goes on.
    client.send(`AUTH ${plain(user, password)}\r\n`)
    expect(await one.cli('login', 'revoke', id)).toMatchObject({ code: 0 })
    process.kill(two.pid, 'SIGCONT')
    expect(await client.reply()).toMatchObject({ code: 535 })
    expect(two.output()).toContain('store.stood-still')
  })
})
