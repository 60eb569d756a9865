import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createAuthority } from '../support/certificates.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { eventually } from '../support/eventually.ts'
import { connectLineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'
import {
  createStageSignIns,
  openSmtpServer,
  type SmtpStage,
  type StageSettings,
} from '../support/smtp-stage.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
const message = 'MAIL FROM:<me@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n'

async function open(settings: StageSettings = {}): Promise<SmtpStage> {
  const stage = await openSmtpServer(settings)
  onTestFinished(() => stage.server.stop(0))
  return stage
}

/** Whoever is wrong waits for the refusal without end; `waiting` says how many did, `givenUp` for how many of them nobody waits any more. */
function slowRefusals() {
  const right = createStageSignIns({ cramMd5: true, bearer: true })
  let [waiting, givenUp] = [0, 0]
  const check: typeof right.check = (credentials, remoteAddress, gone) =>
    right.check(credentials, remoteAddress).catch(() => {
      waiting++
      gone?.addEventListener('abort', () => givenUp++)
      return new Promise<never>(() => {})
    })
  return { signIns: { ...right, check }, waiting: () => waiting, givenUp: () => givenUp }
}

/** Connections that say this after the greeting and stay. Resolves when they are open. */
async function idlers(
  count: number,
  endpoint: Endpoint & { localAddress?: string },
  says = '',
): Promise<{ socket: Socket; heard: () => string }[]> {
  const all = Array.from({ length: count }, () => {
    const socket = connect({ ...endpoint, allowHalfOpen: true })
    let heard = ''
    socket.once('data', () => socket.write(says))
    socket.on('error', () => {})
    socket.on('data', (octets) => {
      heard += octets
    })
    return { socket, heard: () => heard }
  })
  onTestFinished(() => all.forEach(({ socket }) => void socket.destroy()))
  await Promise.all(all.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))))
  return all
}

/** How long a good client takes for its message, in milliseconds. */
async function deliver({ relay }: SmtpStage, endpoint: Endpoint): Promise<number> {
  const before = relay.messages.length
  const began = performance.now()
  const client = connectLineClient(endpoint)
  onTestFinished(() => client.close())
  const codes = [(await client.reply()).code]
  client.send(`EHLO a\r\n${auth}\r\n${message}`)
  for (let replies = 0; replies < 5; replies++) codes.push((await client.reply()).code)
  client.send('one\r\n.\r\nQUIT\r\n')
  codes.push((await client.reply()).code)
  expect(codes).toEqual([220, 250, 235, 250, 250, 354, 250])
  expect(relay.messages).toHaveLength(before + 1)
  return performance.now() - began
}

/** To it, whoever came before somebody else has been there for seconds. */
function hastyClock(): Clock {
  let looks = 0
  return { now: systemClock.now, monotonic: () => 2_000 * looks++ }
}

it('the oldest idle connection hears 421 when it is evicted', async () => {
  const { endpoint } = await open({ clock: hastyClock(), limits: { unauthenticatedPerSource: 2 } })
  const [first, second] = [connectLineClient(endpoint), connectLineClient(endpoint)]
  onTestFinished(() => [first, second].forEach((client) => void client.close()))
  expect([(await first.reply()).code, (await second.reply()).code]).toEqual([220, 220])
  const third = connectLineClient(endpoint)
  onTestFinished(() => third.close())
  expect((await third.reply()).code).toBe(220)
  expect(await first.rest()).toBe('421 4.7.0 Too many connections, and nobody has signed in on this one\r\n')
  second.send('NOOP\r\n')
  expect((await second.reply()).code).toBe(250)
})

it('a good client is served beside 2,000 idle connections from the same address', async () => {
  const stage = await open()
  const idle = await idlers(2000, stage.endpoint)
  expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
  const left = () => idle.filter(({ socket }) => !socket.readableEnded && !socket.destroyed).length
  await eventually('room', () => left() <= defaultLimits.strangersOnLoopback)
})

it.runIf(outerAddress !== undefined)('a good client from another address is served beside them', async () => {
  const stage = await open({
    listen: [{ host: '0.0.0.0', plainAuth: true }],
    limits: { connections: 200, connectionsPerSource: 5000, unauthenticatedPerSource: 5000 },
  })
  const { port } = stage.endpoint
  await idlers(2000, { host: outerAddress ?? '', port })
  expect(await deliver(stage, { host: '127.0.0.1', port })).toBeLessThan(5_000)
})

const wrongPassword = encodeBase64('\0me@example.com\0wrong')
const wrongKey = encodeBase64('user=me@example.com\x01auth=Bearer junk\x01\x01')

