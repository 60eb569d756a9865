import { connect } from 'node:net'
import nodemailer from 'nodemailer'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { eventually } from '../support/eventually.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer, type SmtpStage, type StageSettings } from '../support/smtp-stage.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
const untilData = `EHLO a\r\n${auth}\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n`

let stages: SmtpStage[] = []
let clients: LineClient[] = []

afterEach(async () => {
  for (const client of clients) client.close()
  await Promise.all(stages.map(({ server }) => server.stop(0)))
  stages = []
  clients = []
})

async function open(settings?: StageSettings): Promise<SmtpStage> {
  const stage = await openSmtpServer(settings)
  stages.push(stage)
  return stage
}

function arrive({ endpoint }: SmtpStage): LineClient {
  const client = connectLineClient(endpoint)
  clients.push(client)
  return client
}

async function arriveSignedIn(stage: SmtpStage): Promise<LineClient> {
  const client = arrive(stage)
  client.send(`EHLO a\r\n${auth}\r\n`)
  const codes = []
  for (let replies = 0; replies < 3; replies++) codes.push((await client.reply()).code)
  expect(codes).toEqual([220, 250, 235])
  return client
}

async function arriveAtData(stage: SmtpStage): Promise<LineClient> {
  const client = arrive(stage)
  client.send(untilData)
  const codes = []
  for (let replies = 0; replies < 6; replies++) codes.push((await client.reply()).code)
  expect(codes).toEqual([220, 250, 235, 250, 250, 354])
  return client
}

