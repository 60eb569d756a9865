import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { runPostern, startPostern } from '../../examples/demo/postern-process.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'

const me = 'me@example.com'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
  await consentedMailbox(stage.postern, me)
}, 60_000)
afterAll(() => stage?.close())
beforeEach(() => {
  stage.mailProvider.messages.splice(0)
})

const postern = (...words: string[]) => command(stage.postern, ...words)
const received = () => stage.mailProvider.messages

async function newLogin(...options: string[]) {
  const { login, password } = await postern('login', 'add', me, ...options)
  return { id: login.id as string, user: login.userName as string, password: password as string }
}

async function newKey(...options: string[]): Promise<{ id: string; key: string }> {
  const { apiKey, key } = await postern('api-key', 'add', '--scope', `send:${me}`, ...options)
  return { id: apiKey.id, key }
}

/** The replies to each RCPT, and to the message. */
async function bySmtp(
  { user, password }: { user: string; password: string },
  recipients: readonly string[],
): Promise<string[]> {
  const replies = await smtpDialogue(stage.process.smtpPort, [
    'EHLO device.example',
    `AUTH ${plain(user, password)}`,
    `MAIL FROM:<${me}>`,
    ...recipients.map((recipient) => `RCPT TO:<${recipient}>`),
    'DATA',
    `From: ${me}\r\n\r\nhello\r\n.`,
    'QUIT',
  ])
  return replies.slice(4, -1)
}

