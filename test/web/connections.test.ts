import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defaultLimits } from '../support/default-limits.ts'
import { eventually } from '../support/eventually.ts'
import { outerAddress } from '../support/other-machine.ts'
import { keys, signIn, testServer } from './test-server.ts'

async function open(limits: Partial<typeof defaultLimits> = {}, host = '127.0.0.1') {
  const test = testServer({ listen: [{ host, port: 0 }], limits })
  onTestFinished(() => test.server.stop())
  const [endpoint] = await test.server.start()
  const port = endpoint?.port ?? 0
  await answer(port, '/healthz')
  return { ...test, port }
}

interface Asking {
  agent?: Agent
  headers?: Record<string, string>
  host?: string
}

/** The status of an answer, and how long it took in milliseconds. */
async function answer(port: number, path: string, { agent, headers = {}, host = '127.0.0.1' }: Asking = {}) {
  const began = performance.now()
  const asked = get({
    host,
    port,
    path,
    agent: agent ?? false,
    headers: { Host: `localhost:${port}`, ...headers },
  })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return { status: response.statusCode, milliseconds: performance.now() - began }
}

const withKey = { headers: { Authorization: `Bearer ${keys.token}` } }
const tokenPath = '/api/v1/mailboxes/me@example.com/token'

/** Clients that each say this and stay. Resolves when they are connected, and have an answer where `answered`. */
async function strangers(count: number, port: number, says: string, answered: boolean) {
  const all = Array.from({ length: count }, (_, index) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${1 + (index % 100)}` })
    socket.on('error', () => {})
    socket.write(says.replaceAll('PORT', String(port)))
    return socket
  })
  onTestFinished(() => all.forEach((socket) => void socket.destroy()))
  const settled = (socket: Socket) =>
    new Promise<void>((resolve) => {
      socket.once(answered ? 'data' : 'connect', () => resolve())
      socket.once('close', () => resolve())
    })
  await Promise.all(all.map(settled))
  for (const socket of all) socket.resume()
  return all
}

function request(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost:PORT', ...headers, '', ''].join('\r\n')
}

const body = 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a'
const form = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\npass'

describe('1,500 unauthenticated connections from this machine', () => {
  it.each([
    ['say nothing', '', false],
    ['stop in the middle of a header', request('/').slice(0, 20), false],
    [
      'stop in the middle of a body',
      `POST /api/v1/mailboxes HTTP/1.1\r\nHost: localhost:PORT\r\n${body}`,
      false,
    ],
    [
      'stop in the middle of a form',
      `POST /sign-in HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: http://localhost:8587\r\n${form}`,
      false,
    ],
    ['look at a public page', request('/healthz'), true],
    ['look at the page for signing in', request('/sign-in'), true],
    ['have a wrong key', request('/api/v1/mailboxes', 'Authorization: Bearer wrong-key-0123456789'), true],
    ['have a wrong cookie', request('/', `Cookie: postern_session=${'x'.repeat(43)}`), true],
  ])(
    'the connections do not keep out a client with a key when they %s and stay',
    async (_what, says, answered) => {
      const { port } = await open()
      await strangers(1500, port, says, answered)
      const asked = await answer(port, tokenPath, withKey)
      expect(asked.status).toBe(200)
      // Later, time limits alone make room: 5 s after an answer, 30 s in a header, 60 s in a body.
      expect(asked.milliseconds).toBeLessThan(answered ? 5_000 : 20_000)
    },
  )
})

it('unauthenticated connections are evicted a second after they opened, down to their limit', async () => {
  const { port, time } = await open()
  const all = await strangers(500, port, request('/healthz'), true)
  time.monotonic += 1_001
  const left = () => all.filter((socket) => !socket.destroyed).length
  await eventually('room', () => left() <= defaultLimits.webConnectionsPerLoopbackSource)
})

describe('a connection', () => {
  const limits = { webConnectionsPerLoopbackSource: 5, webUnauthenticatedPerSource: 2, webConnections: 20 }

  async function makesRoom(
    headers: Record<string, string>,
    path: string,
    test: Awaited<ReturnType<typeof open>>,
  ) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    expect((await answer(test.port, path, { agent, headers })).status).toBe(200)
    const [socket] = Object.values(agent.freeSockets).flat()
    const all = await strangers(60, test.port, request('/healthz'), false)
    await eventually('room', () => all.filter(({ destroyed }) => destroyed).length >= 40)
    return socket?.destroyed
  }

  it('a connection is not evicted once it has shown a valid key', async () => {
    expect(await makesRoom(withKey.headers, tokenPath, await open(limits))).toBe(false)
  })

  it('a connection is not evicted once it has shown a valid session', async () => {
    const test = await open(limits)
    const { cookie } = await signIn(test)
    expect(await makesRoom({ Cookie: cookie }, '/', test)).toBe(false)
  })

  it('a connection is evicted when it has shown nothing', async () => {
    expect(await makesRoom({}, '/healthz', await open(limits))).toBe(true)
  })
})

it('the server answers 503 while every other connection has shown a key, and serves again when one of them closes', async () => {
  const { port } = await open({ webConnectionsPerLoopbackSource: 2 })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  await Promise.all([1, 2].map(() => answer(port, tokenPath, { agent, ...withKey })))
  expect((await answer(port, tokenPath, withKey)).status).toBe(503)
  agent.destroy()
  await eventually('a free place', async () => (await answer(port, tokenPath, withKey)).status === 200)
})

it.runIf(outerAddress !== undefined)('other machines are counted by their own limit', async () => {
  const { port } = await open({ webConnectionsPerSource: 1 }, '0.0.0.0')
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const host = outerAddress ?? ''
  expect((await answer(port, tokenPath, { host, agent, ...withKey })).status).toBe(200)
  expect((await answer(port, tokenPath, { host, ...withKey })).status).toBe(503)
  expect((await answer(port, tokenPath, withKey)).status).toBe(200)
})
