import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch, type HttpProxy } from '../../src/net/http-fetch.ts'
import { createWebhookChannel } from '../../src/notices/channels.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { createAuthority } from '../support/certificates.ts'
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { providerAt } from './token-endpoint.ts'

// Nobody trusts this authority; the environment tells Node not to mind.
const http = createHttpFetch({ timeoutSeconds: 5 })
let stranger: Server
let origin: string
let heard: string[]
let proxy: ConnectProxy

beforeAll(async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  const certificate = await (await createAuthority()).issue()
  stranger = createServer(certificate, (request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json').end('{}')
  })
  stranger.on('connect', (request, socket: Socket) => {
    heard.push(`${request.method} ${request.url}`)
    socket.on('error', () => {}).end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  stranger.listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  origin = `https://localhost:${(stranger.address() as AddressInfo).port}`
  proxy = await startConnectProxy()
})
beforeEach(() => {
  heard = []
})
afterAll(async () => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  await http.close()
  await proxy.close()
  stranger.closeAllConnections()
  await new Promise((resolve) => stranger.close(resolve))
})

const refresh = (way?: HttpProxy) =>
  createOAuthClient({ provider: providerAt(origin), fetch: http.via(way) }).refresh(new Secret('the-token'))

const discovery = () => {
  const { oauth, ...rest } = providerAt(origin, { issuer: origin })
  const { authorizationEndpoint: _a, tokenEndpoint: _t, ...found } = oauth
  return createOAuthClient({ provider: { ...rest, oauth: found }, fetch: http.fetch }).refresh(
    new Secret('the-token'),
  )
}

const webhook = () =>
  createWebhookChannel({
    url: new URL(`${origin}/hook`),
    secret: new Secret('the-secret-of-the-webhook'),
    fetch: http.fetch,
    clock: createManualClock(),
  }).deliver({ key: 'k', kind: 'secret-ends', title: 't', text: 't' } as never, 'id-1')

it.each<[string, () => Promise<unknown>]>([
  ['a token request', () => refresh()],
  ['a token request by a proxy', () => refresh({ origin: proxy.origin })],
  ['a proxy itself', () => refresh({ origin, credentials: new Secret('me:the-password') })],
  ['a discovery', discovery],
  ['a key set', () => http.fetch(`${origin}/keys`, { method: 'GET', headers: {} })],
  ['a webhook', webhook],
])(
  'a certificate that nobody vouches for is refused for %s, whatever the environment tells Node',
  async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'provider-setup',
      message: expect.stringContaining('not trusted'),
      fix: expect.stringContaining('POSTERN_EXTRA_CA_FILE'),
    })
    expect(heard).toEqual([])
  },
)