async function byHttp(key: string, to: readonly string[], headers: Record<string, string> = {}) {
  const response = await fetch(`${stage.postern.url}/api/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ from: me, to, text: 'hello' }),
  })
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Record<string, unknown>,
  }
}

describe('a login with limits, by a client of SMTP', () => {
  it('is refused each recipient that it may not send to, and the message goes to the others', async () => {
    const login = await newLogin('--recipient', '*@example.com')
    const replies = await bySmtp(login, ['a@example.com', 'b@example.net', 'c@EXAMPLE.com'])
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['250', '550', '250', '354', '250'])
    expect(replies[1]).toBe('550 5.7.1 This login may not send to this recipient')
    expect(received().map(({ recipients }) => recipients)).toEqual([['a@example.com', 'c@EXAMPLE.com']])
    const { entries } = await postern('journal', '--kind', 'send', '--outcome', 'refused')
    expect(entries[0]).toMatchObject({ event: 'recipient.refused', mailbox: me, login: login.user })
  })

  it('waits when it has sent as many messages as it may, also after a restart, until it may send more', async () => {
    const login = await newLogin('--rate', '2/hour')
    const to = ['a@example.com']
    for (const replies of [await bySmtp(login, to), await bySmtp(login, to)])
      expect(replies.at(-1)).toMatch(/^250 /)
    const said =
      '451 4.3.2 This login has sent as many messages as it may within an hour, try again later [postern:LIMIT]'
    expect((await bySmtp(login, to))[0]).toBe(said)
    await stage.postern.stop()
    stage.postern = await startPostern(stage.process)
    expect((await bySmtp(login, to))[0]).toBe(said)
    await postern('login', 'set', login.id, '--rate', '3/hour')
    expect((await bySmtp(login, to)).at(-1)).toMatch(/^250 /)
    expect((await bySmtp(login, to))[0]).toBe(said)
    expect(received()).toHaveLength(3)
  })

  it('has no more recipients than it may within a day', async () => {
    const login = await newLogin('--recipients-per-day', '2')
    expect((await bySmtp(login, ['a@example.com'])).at(-1)).toMatch(/^250 /)
    // Of a message to several all or none are sent to, as where a mailbox has no more recipients left.
    const replies = await bySmtp(login, ['a@example.com', 'b@example.com'])
    expect(replies.slice(0, 3).map((reply) => reply.slice(0, 3))).toEqual(['250', '451', '451'])
    expect((await bySmtp(login, ['a@example.com'])).at(-1)).toMatch(/^250 /)
    expect((await bySmtp(login, ['a@example.com']))[0]).toMatch(/^451 4\.3\.2 .*LIMIT/)
    expect(received()).toHaveLength(2)
  })
})

describe('an API key with limits, over HTTP', () => {
  it('gets 403 with the recipients that it may not send to, and nothing is sent', async () => {
    const { key } = await newKey('--recipient', '*@example.com', '--recipient', 'boss@example.org')
    const to = ['a@example.com', 'b@example.net', 'BOSS@example.org']
    const { status, body } = await byHttp(key, to)
    expect({ status, body }).toMatchObject({
      status: 403,
      body: {
        failure: 'limits.recipients-refused',
        accepted: [],
        refused: [{ recipient: 'b@example.net', reply: { code: 550, enhancedCode: '5.7.1' } }],
      },
    })
    expect(received()).toEqual([])
    expect(await byHttp(key, ['a@example.com', 'BOSS@example.org'])).toMatchObject({ status: 200 })
  })

  it('gets 429 with Retry-After, and its Idempotency-Key is not used up', async () => {
    const { id, key } = await newKey('--rate', '1/hour')
    const to = ['a@example.com']
    const once = { 'idempotency-key': 'one' }
    expect(await byHttp(key, to)).toMatchObject({ status: 200 })
    const refused = await byHttp(key, to, once)
    expect(refused).toMatchObject({ status: 429, body: { failure: 'limits.messages-used-up' } })
    expect(Number(refused.retryAfter)).toBeGreaterThan(3000)
    await postern('api-key', 'set', id, '--no-rate')
    expect(await byHttp(key, to, once)).toMatchObject({ status: 200 })
    expect(received()).toHaveLength(2)
  })

  it('gets 403 for more recipients than any day has room for', async () => {
    const { key } = await newKey('--recipients-per-day', '2')
    expect(await byHttp(key, ['a@example.com', 'b@example.com', 'c@example.com'])).toMatchObject({
      status: 403,
      body: { failure: 'limits.more-than-a-day' },
    })
    expect(await byHttp(key, ['a@example.com', 'b@example.com'])).toMatchObject({ status: 200 })
    expect(await byHttp(key, ['a@example.com'])).toMatchObject({ status: 429 })
  })

  it('is bound in the same way where the command or sendmail has it', async () => {
    const { key } = await newKey('--recipient', '*@example.com')
    const file = join(stage.folder, 'limited.key')
    await writeFile(file, key, { mode: 0o600 })
    const environment = { ...process.env, POSTERN_API_URL: stage.postern.url }
    const run = (words: string[], input = '') => runPostern(words, environment, stage.process.dataDir, input)
    const send = ['send', '--from', me, '--text', 'x', '--key-file', file, '--to']
    expect(await run([...send, 'a@example.com'])).toMatchObject({ code: 0 })
    expect(await run([...send, 'a@example.net'])).toMatchObject({ code: 1 })
    const message = `From: ${me}\nTo: a@example.net\n\nhello\n`
    const sendmail = await run(['sendmail', '-t', '-i', '--key-file', file], message)
    expect(sendmail).toMatchObject({ code: 67 })
    expect(received()).toHaveLength(1)
  })

  it('is bound in the same way as a token of XOAUTH2', async () => {
    const { key } = await newKey('--recipient', '*@example.com', '--rate', '1/hour')
    const sasl = Buffer.from(`user=${me}\x01auth=Bearer ${key}\x01\x01`).toString('base64')
    const dialogue = (recipient: string) =>
      smtpDialogue(stage.process.smtpPort, [
        'EHLO device.example',
        `AUTH XOAUTH2 ${sasl}`,
        `MAIL FROM:<${me}>`,
        `RCPT TO:<${recipient}>`,
        'DATA',
        `From: ${me}\r\n\r\nhello\r\n.`,
      ])
    expect((await dialogue('a@example.net'))[4]).toMatch(/^550 5\.7\.1 /)
    expect((await dialogue('a@example.com')).at(-1)).toMatch(/^250 /)
    expect((await dialogue('a@example.com'))[4]).toMatch(/^451 4\.3\.2 .*LIMIT/)
  })
})

describe('an API key with networks', () => {
  const elsewhere = '127.0.0.2'

  it('works from there alone: over HTTP, for tokens, and for SMTP', async () => {
    const { apiKey, key } = await postern(
      ...['api-key', 'add', '--scope', `send:${me}`, '--scope', `token:${me}`],
      ...['--network', `${elsewhere}/32`],
    )
    expect(await byHttp(key, ['a@example.com'])).toMatchObject({ status: 401 })
    const headers = { authorization: `Bearer ${key}` }
    const token = await fetch(`${stage.postern.url}/api/v1/mailboxes/${me}/token`, { headers })
    expect(token.status).toBe(401)
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: me,
    })
    const exchange = await fetch(`${stage.postern.url}/oauth2/token`, { method: 'POST', body: form })
    expect(exchange.status).toBe(400)
    const sasl = Buffer.from(`user=${me}\x01auth=Bearer ${key}\x01\x01`).toString('base64')
    const signIn = (from: string) =>
      smtpDialogue(stage.process.smtpPort, ['EHLO device.example', `AUTH XOAUTH2 ${sasl}`, ''], from)
    expect((await signIn('127.0.0.1'))[2]).not.toMatch(/^235/)
    expect((await signIn(elsewhere))[2]).toMatch(/^235/)
    const { entries } = await postern('journal', '--kind', 'trouble')
    expect(entries).toContainEqual(
      expect.objectContaining({
        event: 'api-key.elsewhere',
        source: '127.0.0.1',
        details: expect.objectContaining({ apiKey: apiKey.id }),
      }),
    )
  })

  it.runIf(peer('curl'))('curl is let in from there', async () => {
    const { key } = await newKey('--network', elsewhere)
    const send = async (from: string) => {
      const { output } = await runProgram('curl', [
        ...['-sS', '--interface', from, '-o', '/dev/null', '-w', '%{http_code}'],
        ...['-H', `Authorization: Bearer ${key}`, '-H', 'Content-Type: application/json'],
        ...['-d', JSON.stringify({ from: me, to: 'a@example.com', text: 'x' })],
        `http://127.0.0.1:${stage.process.webPort}/api/v1/messages`,
      ])
      return output
    }
    expect([await send('127.0.0.1'), await send(elsewhere)]).toEqual(['401', '200'])
  })
})

