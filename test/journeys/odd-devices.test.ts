import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { startPostern } from '../../examples/demo/postern-process.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { connectLineClient } from '../support/line-client.ts'
import { smtpDialogue } from '../support/smtp-client.ts'

const address = 'me@example.com'
const [copier, fax, elsewhere] = ['127.0.0.21', '127.0.0.22', '127.0.0.23']

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
  await consentedMailbox(stage.postern, address)
})
afterAll(() => stage?.close())

const postern = (...words: string[]) => command(stage.postern, ...words)
const login = (...words: string[]) => postern('login', 'add', address, ...words)
const dialogue = (from: string, ...lines: string[]) => smtpDialogue(stage.process.smtpPort, lines, from)

/** Of the last message, as the provider heard it. */
const lastSender = () => stage.mailProvider.messages.at(-1)?.sender

/** A message without AUTH. The reply to the dot, or the first that is an error. */
async function send(from: string, sender: string): Promise<string | undefined> {
  const [, , ...replies] = await dialogue(
    from,
    'EHLO device.example',
    `MAIL FROM:<${sender}>`,
    'RCPT TO:<you@example.net>',
    'DATA',
    'Subject: page 1\r\n\r\nhello\r\n.',
    'QUIT',
  )
  return replies.find((reply) => /^[45]/.test(reply)) ?? replies[3]
}

async function offered(): Promise<string> {
  return (await hello()).find((line) => line.startsWith('AUTH')) ?? ''
}

async function hello(): Promise<readonly string[]> {
  const client = connectLineClient({ host: '127.0.0.1', port: stage.process.smtpPort })
  await client.reply()
  client.send('EHLO device.example\r\n')
  const { lines } = await client.reply()
  client.close()
  return lines
}

describe('a device that cannot sign in', () => {
  it('a device sends as its mailbox from its own address, and from no other', async () => {
    expect(await send(copier, address)).toMatch(/^530 /)
    await login('--user', 'copier', '--no-password', '--network', copier)
    expect(await send(copier, address)).toMatch(/^250 /)
    expect(lastSender()).toBe(address)
    expect(await send(elsewhere, address)).toMatch(/^530 /)
  })

  it('a device is told the command that lets it send as somebody else, and that command does', async () => {
    const refused = (await send(copier, 'copier@example.com')) ?? ''
    expect(refused).toMatch(/^550 5\.7\.1 .*copier@example\.com/)
    const [, words = ''] = /postern (login allow \w+ --sender \S+)$/.exec(refused) ?? []
    await postern(...words.split(' '))
    expect(await send(copier, 'copier@example.com')).toMatch(/^250 /)
    expect(lastSender()).toBe('copier@example.com')
  })

  it('a device has its sender replaced where its login says so', async () => {
    await login('--user', 'fax', '--no-password', '--network', fax, '--rewrite-sender')
    expect(await send(fax, 'fax@lan.invalid')).toMatch(/^250 /)
    expect(lastSender()).toBe(address)
  })
})

describe('a device with a login that replaces senders', () => {
  const scanner = '127.0.0.24'

  beforeAll(async () => {
    await login('--user', 'scanner', '--no-password', '--network', scanner, '--rewrite-sender')
  })

  it.each(['<root>', 'Scanner 2', '"Scanner 2" <x@y>', '<büro@lan>', '< >', ''])(
    'a device may have typed in %j as its sender',
    async (sender) => {
      const before = stage.mailProvider.messages.length
      const replies = await dialogue(
        scanner,
        'EHLO device.example',
        `MAIL FROM:${sender}`,
        'RCPT TO:<you@example.net>',
        'DATA',
        'Subject: page 1\r\n\r\nhello\r\n.',
        'QUIT',
      )
      expect(replies.slice(2).map((reply) => reply.slice(0, 3))).toEqual(['250', '250', '354', '250', '221'])
      expect(stage.mailProvider.messages.slice(before)).toMatchObject([{ sender: address }])
    },
  )
})

