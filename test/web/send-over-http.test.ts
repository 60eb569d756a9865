import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { setStage } from '../../examples/demo/stage.js'
import { awkwardMessage } from '../support/awkward-message.ts'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const [me, you] = ['me@example.com', 'you@example.net']

interface Given {
  body: string | Buffer
  type?: string
  query?: string
  key?: string
  headers?: Record<string, string>
}

describe('POST /api/v1/messages, at a postern as it is started', () => {
  let stage: Awaited<ReturnType<typeof setStage>>
  let sendKey: string
  let otherKey: string

  beforeAll(async () => {
    stage = await setStage({ env: { POSTERN_MESSAGE_OCTETS: '2000000' } })
    await consentedMailbox(stage.postern, me)
    sendKey = (await command(stage.postern, 'api-key', 'add', '--scope', `send:${me}`)).key
    otherKey = (await command(stage.postern, 'api-key', 'add', '--scope', 'read')).key
  })
  afterAll(() => stage?.close())
  beforeEach(() => {
    stage.mailProvider.messages.splice(0)
  })

  async function send({ body, type = 'application/json', query = '', key = sendKey, headers = {} }: Given) {
    const response = await fetch(`${stage.postern.url}/api/v1/messages${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
      body,
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, string>,
    }
  }
  const asJson = (message: object, more: Partial<Given> = {}) =>
    send({ body: JSON.stringify(message), ...more })
  const asIs = (body: string | Buffer, query = '', more: Partial<Given> = {}) =>
    send({ body, type: 'message/rfc822', query, ...more })
  const received = () => stage.mailProvider.messages
  const onlyText = () => {
    expect(received()).toHaveLength(1)
    return received()[0]?.raw.toString('latin1') ?? ''
  }

  it('a JSON message is composed and sent, and the answer says what the provider said', async () => {
    const { status, body } = await asJson({
      from: `Me <${me}>`,
      to: [you, 'Two <two@example.net>'],
      bcc: 'hidden@example.net',
      replyTo: 'answers@example.com',
      subject: 'Grüße',
      text: '.\nhello\n..',
      html: '<p>hello</p>',
      headers: { 'X-Task': '42' },
      attachments: [
        { name: 'a.txt', type: 'text/plain', content: Buffer.from('attached').toString('base64'), cid: 'a1' },
      ],
    })
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        mailbox: me,
        reply: { code: 250, text: 'Your message is in the inbox' },
        accepted: [you, 'two@example.net', 'hidden@example.net'].map((recipient) => ({
          recipient,
          reply: { code: 250 },
        })),
        refused: [],
      },
    })
    const text = onlyText()
    expect(received()[0]).toMatchObject({
      sender: me,
      recipients: [you, 'two@example.net', 'hidden@example.net'],
    })
    expect(text).toContain(`Message-ID: ${body.messageId}`)
    expect(text).toContain('X-Task: 42')
    expect(text).toContain(Buffer.from('attached').toString('base64'))
    expect(text).not.toMatch(/hidden@/)
    const { entries } = await command(stage.postern, 'journal', '--kind', 'send')
    expect(JSON.stringify(entries[0])).toContain('message.sent')
  })

  it('a message as it is arrives octet for octet', async () => {
    const message = awkwardMessage(me, you)
    const { status, body } = await asIs(message, `?from=${me}&to=${you}&to=three@example.net`)
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { accepted: [{ recipient: you }, { recipient: 'three@example.net' }] },
    })
    expect(received()[0]?.raw.equals(message)).toBe(true)
  })

  it('without "to" the recipients are those of its header, and Bcc is taken out', async () => {
    const head = `From: Me <${me}>\r\nTo: "A, B" <${you}>,\r\n four@example.net\r\nBcc: secret@example.net,\r\n\tsecret2@example.net\r\nSubject: x\r\n\r\n`
    const { status } = await asIs(`${head}Bcc: stays in the body\r\n.dot\r\n`)
    expect(status).toBe(200)
    expect(received()[0]?.recipients).toEqual([
      you,
      'four@example.net',
      'secret@example.net',
      'secret2@example.net',
    ])
    expect(onlyText()).toBe(
      `From: Me <${me}>\r\nTo: "A, B" <${you}>,\r\n four@example.net\r\nSubject: x\r\n\r\nBcc: stays in the body\r\n.dot\r\n`,
    )
  })

  const plain = `From: ${me}\r\nTo: ${you}\r\n\r\nhello\r\n`
  it.each([
    ['a bare LF', `${plain}.\nMAIL FROM:<${me}>\r\n`, 'sending.bare-line-end'],
    ['a bare CR', `${plain}.\rmore\r\n`, 'sending.bare-line-end'],
    ['an end of data with bare LFs', `${plain}\n.\n`, 'sending.bare-line-end'],
    ['a NUL', `${plain}\0\r\n`, 'sending.bare-line-end'],
    ['line ends of UNIX', plain.replaceAll('\r\n', '\n'), 'sending.bare-line-end'],
    ['a recipient that is none', plain.replace(you, 'a b'), 'web.request-not-right'],
    ['no recipient', `From: ${me}\r\n\r\nhello\r\n`, 'sending.no-recipients'],
  ])('%s is refused, and nothing arrives', async (_, message, failure) => {
    const { status, body } = await asIs(message)
    expect({ status, failure: body.failure }).toEqual({ status: 400, failure })
    expect(received()).toEqual([])
  })

  it('an end of data in the middle is text', async () => {
    const message = `${plain}.\r\nMAIL FROM:<${me}>\r\n.\r\n`
    expect((await asIs(message)).status).toBe(200)
    expect(onlyText()).toBe(message)
  })

  it.each([
    [
      'a sender that is not its own',
      { from: 'other@example.org', to: you, text: '' },
      {},
      403,
      'sender.not-allowed-yet',
    ],
    ['a key without the right', { from: me, to: you, text: '' }, { key: 'read' }, 403, 'sending.no-right'],
    [
      'a member that there is not',
      { from: me, to: you, path: '/etc/passwd' },
      {},
      400,
      'web.request-not-right',
    ],
    [
      'an attachment by its path',
      { from: me, to: you, attachments: [{ path: '/etc/passwd' }] },
      {},
      400,
      'web.request-not-right',
    ],
    [
      'a header with a line end',
      { from: me, to: you, headers: { 'X-A': 'a\r\nBcc: x@example.net' } },
      {},
      400,
      'web.request-not-right',
    ],
    [
      'a header of the message itself',
      { from: me, to: you, headers: { bcc: 'x@example.net' } },
      {},
      400,
      'web.request-not-right',
    ],
    ['an address that is none', { from: me, to: 'you and me' }, {}, 400, 'web.request-not-right'],
    ['no JSON', undefined, { body: '{' }, 400, 'web.request-unreadable'],
    ['another type', undefined, { body: 'x', type: 'text/plain' }, 415, 'web.body-no-message'],
    ['what is too large', { from: me, to: you, text: 'x'.repeat(3_000_000) }, {}, 413, 'sending.too-large'],
  ] as const)('%s is refused', async (_, message, more: Partial<Given>, status, failure) => {
    const given = { ...more, ...(more.key && { key: otherKey }) }
    const answer = await (message ? asJson(message, given) : send({ body: '', ...given }))
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect({ status: answer.status, failure: answer.body.failure }).toEqual({ status, failure })
    expect(received()).toEqual([])
  })

  it('a streamed message that is too large is refused, whatever its length says', async () => {
    const pieces = async function* () {
      yield Buffer.from(plain)
      for (let at = 0; at < 300; at++) yield Buffer.from(`${'x'.repeat(9_998)}\r\n`)
    }
    const response = await fetch(`${stage.postern.url}/api/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sendKey}`, 'content-type': 'message/rfc822' },
      body: pieces() as never,
      duplex: 'half',
    } as RequestInit).catch((error: unknown) => error)
    if (response instanceof Response) expect(response.status).toBe(413)
    expect(received()).toEqual([])
  })

  it('a message that breaks off is not sent', async () => {
    const { port, hostname } = new URL(stage.postern.url)
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.once('connect', resolve))
    const half = `POST /api/v1/messages HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${sendKey}\r\nContent-Type: message/rfc822\r\nContent-Length: 1000\r\n\r\n${plain}`
    await new Promise((resolve) => socket.write(half, resolve))
    socket.destroy()
    await new Promise((resolve) => socket.once('close', resolve))
    expect((await asIs(plain)).status).toBe(200)
    expect(received()).toHaveLength(1)
  })

  describe('an Idempotency-Key', () => {
    const once = (key: string, text = 'hello') =>
      asJson({ from: me, to: you, text }, { headers: { 'idempotency-key': key } })

    it('a repeat gets the stored answer, and another message is refused', async () => {
      const first = await once('"one"')
      const again = await once('one')
      expect(again).toMatchObject({ status: 200, body: first.body })
      expect(again.headers.get('idempotency-replayed')).toBe('true')
      expect((await once('one', 'other')).body).toMatchObject({
        status: 422,
        failure: 'sending.key-of-other-message',
      })
      expect((await once('"')).body).toMatchObject({ status: 400, failure: 'sending.key-form' })
      expect(received()).toHaveLength(1)
    })

    it('what was not sent may be sent with the same key', async () => {
      const bad = await asJson(
        { from: 'x@example.org', to: you },
        { headers: { 'idempotency-key': 'again' } },
      )
      expect(bad.status).toBe(403)
      expect((await once('again')).status).toBe(200)
      expect(received()).toHaveLength(1)
    })

    it('1,000 requests with one key in parallel, and after a kill -9: one message', async () => {
      const body = JSON.stringify({ from: me, to: you, text: 'once' })
      const statuses: number[] = []
      const ask = () =>
        send({ body, headers: { 'idempotency-key': 'thousand' } }).then(
          ({ status }) => void statuses.push(status),
          () => {},
        )
      const rounds = Array.from({ length: 20 }, async () => {
        for (let at = 0; at < 25; at++) await ask()
      })
      await eventually('an answer of 200', () => statuses.includes(200))
      await stage.postern.kill()
      await Promise.all(rounds)
      const { startPostern } = await import('../../examples/demo/postern-process.js')
      stage.postern = await startPostern(stage.process)
      const later = Array.from({ length: 20 }, async () => {
        for (let at = 0; at < 25; at++) await ask()
      })
      await Promise.all(later)
      expect(received()).toHaveLength(1)
      expect([...new Set(statuses)].filter((status) => status !== 200 && status !== 409)).toEqual([])
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(500)
    })

    it('killed while the message leaves: a repeat is told that nobody knows', async () => {
      let arrived = () => {}
      const hasArrived = new Promise<void>((resolve) => {
        arrived = resolve
      })
      const { messages } = stage.mailProvider
      const push = messages.push
      messages.push = (...given) => {
        arrived()
        return push.apply(messages, given)
      }
      const body = JSON.stringify({ from: me, to: you, text: 'killed' })
      const asking = send({ body, headers: { 'idempotency-key': 'killed' } }).catch(() => undefined)
      await hasArrived
      await stage.postern.kill()
      messages.push = push
      const first = await asking
      const { startPostern } = await import('../../examples/demo/postern-process.js')
      stage.postern = await startPostern(stage.process)
      const again = await send({ body, headers: { 'idempotency-key': 'killed' } })
      // The answer may have been quicker than the signal.
      if (first === undefined) expect([200, 409]).toContain(again.status)
      else expect(again).toMatchObject({ status: 200, body: first.body })
      if (again.status === 409) expect(again.body.failure).toBe('sending.key-unknown-outcome')
      expect(received()).toHaveLength(1)
    })
  })

  it.runIf(peer('curl'))('curl sends a message from standard input', async () => {
    const { code, output } = await runProgram(
      'curl',
      [
        '-sS',
        '--data-binary',
        '@-',
        '-H',
        `Authorization: Bearer ${sendKey}`,
        '-H',
        'Content-Type: message/rfc822',
        `${stage.postern.url}/api/v1/messages?to=${you}`,
      ],
      { input: plain },
    )
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ accepted: [{ recipient: you }] })
    expect(onlyText()).toBe(plain)
  })

  it("by the socket of the command every mailbox is the owner's", async () => {
    const body = JSON.stringify({ from: me, to: you, text: 'owner' })
    const status = await new Promise((resolve, reject) => {
      const asking = request(
        {
          socketPath: `${stage.process.dataDir}/postern.sock`,
          ...{
            method: 'POST',
            path: '/api/v1/messages',
            headers: { host: 'localhost', 'content-type': 'application/json' },
          },
        },
        (response) => resolve(response.resume().statusCode),
      )
      asking.on('error', reject)
      asking.end(body)
    })
    expect(status).toBe(200)
    expect(received()).toHaveLength(1)
  })
})
