import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { HttpError, NetworkFailure } from '../../src/net/network-failure.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

function fetchWith(settings: { extraCa?: string; timeoutSeconds?: number } = {}) {
  const { fetch, close } = createHttpFetch({ timeoutSeconds: 5, ...settings })
  closers.push(close)
  return (url: string) => fetch(url, { method: 'POST', headers: {}, body: new URLSearchParams({ a: 'b c' }) })
}

async function serve(listener: RequestListener, certificate?: { key: string; cert: string }) {
  const server = certificate ? createTlsServer(certificate, listener) : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `${certificate ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}/`
}

async function certificate(name: string) {
  const altNames = [{ type: 2 as const, value: name }]
  const extensions = [{ name: 'subjectAltName' as const, altNames }]
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions,
  })
  return { key, cert }
}

async function troubleOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof HttpError || error instanceof NetworkFailure) return error.message
  throw new Error('neither HttpError nor NetworkFailure was thrown')
}

describe('the fetch for providers', () => {
  it('the fetch posts a form and gives the answer', async () => {
    let sent = ''
    const url = await serve(async (request, response) => {
      for await (const chunk of request) sent += chunk
      response.writeHead(400, { 'retry-after': '7' }).end('{"error":"invalid_grant"}')
    })
    const response = await fetchWith()(url)
    expect(sent).toBe('a=b+c')
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.headers.get('retry-after')]).toEqual([400, '7'])
    expect(await response.json()).toEqual({ error: 'invalid_grant' })
  })

  it('the fetch refuses a certificate that nobody vouches for, and takes it with its authority', async () => {
    const pair = await certificate('localhost')
    const url = await serve((_request, response) => response.end('{}'), pair)
    expect(await troubleOf(fetchWith()(url))).toMatch(/not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
    expect((await fetchWith({ extraCa: pair.cert })(url)).status).toBe(200)
  })

  it('the fetch refuses a good certificate of another name', async () => {
    const pair = await certificate('elsewhere.example')
    const url = await serve((_request, response) => response.end('{}'), pair)
    expect(await troubleOf(fetchWith({ extraCa: pair.cert })(url))).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/)
  })

  it('the fetch does not follow a redirect: the request carries secrets', async () => {
    let visits = 0
    const url = await serve((_request, response) => {
      visits += 1
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    expect((await fetchWith()(url)).status).toBe(307)
    expect(visits).toBe(1)
  })

  it.each([
    ['sent as it is', {}, (body: Buffer) => body],
    ['compressed', { 'content-encoding': 'gzip' }, (body: Buffer) => gzipSync(body)],
  ])('the fetch cuts off an endless body, %s', async (_how, headers, encode) => {
    const url = await serve((_request, response) => {
      response.writeHead(200, headers).end(encode(Buffer.alloc(8_000_000, 'a')))
    })
    expect(await troubleOf(fetchWith()(url))).toBe('the provider sent too long an answer')
  })

  it.each([
    ['the head', false],
    ['the body', true],
  ])('the fetch bounds the time for %s', async (_what, headFirst) => {
    const url = await serve((_request, response) => {
      if (headFirst) response.writeHead(200).write('{')
    })
    expect(await troubleOf(fetchWith({ timeoutSeconds: 0.2 })(url))).toMatch(
      /did not answer within 0.2 seconds/,
    )
  })

  it('the fetch says what is wrong when nobody listens', async () => {
    const url = await serve(() => {})
    await closers.pop()?.()
    expect(await troubleOf(fetchWith()(url))).toBe(`${new URL(url).host} cannot be reached (ECONNREFUSED)`)
  })

  it('the fetch opens no more than 64 connections to one host, and answers all who ask at once', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.end('{}')
    })
    const ask = fetchWith()
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask(url)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(sockets.size).toBeLessThanOrEqual(64)
  })

  it('the fetch says so when the connection is cut', async () => {
    const url = await serve((request) => request.socket.destroy())
    expect(await troubleOf(fetchWith()(url))).toMatch(/cannot be reached/)
  })
})