describe('the SMTP server', () => {
  it.each(['PLAIN', 'LOGIN'])('the server serves nodemailer with AUTH %s', async (authMethod) => {
    const { relay, endpoint } = await open()
    delete relay.offer.size
    const transport = nodemailer.createTransport({
      ...endpoint,
      authMethod,
      auth: { user: 'me@example.com', pass: 'right' },
    })
    const sent = await transport.sendMail({
      from: 'me@example.com',
      to: ['a@example.net', 'b@example.net'],
      subject: 'Grüße',
      text: '.\n..\nend',
      attachments: [{ filename: 'large', content: Buffer.alloc(3_000_000, 7) }],
    })
    transport.close()
    expect(sent.response).toBe('250 2.0.0 Message accepted')
    expect(relay.messages[0]?.toString()).toContain('\r\n..\r\n...\r\n')
    expect(relay.messages[0]?.length).toBeGreaterThan(4_000_000)
  })

  it('the server passes on 5 MiB of any octets unchanged', async () => {
    const stage = await open()
    delete stage.relay.offer.size
    const line = Buffer.from([...Array(256).keys()].filter((octet) => ![0, 10, 13].includes(octet)))
    const message = Buffer.concat(Array<Buffer>(20_000).fill(Buffer.concat([line, Buffer.from('\r\n')])))
    const client = await arriveAtData(stage)
    client.send(Buffer.concat([message, Buffer.from('.\r\n')]))
    expect((await client.reply()).code).toBe(250)
    expect(stage.relay.messages[0]?.equals(message)).toBe(true)
  })

  it('the server makes a client wait while the provider does not take the message', async () => {
    const stage = await open()
    delete stage.relay.offer.size
    let openGate = () => {}
    const gate = new Promise<void>((resolve) => {
      openGate = resolve
    })
    const begin = stage.relay.begin
    stage.relay.begin = async (...request) => {
      const begun = await begin(...request)
      const send = begun.transaction?.send
      if (begun.transaction && send) {
        begun.transaction.send = async (message) => {
          await gate
          return send(message)
        }
      }
      return begun
    }
    const socket = connect(stage.endpoint)
    socket.on('error', () => {})
    socket.write(untilData)
    const block = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(1000))
    let blocked = false
    for (let blocks = 0; blocks < 100 && !blocked; blocks++) {
      const taken = new Promise<boolean>((resolve) => socket.write(block, () => resolve(true)))
      const refused = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300).unref())
      blocked = !(await Promise.race([taken, refused]))
    }
    expect(blocked).toBe(true)
    openGate()
    socket.end('.\r\n')
    await eventually('the message', () => stage.relay.messages[0])
    socket.destroy()
  })

  it('the server names the address that is in use, and listens on none then', async () => {
    const { endpoint } = await open()
    const where = `${endpoint.host}:${endpoint.port}`
    await expect(open({ listen: [{ host: '127.0.0.1', port: 0 }, endpoint] })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(where),
      fix: expect.stringContaining('POSTERN_SMTP_LISTEN'),
    })
  })

  it('the server turns connections away when all others have signed in, and admits again when one has left', async () => {
    const stage = await open({ limits: { connectionsPerLoopbackSource: 1 } })
    const first = await arriveSignedIn(stage)
    const second = arrive(stage)
    expect(await second.rest()).toBe('421 4.3.2 Too many connections, try again later\r\n')
    first.send('QUIT\r\n')
    await first.rest()
    first.close()
    await eventually('a free place', async () => (await arrive(stage).reply()).code === 220)
  })

  it('the server ends a sign-in that drips, at the deadline and not later', async () => {
    const stage = await open({ limits: { signInSeconds: 0.4 } })
    const client = arrive(stage)
    const began = performance.now()
    const drip = setInterval(() => client.send('x'), 20)
    expect((await client.reply()).code).toBe(220)
    expect((await client.reply()).code).toBe(421)
    clearInterval(drip)
    expect(performance.now() - began).toBeLessThan(2000)
  })

  it('the server ends a message that drips, at its deadline and not later', async () => {
    const stage = await open({ limits: { messageSeconds: 0.4 } })
    const client = await arriveAtData(stage)
    const began = performance.now()
    const drip = setInterval(() => client.send('x'), 20)
    expect((await client.reply()).code).toBe(421)
    clearInterval(drip)
    expect(performance.now() - began).toBeLessThan(2000)
    await eventually('the end at the provider', () => stage.relay.asked.at(-1) === 'CUT')
  })

  it.each([
    ['NOOP', 'NOOP\r\n', 9000, 250],
    ['refused recipients', 'RCPT TO:<é@example.net>\r\n', 2500, 553],
  ])(
    'the server gives way to others within a flood of %s that came in one piece',
    async (_what, line, times, code) => {
      const stage = await open()
      const client = await arriveSignedIn(stage)
      client.send('MAIL FROM:<me@example.com>\r\n')
      expect((await client.reply()).code).toBe(250)
      let turns = 0
      let flooding = true
      const countTurns = () => {
        turns++
        if (flooding) setImmediate(countTurns)
      }
      setImmediate(countTurns)
      client.send(line.repeat(times))
      for (let replies = 0; replies < times; replies++) expect((await client.reply()).code).toBe(code)
      flooding = false
      expect(turns).toBeGreaterThan(times / 20)
    },
  )

  it.runIf(outerAddress !== undefined)(
    'the server greets other machines by its name, and this one as localhost',
    async () => {
      const listen = [{ host: '0.0.0.0', port: 0 }]
      const { endpoint } = await open({
        listen,
        hostname: 'gate.example.com',
        limits: { greetingWaitMilliseconds: 0 },
      })
      const greetingAt = (host: string) => {
        const client = connectLineClient({ host, port: endpoint.port })
        clients.push(client)
        return client.reply()
      }
      expect((await greetingAt(outerAddress ?? '')).lines).toEqual(['gate.example.com ESMTP postern'])
      expect((await greetingAt('127.0.0.1')).lines).toEqual(['localhost ESMTP postern'])
    },
  )

  it('the server has no sign-in deadline for a client that is authenticated', async () => {
    const stage = await open({ limits: { signInSeconds: 0.3, idleSeconds: 0.9 } })
    const client = await arriveAtData(stage)
    const began = performance.now()
    expect((await client.reply()).code).toBe(421)
    expect(performance.now() - began).toBeGreaterThan(600)
  })

  it('the server ends the wait for a silent client also when the provider had taken longer than that wait', async () => {
    const stage = await open({ limits: { signInSeconds: 60, idleSeconds: 0.3 } })
    stage.relay.verify = () => new Promise((resolve) => setTimeout(resolve, 700))
    const client = arrive(stage)
    client.send(`EHLO a\r\n${auth}\r\n`)
    const codes = []
    for (let replies = 0; replies < 4; replies++) codes.push((await client.reply()).code)
    expect(codes).toEqual([220, 250, 235, 421])
  })

  it('the server lets a sign-in that the provider answered behind the deadline stand', async () => {
    const stage = await open({ limits: { signInSeconds: 0.3 } })
    stage.relay.verify = () => new Promise((resolve) => setTimeout(resolve, 600))
    const client = arrive(stage)
    client.send(`EHLO a\r\n${auth}\r\nNOOP\r\n`)
    const codes = []
    for (let replies = 0; replies < 4; replies++) codes.push((await client.reply()).code)
    expect(codes).toEqual([220, 250, 235, 250])
    client.send('NOOP\r\n')
    expect((await client.reply()).code).toBe(250)
  })

  it('the server survives clients that reset at every point of a session', async () => {
    const stage = await open()
    const whole = `${untilData}one\r\n.\r\nQUIT\r\n`
    for (let length = 0; length <= whole.length; length += 7) {
      const client = arrive(stage)
      client.send(whole.slice(0, length))
      if (length % 2 === 0) await client.reply()
      client.reset()
    }
    const client = arrive(stage)
    expect((await client.reply()).code).toBe(220)
  })

  it.each([
    ['after the idle time', { signInSeconds: 60, idleSeconds: 1 }],
    ['at the sign-in deadline', { signInSeconds: 2, idleSeconds: 60 }],
  ])('the server leaves a client that takes no replies %s', async (_, limits) => {
    const stage = await open({ limits })
    const began = performance.now()
    const socket = connect(stage.endpoint)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.pause()
    const noops = 'NOOP\r\n'.repeat(10_000)
    const flood = () => {
      while (!socket.destroyed && socket.write(noops));
    }
    socket.on('drain', flood)
    flood()
    await closed
    expect(performance.now() - began).toBeLessThan(30_000)
  })
})

