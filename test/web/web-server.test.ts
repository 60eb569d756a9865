import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { keys, testServer } from './test-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function startedServer(listen = [{ host: '127.0.0.1', port: 0 }]) {
  const test = testServer({ listen })
  closing.push(test.server.stop)
  const endpoints = await test.server.start()
  return { ...test, endpoints, port: endpoints[0]?.port ?? 0 }
}

/** Sends bytes as they are, and gives everything that comes until the other side closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  // Its own side stays open, too: Node answers late to nobody who has closed it.
  socket.write(text)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // Not `once`: a reset after the answer is the server's right.
  socket.on('error', () => {})
  await new Promise((resolve) => socket.on('close', resolve))
  return Buffer.concat(chunks).toString()
}

describe('an open web server', () => {
  it('the server answers at the port that the system chose, and at the host names with that port', async () => {
    const { port } = await startedServer()
    for (const name of ['127.0.0.1', 'localhost']) {
      const answer = await raw(
        port,
        `GET /icon.svg HTTP/1.1\r\nHost: ${name}:${port}\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    }
    const other = await raw(port, 'GET /icon.svg HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n')
    expect(other).toMatch(/^HTTP\/1\.1 421 /)
  })

  it.each([
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['no Host in the old version', 'GET / HTTP/1.0\r\n\r\n', 421],
    [
      'two Hosts',
      'GET /icon.svg HTTP/1.1\r\nHost: localhost:PORT\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      421,
    ],
    [
      'an absolute target',
      'GET http://evil.example/icon.svg HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n',
      421,
    ],
    ['no HTTP at all', 'EHLO localhost\r\n\r\n', 400],
    ['a huge header', `GET / HTTP/1.1\r\nHost: localhost:PORT\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a mad length', 'POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 9x\r\n\r\n', 400],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n', 400],
  ])('the server refuses a request with %s', async (_name, text, status) => {
    const { port } = await startedServer()
    expect(await raw(port, text.replaceAll('PORT', String(port)))).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('the server keeps serving after a client that disconnects in the middle of a request', async () => {
    const { port } = await startedServer()
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /api/v1/mailboxes HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${keys.admin}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"addr',
    )
    await once(socket, 'connect')
    socket.resetAndDestroy()
    await once(socket, 'close')
    const response = await fetch(`http://127.0.0.1:${port}/healthz`)
    expect(response.status).toBe(200)
  })

  it('the server leaves no connection and no port open when it stops', async () => {
    const { server, port } = await startedServer()
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    await server.stop()
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })
})

describe('a web server that cannot open', () => {
  it('the server names the address in use and what to do, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    closing.push(async () => other.close())
    const { port } = other.address() as AddressInfo
    const test = testServer({
      listen: [
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.1', port },
      ],
    })
    await expect(test.server.start()).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`127.0.0.1:${port}`),
      fix: expect.stringContaining('POSTERN_WEB_LISTEN'),
    })
    await test.server.stop()
  })

  it('the server reports an address that the machine does not have', async () => {
    // TEST-NET-1 of RFC 5737: nobody has it.
    for (const listen of [
      [{ host: '192.0.2.1', port: 0 }],
      [
        { host: '127.0.0.1', port: 0 },
        { host: '192.0.2.1', port: 0 },
      ],
    ]) {
      const test = testServer({ listen })
      await expect(test.server.start()).rejects.toMatchObject({ code: 'configuration' })
    }
  })

  it('the server starts without a second loopback address that the machine does not have', async () => {
    const { endpoints, lines } = await startedServer([
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ])
    const missing = lines.filter((line) => line.includes('[::1]'))
    expect(endpoints.length + missing.length).toBe(2)
  })
})
