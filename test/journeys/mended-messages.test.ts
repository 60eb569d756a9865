import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

const address = 'me@example.com'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
  await consentedMailbox(stage.postern, address)
})
afterAll(() => stage?.close())

const postern = (...words: string[]) => command(stage.postern, ...words)

interface NewLogin {
  id: string
  user: string
  password: string
}

async function newLogin(...options: string[]): Promise<NewLogin> {
  const { login, password } = await postern('login', 'add', address, ...options)
  return { id: login.id, user: login.userName, password }
}

interface Sent {
  sender?: string
  recipients?: readonly string[]
  /** With its line ends; the end of data follows. */
  message: string
}

/** Hands a message in. The reply to its end, or the first that is an error. */
async function send(
  { user, password }: NewLogin,
  { sender = address, recipients, message }: Sent,
): Promise<string> {
  const [, , ...replies] = await smtpDialogue(stage.process.smtpPort, [
    'EHLO device.example',
    `AUTH ${plain(user, password)}`,
    `MAIL FROM:<${sender}>`,
    ...(recipients ?? ['<you@example.net>']).map((path) => `RCPT TO:${path}`),
    'DATA',
    `${message}.`,
    'QUIT',
  ])
  return replies.find((reply) => /^[45]/.test(reply)) ?? replies.at(-2) ?? ''
}

/** The last message, as the provider has it. */
const arrived = () => stage.mailProvider.messages.at(-1)?.raw.toString()
const body = '\r\nFrom: in the body\r\n\tA line  \r\n..stuffed\r\n\xe9\r\n'
const bodyThere = body.replace('..', '.')

describe('a login that asks for nothing', () => {
  it('the messages of such a login pass octet for octet, whatever their header says', async () => {
    const login = await newLogin()
    const header = `Sender: <x@printer.local>\r\nFROM : "A, B" <root>\r\nFrom:other@x.example\r\n Folded\r\nX-Long: ${'y'.repeat(2_000)}\r\n`
    for (const message of [
      `${header}${body}`,
      'no header at all\r\n',
      '\r\n',
      `${header}\r\n${'text\r\n'.repeat(30_000)}`,
    ]) {
      expect(await send(login, { message })).toMatch(/^250 /)
      expect(arrived()).toBe(message.replace('\r\n..', '\r\n.'))
    }
  })
})

describe('--rewrite-from', () => {
  it('the mailbox is put into From: and Sender:, and nothing else is touched, of small messages and of those that stream', async () => {
    const login = await newLogin('--rewrite-from', '--rewrite-sender')
    for (const rest of [body, `${body}${'text\r\n'.repeat(60_000)}`]) {
      const header = 'From: "Scanner, 2" <scan@printer.local>\r\nSubject: page\r\n 1\r\nSender: root\r\n'
      expect(await send(login, { sender: 'scan@printer.local', message: `${header}${rest}` })).toMatch(
        /^250 /,
      )
      expect(arrived()).toBe(
        `From: "Scanner, 2" <${address}>\r\nSubject: page\r\n 1\r\nSender: root <${address}>\r\nReply-To: scan@printer.local\r\n${rest.replace('..', '.')}`,
      )
      expect(stage.mailProvider.messages.at(-1)?.sender).toBe(address)
    }
  })

  it('the option is set and ended later, is shown where the login is shown, and holds from the next sign-in on', async () => {
    const login = await newLogin()
    const message = `From: scan@printer.local\r\n${body}`
    expect(await postern('login', 'set', login.id, '--rewrite-from')).toMatchObject({ rewriteFrom: true })
    const shown = (await postern('login', 'list')).logins.find(({ id }: NewLogin) => id === login.id)
    expect(shown).toMatchObject({ rewriteFrom: true })
    await send(login, { message })
    expect(arrived()).toBe(`From: ${address}\r\nReply-To: scan@printer.local\r\n${bodyThere}`)
    expect(await postern('login', 'set', login.id, '--no-rewrite-from')).not.toHaveProperty('rewriteFrom')
    await send(login, { message })
    expect(arrived()).toBe(`From: scan@printer.local\r\n${bodyThere}`)
  })

  it('no size is announced that is not the one which leaves', async () => {
    const login = await newLogin('--rewrite-from')
    stage.mailProvider.dialogue.length = 0
    const replies = await smtpDialogue(stage.process.smtpPort, [
      'EHLO device.example',
      `AUTH ${plain(login.user, login.password)}`,
      `MAIL FROM:<${address}> SIZE=100 BODY=8BITMIME`,
      'RCPT TO:<you@example.net>',
      'QUIT',
    ])
    expect(replies[4]).toMatch(/^250 /)
    expect(stage.mailProvider.dialogue.join('\n')).toMatch(`MAIL FROM:<${address}> BODY=8BITMIME\n`)
  })
})

