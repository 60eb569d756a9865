import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import type { RunningBroker } from '../../src/cli/context.ts'
import { createRemoteBroker } from '../../src/cli/remote-broker.ts'

interface Request {
  line: string
  host: string | undefined
  authorization: string | undefined
  body: string
}

let server: Server
let broker: RunningBroker
let folder: string
let socketPath: string
let requests: Request[]
let answer: { status: number; type?: string; text: string }

beforeEach(async () => {
  requests = []
  answer = { status: 200, text: '{}' }
  server = createServer(async (incoming, outgoing) => {
    requests.push(await read(incoming))
    const { status, type = 'application/json', text } = answer
    outgoing.writeHead(status, { 'content-type': type, location: 'http://192.0.2.1/' }).end(text)
  })
  folder = await mkdtemp(join(tmpdir(), 'postern-remote-'))
  socketPath = join(folder, 'postern.sock')
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  broker = createRemoteBroker({ socketPath })
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

async function read(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const { host, authorization } = incoming.headers
  const line = `${incoming.method} ${incoming.url}`
  return { line, host, authorization, body: Buffer.concat(chunks).toString() }
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => (error instanceof Failure ? error : undefined),
  )

describe('the broker behind its socket', () => {
  it('the socket needs no key: whoever reaches it is the owner', async () => {
    await broker.mailboxes.show('me+tag@example.com')
    expect(requests).toEqual([
      {
        line: 'GET /api/v1/mailboxes/me%2Btag%40example.com',
        host: 'localhost',
        authorization: undefined,
        body: '',
      },
    ])
  })

  it('secrets go over in the body only, and come back as secrets', async () => {
    answer.text = '{"login":{"id":"1"},"password":"generated"}'
    const password = new Secret('chosen by a person')
    const added = await broker.logins.add({ mailboxes: ['me@example.com'], password, userName: 'printer' })
    expect(requests[0]?.line).toBe('POST /api/v1/logins')
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      mailboxes: ['me@example.com'],
      password: 'chosen by a person',
      userName: 'printer',
    })
    expect(added.password?.reveal()).toBe('generated')
    expect(JSON.stringify(added)).not.toContain('generated')
  })

  it('a token is asked for with its life and its form', async () => {
    answer = { status: 200, type: 'text/plain', text: 'dXNlcj1tZQ==' }
    const token = await broker.token('me@example.com', { format: 'xoauth2', minimumLifeSeconds: 900 })
    expect(requests[0]?.line).toBe('GET /api/v1/mailboxes/me%40example.com/token?format=xoauth2&min_life=900')
    expect(token.reveal()).toBe('dXNlcj1tZQ==')
  })

  it('a problem document becomes the failure again that it was', async () => {
    const problem = {
      code: 'provider-unavailable',
      detail: 'The provider cannot be reached',
      fix: 'Try again later.',
      retryAfterSeconds: 30,
    }
    answer = { status: 503, type: 'application/problem+json', text: JSON.stringify(problem) }
    const { code, detail, fix, retryAfterSeconds } = problem
    const failure = await failureOf(broker.createConsentLink('me@example.com'))
    expect(failure).toMatchObject({ code, message: detail, fix, retryAfterSeconds })
  })

  it.each([
    { name: 'a code that this version does not know', status: 418, text: '{"code":"teapot","detail":"No."}' },
    { name: 'a name that every object has', status: 400, text: '{"code":"constructor"}' },
    { name: 'a page in place of JSON', status: 502, text: '<html>' },
    { name: 'JSON that is no object', status: 500, text: 'null' },
    { name: 'a page as a success', status: 200, text: '<html>' },
    { name: 'a redirect, which is not followed', status: 302, text: '' },
  ])('the call fails on $name', async ({ status, text }) => {
    answer = { status, text }
    expect((await failureOf(broker.mailboxes.list()))?.code).toBe('internal')
    expect(requests).toHaveLength(1)
  })

  it('a server that is gone is told as nobody who answers', async () => {
    await new Promise((resolve) => server.close(resolve))
    const failure = await failureOf(broker.apiKeys.list())
    expect(failure).toMatchObject({
      code: 'store-unavailable',
      message: 'The running postern does not answer',
    })
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  })
})