describe('guesses that are made to wait', () => {
  it.each([
    ['by PLAIN', `EHLO a\r\nAUTH PLAIN ${wrongPassword}\r\n`],
    ['by PLAIN, several in one write', `EHLO a\r\n${`AUTH PLAIN ${wrongPassword}\r\n`.repeat(4)}`],
    ['by XOAUTH2', `EHLO a\r\nAUTH XOAUTH2 ${wrongKey}\r\n`],
    ['by LOGIN', `EHLO a\r\nAUTH LOGIN\r\n${encodeBase64('me@example.com')}\r\n${encodeBase64('x')}\r\n`],
    ['by CRAM-MD5', `EHLO a\r\nAUTH CRAM-MD5\r\n${encodeBase64(`me@example.com ${'0'.repeat(32)}`)}\r\n`],
  ])('guesses keep no right password out of their own address: %s', async (_how, says) => {
    const { signIns, waiting } = slowRefusals()
    const stage = await open({ signIns })
    await idlers(150, stage.endpoint, says)
    await eventually('the guesses', () => waiting() >= 100)
    expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
  })

  it('guesses keep none out when they come from all addresses of this machine', async () => {
    const { signIns, waiting } = slowRefusals()
    const stage = await open({ signIns, limits: { connections: 200 } })
    const says = `EHLO a\r\nAUTH PLAIN ${wrongPassword}\r\n`
    for (let address = 1; address <= 50; address++) {
      await idlers(10, { ...stage.endpoint, localAddress: `127.0.1.${address}` }, says)
    }
    await eventually('the guesses', () => waiting() >= 200)
    expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
  })

  it.runIf(outerAddress !== undefined)(
    'guesses keep none out of another address, which has fewer places',
    async () => {
      const { signIns, waiting } = slowRefusals()
      const listen = [{ host: '0.0.0.0', plainAuth: true }]
      const stage = await open({ signIns, listen, limits: { greetingWaitMilliseconds: 0 } })
      const from = { host: outerAddress ?? '', port: stage.endpoint.port }
      await idlers(60, from, `EHLO a\r\nAUTH PLAIN ${wrongPassword}\r\n`)
      await eventually('the guesses', () => waiting() >= 20)
      expect(await deliver(stage, from)).toBeLessThan(5_000)
    },
  )

  it('guesses are answered 421 at once when evicted, and checked no longer', async () => {
    const { signIns, waiting, givenUp } = slowRefusals()
    const limits = { connectionsPerLoopbackSource: 2, unauthenticatedPerSource: 2 }
    const stage = await open({ clock: hastyClock(), signIns, limits })
    const guesses = await idlers(2, stage.endpoint, `EHLO a\r\nAUTH PLAIN ${wrongPassword}\r\n`)
    await eventually('the guesses', () => waiting() >= 2)
    await idlers(1, stage.endpoint)
    const ended = () => guesses.filter(({ socket, heard }) => socket.readableEnded && heard().includes('421'))
    await eventually('room', () => ended().length >= 1)
    expect(givenUp()).toBeGreaterThanOrEqual(1)
  })
})

it('a right password is let in beside those that hold half of a sign-in', async () => {
  const stage = await open()
  await idlers(150, stage.endpoint, `EHLO a\r\nAUTH LOGIN\r\n${encodeBase64('me@example.com')}\r\n`)
  expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
})

it('a right password is let in beside connections that come back at once whenever they are evicted', async () => {
  const stage = await open()
  let on = true
  onTestFinished(() => {
    on = false
  })
  let came = 0
  const come = async (): Promise<void> => {
    while (on) {
      const [idle] = await idlers(1, stage.endpoint, `EHLO a\r\nAUTH PLAIN ${wrongPassword}\r\nQUIT\r\n`)
      came++
      if (idle?.socket.readableEnded === false) await once(idle.socket, 'end').catch(() => {})
      idle?.socket.destroy()
    }
  }
  for (let client = 0; client < 110; client++) void come()
  await eventually('a second round', () => came > 220)
  expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
})

it('a connection whose sign-in the provider has not answered yet is not evicted', async () => {
  let answer = () => {}
  let asked = false
  const stage = await open({ clock: hastyClock(), limits: { unauthenticatedPerSource: 3 } })
  stage.relay.verify = () =>
    new Promise((resolve) => {
      asked = true
      answer = resolve
    })
  const good = connectLineClient(stage.endpoint)
  onTestFinished(() => good.close())
  expect((await good.reply()).code).toBe(220)
  good.send(`EHLO a\r\n${auth}\r\n`)
  await eventually('the question', () => asked)
  const idle = await idlers(20, stage.endpoint)
  await eventually(
    'those who made room',
    () => idle.filter(({ heard }) => heard().includes('421')).length >= 17,
  )
  answer()
  expect([(await good.reply()).code, (await good.reply()).code]).toEqual([250, 235])
})

it('the slot of a connection in the middle of a handshake is freed', async () => {
  const tls = await (await createAuthority()).issue()
  const limits = { unauthenticatedPerSource: 1 }
  const stage = await open({ clock: hastyClock(), tls, listen: [{ tls: 'implicit' }], limits })
  const [idle] = await idlers(1, stage.endpoint)
  await eventually('the first', () => idle !== undefined)
  await idlers(1, stage.endpoint)
  await eventually('its end', () => idle?.socket.readableEnded)
})