describe('--mend-line-ends', () => {
  it('bare CR and LF are taken for ends of lines, and hide no second message behind one', async () => {
    const login = await newLogin('--mend-line-ends', '--rewrite-from')
    const count = stage.mailProvider.messages.length
    const inside = `text\n.\nMAIL FROM:<${address}>\nRCPT TO:<smuggled@example.net>\nDATA\r.\r\nend`
    const message = `Subject: a\nFrom: scan@printer.local\n\n${inside}\r\n`
    expect(await send(login, { message })).toMatch(/^250 /)
    expect(stage.mailProvider.messages).toHaveLength(count + 1)
    expect(arrived()).toBe(
      `Subject: a\r\nFrom: ${address}\r\nReply-To: scan@printer.local\r\n\r\n${inside.replace(/\r\n|\r|\n/g, '\r\n')}\r\n`,
    )
  })

  it('a long message is streamed, and a NUL is refused', async () => {
    const login = await newLogin('--mend-line-ends')
    expect(await send(login, { message: `a\n\n${'long line\n'.repeat(40_000)}\r\n` })).toMatch(/^250 /)
    expect(arrived()).toBe(`a\r\n\r\n${'long line\r\n'.repeat(40_000)}\r\n`)
    expect(await send(login, { message: 'a\n\nb\0c\r\n' })).toMatch(/^550 5\.5\.2 /)
  })

  it('the option is off for everybody else, who hears that a bare LF is refused', async () => {
    expect(await send(await newLogin(), { message: 'a\n\nb\r\n' })).toMatch(/^550 5\.5\.2 /)
  })
})

describe('--complete-addresses and --map', () => {
  const message = 'Subject: cron\r\n\r\nhello\r\n'
  const envelope = () => {
    const { sender, recipients } = stage.mailProvider.messages.at(-1) ?? {}
    return [sender, ...(recipients ?? [])]
  }

  it('the options complete senders and recipients, of those who sign in and of those who cannot', async () => {
    const options = [
      '--complete-addresses',
      'example.com',
      '--map',
      `root=${address}`,
      '--map',
      'Ops=ops@example.net',
    ]
    const login = await newLogin(...options)
    expect(
      await send(login, {
        sender: 'root',
        recipients: ['<ops>', '<backup> NOTIFY=NEVER', '<you@example.net>'],
        message,
      }),
    ).toMatch(/^250 /)
    expect(envelope()).toEqual([address, 'ops@example.net', 'backup@example.com', 'you@example.net'])
    expect(await send(login, { sender: 'backup', message })).toMatch(/^550 5\.7\.1 .*backup@example\.com/)

    const from = '127.0.0.31'
    await postern('login', 'add', address, '--user', 'cron', '--no-password', '--network', from, ...options)
    const lines = ['EHLO cron', 'MAIL FROM:<root>', 'RCPT TO:root', 'DATA', `${message}.`, 'QUIT']
    expect((await smtpDialogue(stage.process.smtpPort, lines, from))[5]).toMatch(/^250 /)
    expect(envelope()).toEqual([address, address])
  })

  it('the options are off for everybody else, and end when that is said', async () => {
    const login = await newLogin('--map', `root=${address}`)
    await postern('login', 'set', login.id, '--no-map')
    for (const one of [login, await newLogin()]) {
      expect(await send(one, { sender: 'root', message })).toMatch(/^501 5\.1\.7 /)
      expect(await send(one, { recipients: ['<root>'], message })).toMatch(/^501 5\.1\.3 /)
    }
  })

  it('the options are refused where they say no address', async () => {
    const { code, stderr } = await stage.postern.cli('login', 'add', address, '--map', 'root')
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('"root" does not say which name stands for which address'),
    ])
  })
})

describe('--split-recipients', () => {
  it('the option makes several recipients of several addresses in one RCPT', async () => {
    const recipients = ['<a@example.net>,<b@example.net>', '<c@example.net; d@example.net>']
    expect(await send(await newLogin('--split-recipients'), { recipients, message: '\r\nhi\r\n' })).toMatch(
      /^250 /,
    )
    expect(stage.mailProvider.messages.at(-1)?.recipients).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => `${name}@example.net`),
    )
    expect(await send(await newLogin(), { recipients, message: '\r\nhi\r\n' })).toMatch(/^501 /)
  })
})