it('a user name is typed in any case, and no other login may have it in another', async () => {
  const made = await login('--user', 'Till@Example.test')
  for (const typed of ['till@example.test', 'TILL@EXAMPLE.TEST']) {
    const response = Buffer.from(`${address}\0${typed}\0${made.password}`).toString('base64')
    const replies = await dialogue(elsewhere, 'EHLO erp', `AUTH PLAIN ${response}`, 'QUIT')
    expect(replies[2]).toMatch(/^235 /)
  }
  await expect(login('--user', 'till@example.TEST')).rejects.toThrow('is taken')
})

it('a device that knows only CRAM-MD5 signs in with it, once there is a login for that', async () => {
  expect(await offered()).not.toContain('CRAM-MD5')
  const made = await login('--user', 'old printer', '--cram-md5', '--network', '127.0.0.1')
  expect(await offered()).toContain('CRAM-MD5')
  expect((await cramMd5('old printer', made.password)).at(0)).toMatch(/^2\.7\.0|^235/)
  expect((await cramMd5('old printer', `${made.password}x`)).at(0)).toMatch(/Wrong user name or password/)
  await postern('login', 'revoke', made.login.id)
  expect(await offered()).not.toContain('CRAM-MD5')
})

it('a program signs in with an API key that may send, and with no other', async () => {
  expect(await offered()).not.toContain('XOAUTH2')
  const { key } = await postern('api-key', 'add', '--scope', `send:${address}`)
  expect(await offered()).toContain('XOAUTH2')
  const admin = await postern('api-key', 'add', '--scope', 'admin')
  const bearer = async (token: string) => {
    const response = Buffer.from(`user=${address}\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64')
    const replies = await dialogue(
      '127.0.0.1',
      'EHLO program.example',
      `AUTH XOAUTH2 ${response}`,
      '',
      'QUIT',
    )
    return replies.slice(2).find((reply) => !reply.startsWith('334'))
  }
  expect(await bearer(key)).toMatch(/^235 /)
  expect(await bearer(admin.key)).toMatch(/^535 5\.7\.8 Wrong user name or password/)
})

it('a login sends as the aliases that its mailbox has', async () => {
  const aliases = ['--alias', 'sales@example.com', '--replace', '--provider', 'example']
  expect(await postern('mailbox', 'add', address, ...aliases)).toMatchObject({ state: 'active' })
  expect(await send(copier, 'sales@example.com')).toMatch(/^250 /)
  expect(lastSender()).toBe('sales@example.com')
})

it('a restart says loudly which logins need no password, and they go on working', async () => {
  const before = await hello()
  expect(before).toContain('SMTPUTF8')
  await stage.postern.stop()
  stage.postern = await startPostern(stage.process)
  // Before anybody has signed in: a client decides by it what it sends.
  expect(await hello()).toEqual(before)
  const warnings = stage.postern
    .output()
    .split('\n')
    .filter((line) => line.includes('login.without-password'))
  expect(warnings.map((line) => JSON.parse(line).userName).sort()).toEqual(['copier', 'fax', 'scanner'])
  expect(await send(copier, address)).toMatch(/^250 /)
})

async function cramMd5(userName: string, password: string): Promise<readonly string[]> {
  const client = connectLineClient({ host: '127.0.0.1', port: stage.process.smtpPort })
  await client.reply()
  client.send('EHLO device.example\r\n')
  await client.reply()
  client.send('AUTH CRAM-MD5\r\n')
  const { lines } = await client.reply()
  const challenge = Buffer.from(lines[0] ?? '', 'base64')
  const digest = createHmac('md5', password).update(challenge).digest('hex')
  client.send(`${Buffer.from(`${userName} ${digest}`).toString('base64')}\r\n`)
  const reply = await client.reply()
  client.close()
  return reply.lines
}
