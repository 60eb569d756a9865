import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createConnect } from '../../src/net/connect.ts'
import type { ResolvedAddress } from '../../src/net/name-resolver.ts'

let port: number
let server: ReturnType<typeof createServer>
let accepted: Socket[]

beforeEach(async () => {
  accepted = []
  server = createServer((client) => void accepted.push(client.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  for (const client of accepted) client.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const four = (address: string): ResolvedAddress => ({ address, family: 4 })
const six = (address: string): ResolvedAddress => ({ address, family: 6 })

/** Attempts in the test's hand: none gets anywhere before it is let through, or fails. */
function wayTo(addresses: readonly ResolvedAddress[], staggerMilliseconds = 1) {
  const attempts = new Map<string, Socket>()
  const begun = new Map<string, () => void>()
  const connect = createConnect({
    names: { resolve: async () => addresses },
    staggerMilliseconds,
    open(address) {
      const socket = new Socket()
      attempts.set(address, socket)
      begun.get(address)?.()
      return socket
    },
  })
  return {
    attempts,
    connect: (signal: AbortSignal = new AbortController().signal) =>
      connect({ host: 'provider.example', port }, signal),
    async begins(address: string) {
      if (!attempts.has(address)) await new Promise<void>((resolve) => begun.set(address, resolve))
    },
    letThrough: (address: string) => attempts.get(address)?.connect(port, '127.0.0.1'),
    fail: (address: string, code: string) =>
      attempts.get(address)?.destroy(Object.assign(new Error(code), { code })),
  }
}

describe('a connection to a name of several addresses', () => {
  it('a connection tries the next address while the first is silent, and takes the first that answers', async () => {
    const way = wayTo([four('192.0.2.1'), four('192.0.2.2'), four('192.0.2.3')])
    const connected = way.connect()
    await way.begins('192.0.2.3')
    way.letThrough('192.0.2.1')
    const socket = await connected
    expect(socket).toBe(way.attempts.get('192.0.2.1'))
    expect(socket.destroyed).toBe(false)
    expect(way.attempts.get('192.0.2.2')?.destroyed).toBe(true)
    expect(way.attempts.get('192.0.2.3')?.destroyed).toBe(true)
    socket.destroy()
  })

  it('a connection tries the next address as soon as one has failed', async () => {
    const way = wayTo([four('192.0.2.1'), four('192.0.2.2')], 3_600_000)
    const connected = way.connect()
    await way.begins('192.0.2.1')
    way.fail('192.0.2.1', 'ECONNREFUSED')
    await way.begins('192.0.2.2')
    way.letThrough('192.0.2.2')
    const socket = await connected
    expect(socket).toBe(way.attempts.get('192.0.2.2'))
    socket.destroy()
  })

  it('a connection alternates the address families', async () => {
    const addresses = [six('2001:db8::1'), six('2001:db8::2'), six('2001:db8::3'), four('192.0.2.1')]
    const way = wayTo(addresses)
    const connected = way.connect(AbortSignal.timeout(1000))
    await way.begins('2001:db8::3')
    expect([...way.attempts.keys()]).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3'])
    for (const { address } of addresses) way.fail(address, 'EHOSTUNREACH')
    await expect(connected).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  it('a connection fails with the most telling error', async () => {
    const way = wayTo([six('2001:db8::1'), four('192.0.2.1')])
    const connected = way.connect()
    await way.begins('192.0.2.1')
    way.fail('2001:db8::1', 'ENETUNREACH')
    way.fail('192.0.2.1', 'ECONNREFUSED')
    await expect(connected).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('a connection leaves no socket open when its signal fires', async () => {
    const way = wayTo([four('192.0.2.1'), four('192.0.2.2')])
    const giveUp = new AbortController()
    const connected = way.connect(giveUp.signal)
    await way.begins('192.0.2.2')
    giveUp.abort()
    await expect(connected).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    for (const socket of way.attempts.values()) expect(socket.destroyed).toBe(true)
  })
})
