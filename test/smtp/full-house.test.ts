import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Endpoint } from '../../src/config/config.ts'
import { encodeBase64 } from '../../src/sasl/base64.ts'
import { createAuthority } from '../support/certificates.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { type DoorStage, openDoor, type StageSettings } from '../support/door-stage.ts'
import { eventually } from '../support/eventually.ts'
import { connectLineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
const message = 'MAIL FROM:<me@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n'

async function open(settings: StageSettings = {}): Promise<DoorStage> {
  const stage = await openDoor(settings)
  onTestFinished(() => stage.door.stop(0))
  return stage
}

/** Connections that only stay. Resolves when they are open. */
async function idlers(count: number, endpoint: Endpoint): Promise<{ socket: Socket; heard: () => string }[]> {
  const all = Array.from({ length: count }, () => {
    const socket = connect({ ...endpoint, allowHalfOpen: true })
    let heard = ''
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
async function deliver({ relay }: DoorStage, endpoint: Endpoint): Promise<number> {
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

it('tells the oldest idle connection that it has to make room', async () => {
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

it('serves a good client beside 2,000 idle connections from the same address', async () => {
  const stage = await open()
  const idle = await idlers(2000, stage.endpoint)
  expect(await deliver(stage, stage.endpoint)).toBeLessThan(5_000)
  const left = () => idle.filter(({ socket }) => !socket.readableEnded && !socket.destroyed).length
  await eventually('room', () => left() <= defaultLimits.connectionsPerLoopbackSource)
})

it.runIf(outerAddress !== undefined)('serves a good client from another address beside them', async () => {
  const stage = await open({
    listen: [{ host: '0.0.0.0', plainAuth: true }],
    limits: { connections: 200, connectionsPerSource: 5000, unauthenticatedPerSource: 5000 },
  })
  const { port } = stage.endpoint
  await idlers(2000, { host: outerAddress ?? '', port })
  expect(await deliver(stage, { host: '127.0.0.1', port })).toBeLessThan(5_000)
})

it('does not end a connection whose sign-in the provider is still to answer', async () => {
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

it('frees the place of one who is in the middle of a handshake', async () => {
  const tls = await (await createAuthority()).issue()
  const limits = { unauthenticatedPerSource: 1 }
  const stage = await open({ clock: hastyClock(), tls, listen: [{ tls: 'implicit' }], limits })
  const [idle] = await idlers(1, stage.endpoint)
  await eventually('the first', () => idle !== undefined)
  await idlers(1, stage.endpoint)
  await eventually('its end', () => idle?.socket.readableEnded)
})
