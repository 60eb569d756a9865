import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { inTurns } from '../../src/web/connections.ts'

const nextRound = () => new Promise((resolve) => setImmediate(resolve))

function request(number: number, { isGone = false } = {}) {
  return [
    { number, socket: { destroyed: isGone } } as unknown as IncomingMessage,
    {} as ServerResponse,
  ] as const
}

it('the server starts a few of the requests that arrived together, then a few more in each turn, in their order', async () => {
  const begun: number[] = []
  const app = inTurns((one) => void begun.push((one as unknown as { number: number }).number))
  for (let number = 0; number < 100; number++) app(...request(number))
  expect(begun.length).toBe(4)
  await nextRound()
  expect(begun.length).toBe(8)
  for (let round = 0; round < 30; round++) await nextRound()
  expect(begun).toEqual(Array.from({ length: 100 }, (_, number) => number))
})

it('the server does no work for a client that disconnects before its turn', async () => {
  let begun = 0
  const app = inTurns(() => void begun++)
  for (let number = 0; number < 20; number++) app(...request(number, { isGone: number > 3 }))
  for (let round = 0; round < 10; round++) await nextRound()
  expect(begun).toBe(4)
})

it('the server serves a new client beside clients that send requests without a pause', async () => {
  let worked = 0
  let isNew = false
  let workedWhileWaiting = 0
  const server = createServer(
    inTurns((one, response) => {
      worked += 1
      if (one.url === '/new') isNew = true
      const until = performance.now() + 1
      while (performance.now() < until);
      response.end('there')
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = (path: string, again: boolean) => {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    const say = () => void socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    socket.on('error', () => {})
    socket.on('connect', say)
    return new Promise<void>((resolve) => socket.on('data', () => (again && !isNew ? say() : resolve())))
  }
  for (let client = 0; client < 150; client++) void ask('/', true)
  while (worked < 400) await nextRound()
  const before = worked
  const asked = Array.from({ length: 20 }, () => ask('/new', false))
  await asked[0]
  workedWhileWaiting = worked - before
  expect(workedWhileWaiting).toBeLessThan(400)
})