describe('stopping', () => {
  it('a stop says 421 to idle clients and lets a message under way finish', async () => {
    const stage = await open()
    const idle = arrive(stage)
    await idle.reply()
    const busy = await arriveAtData(stage)
    busy.send('one\r\n')
    const stopped = stage.server.stop(5)
    expect(await idle.rest()).toBe('421 4.3.2 Closing for a while, try again\r\n')
    idle.close()
    busy.send('two\r\n.\r\n')
    expect((await busy.reply()).code).toBe(250)
    expect((await busy.reply()).code).toBe(421)
    busy.close()
    await stopped
    expect(stage.relay.messages[0]?.toString()).toBe('one\r\ntwo\r\n')
  })

  it('a stop cuts off what has not finished when the grace is over', async () => {
    const stage = await open()
    const busy = await arriveAtData(stage)
    busy.send('one\r\n')
    await stage.server.stop(0.1)
    expect(await busy.rest()).toBe('')
    await eventually('the cut', () => stage.relay.asked.includes('CUT'))
  })

  it('a stop frees the port', async () => {
    const stage = await open()
    await stage.server.stop(0)
    await open({ listen: [stage.endpoint] })
  })
})

describe('the log', () => {
  it('the log has one line for a sign-in, a refused one, and a transaction, and nothing of what was said', async () => {
    const log = createRecordingLog()
    const stage = await open({ log })
    const client = arrive(stage)
    const wrong = encodeBase64('\0me@example.com\0wr0ng-secret')
    client.send(`EHLO a\r\nAUTH PLAIN ${wrong}\r\n${untilData.slice('EHLO a\r\n'.length)}`)
    for (let replies = 0; replies < 7; replies++) await client.reply()
    client.send('Subject: private\r\n\r\nvery private\r\n.\r\nQUIT\r\n')
    await client.rest()
    expect(log.lines.map(({ message }) => message)).toEqual(['sign-in refused', 'signed in', 'message sent'])
    expect(log.lines[2]?.fields).toMatchObject({
      source: '127.0.0.1',
      login: 'me@example.com',
      mailbox: 'me@example.com',
      sender: 'me@example.com',
      recipients: 1,
      octets: 34,
      code: 250,
      reply: '2.0.0 Message accepted',
      milliseconds: expect.any(Number),
    })
    const text = JSON.stringify(log.lines)
    for (const secret of ['wr0ng-secret', wrong, 'right', auth, 'private']) expect(text).not.toContain(secret)
  })

  it('the log says which sender was refused to whom', async () => {
    const log = createRecordingLog()
    const client = await arriveSignedIn(await open({ log }))
    client.send('MAIL FROM:<boss@example.com>\r\n')
    expect((await client.reply()).code).toBe(550)
    expect(log.lines.at(-1)?.fields).toEqual({
      event: 'sender.refused',
      source: '127.0.0.1',
      login: 'me@example.com',
      mailbox: 'me@example.com',
      sender: 'boss@example.com',
      detail: 'This login may not send as boss@example.com',
    })
  })

  it('the log says that a client cut its message off', async () => {
    const log = createRecordingLog()
    const stage = await open({ log })
    const client = await arriveAtData(stage)
    client.send('half')
    client.reset()
    await eventually('the line', () =>
      log.lines.some(({ message }) => message === 'message cut off by the client'),
    )
  })
})