describe('a dry run', () => {
  async function dryRun(
    key: string,
    to: readonly string[],
    more: object = {},
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${stage.postern.url}/api/v1/messages?dryRun=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ from: me, to, text: 'hello', ...more }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('says what would come of a message, and nothing is sent, counted or used up', async () => {
    const { key } = await newKey(
      '--recipient',
      '*@example.com',
      '--rate',
      '1/hour',
      '--recipients-per-day',
      '2',
    )
    const once = { 'idempotency-key': 'dry' }
    for (const _ of [1, 2, 3]) {
      const { status, body } = await dryRun(key, ['a@example.com', 'b@example.com'], {}, once)
      expect({ status, body }).toMatchObject({
        status: 200,
        body: {
          dryRun: true,
          wouldSend: true,
          needsApproval: false,
          mailbox: me,
          provider: 'example',
          grant: 'active',
          sender: me,
          recipients: [
            { recipient: 'a@example.com', allowed: true },
            { recipient: 'b@example.com', allowed: true },
          ],
          limits: { messagesLastHour: 0, messagesPerHour: 1, recipientsLastDay: 0, recipientsPerDay: 2 },
          problems: [],
        },
      })
    }
    expect(received()).toEqual([])
    expect(await byHttp(key, ['a@example.com', 'b@example.com'], once)).toMatchObject({ status: 200 })
    expect((await dryRun(key, ['a@example.com'])).body).toMatchObject({
      wouldSend: false,
      limits: { messagesLastHour: 1, recipientsLastDay: 2 },
      problems: [
        { failure: 'limits.messages-used-up', code: 'limit-reached', retryAfterSeconds: expect.any(Number) },
      ],
    })
  })

  it('names everything that is wrong at once', async () => {
    const { key } = await newKey('--recipient', '*@example.com', '--recipients-per-day', '1', '--approve')
    const { body } = await dryRun(key, ['a@example.com', 'b@example.net'], {
      from: 'ceo@example.com',
    })
    expect(body).toMatchObject({
      wouldSend: false,
      needsApproval: true,
      problems: [{ code: 'sender-refused' }],
    })
    expect(body).not.toHaveProperty('mailbox')
    const own = await dryRun(key, ['a@example.com', 'b@example.net'])
    expect(own.body).toMatchObject({
      recipients: [
        { recipient: 'a@example.com', allowed: true },
        { recipient: 'b@example.net', allowed: false, why: expect.stringContaining('may not send to') },
      ],
    })
    const ids = (own.body.problems as { failure: string }[]).map(({ failure }) => failure)
    expect(ids).toEqual(['limits.recipients-refused', 'limits.more-than-a-day'])
    const { entries } = await postern('journal', '--kind', 'send', '--outcome', 'refused')
    expect(entries.filter((one: { event: string }) => one.event === 'sender.refused')).toEqual([])
  })

  it('is there for a message as it is, with its size and its line ends', async () => {
    const { key } = await newKey()
    const ask = async (body: string) => {
      const response = await fetch(`${stage.postern.url}/api/v1/messages?dryRun=true&to=a@example.com`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'message/rfc822' },
        body,
      })
      return (await response.json()) as Record<string, unknown>
    }
    const message = `From: ${me}\r\n\r\nhello\r\n`
    expect(await ask(message)).toMatchObject({ wouldSend: true, size: message.length })
    expect(await ask(`${message}bare\nline`)).toMatchObject({
      wouldSend: false,
      problems: [{ failure: 'sending.bare-line-end' }],
    })
  })

  it('says what is wrong with the consent, by the command and by sendmail', async () => {
    await postern('mailbox', 'add', 'new@example.com', '--provider', 'example')
    const { dataDir } = stage.process
    const run = (words: string[], input = '') =>
      runPostern(words, { ...process.env, LANG: 'C' }, dataDir, input)
    const good = await run(['send', '--dry-run', '--from', me, '--to', 'a@example.net', '--text', 'x'])
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^would be sent +yes$/m) })
    const send = ['send', '--dry-run', '--from', 'new@example.com', '--to', 'a@example.net', '--text', 'x']
    const absent = await run(send)
    expect(absent.stdout).toMatch(/^problem +new@example\.com has no consent yet\.$/m)
    expect(absent.code).not.toBe(0)
    expect(JSON.parse((await run([...send, '--json'])).stdout)).toMatchObject({
      grant: 'absent',
      wouldSend: false,
    })
    const message = 'From: new@example.com\nTo: a@example.net\n\nhello\n'
    const sendmail = await run(['sendmail', '-t', '-i', '--dry-run'], message)
    expect(sendmail).toMatchObject({ code: 75, stdout: expect.stringMatching(/^would be sent +no$/m) })
    expect(received()).toEqual([])
  })
})
