import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { chooseProxy, createCatalogue } from '../../src/providers/catalogue.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import { createOAuthClients } from '../../src/providers/oauth/oauth-clients.ts'
import type { ProxyChoice } from '../../src/providers/settings.ts'
import { createAuthority } from '../support/certificates.ts'
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

const password = 'the-password-of-the-proxy'
let http: ReturnType<typeof createHttpFetch>
let endpoint: TokenEndpoint
let proxy: ConnectProxy | undefined

beforeEach(async () => {
  http = createHttpFetch({ timeoutSeconds: 1 })
  endpoint = await startTokenEndpoint()
})
afterEach(async () => {
  await http.close()
  await endpoint.close()
  await proxy?.close()
})

async function clientBy(options: ConnectProxyOptions, credentials?: string) {
  proxy = await startConnectProxy(options)
  const { origin } = proxy
  const way = { origin, ...(credentials !== undefined && { credentials: new Secret(credentials) }) }
  const provider = { ...providerAt(endpoint.origin), proxy: way }
  return createOAuthClients({ catalogue: { registered: () => provider }, http })('local')
}

describe('token requests by a proxy', () => {
  it('token requests go through the tunnel of the proxy, with its name and password', async () => {
    const client = await clientBy({ credentials: `me:${password}` }, `me:${password}`)
    endpoint.answer(tokens('one'))
    expect((await client.refresh(new Secret('r'))).accessToken.reveal()).toBe('one')
    expect(proxy?.tunnels).toEqual([new URL(endpoint.origin).host])
    expect(JSON.stringify(endpoint.requests)).not.toContain(Buffer.from(`me:${password}`).toString('base64'))
  })

  it.each<[string, ConnectProxyOptions, string, string]>([
    ['wants another password', { credentials: 'me:other' }, 'HTTP status 407', 'setup-wrong'],
    [
      'refuses',
      { instead: (client) => client.end('HTTP/1.1 403 Forbidden\r\n\r\n') },
      'HTTP status 403',
      'try-later',
    ],
    ['hangs up', { instead: (client) => client.end() }, 'cannot be used', 'try-later'],
    ['says nothing', { instead: () => {} }, 'did not answer', 'try-later'],
  ])(
    'token requests end no grant where the proxy %s, and tell no password',
    async (_, options, says, kind) => {
      const client = await clientBy(options, `me:${password}`)
      const error = await client.refresh(new Secret('refresh-token')).catch((thrown: unknown) => thrown)
      expect(judge(error)).toMatchObject({ kind })
      expect(error).toMatchObject({ fix: expect.any(String) })
      expect((error as Error).message).toContain(proxy?.origin)
      expect((error as Error).message).toContain(says)
      expect(String((error as Error).stack)).not.toContain(password)
      expect(endpoint.requests).toEqual([])
      // One request is one question, whatever comes of it.
      expect(proxy?.asked()).toBe(1)
    },
  )
})

it('an endpoint with TLS is reached through the tunnel, and its certificate checked', async () => {
  const [own, strange] = [await createAuthority(), await createAuthority('another authority')]
  proxy = await startConnectProxy()
  for (const [authority, works] of [
    [own, true],
    [strange, false],
  ] as const) {
    const server = createServer(await authority.issue(), (_request, response) =>
      response.end('{"over":"TLS"}'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const trusting = createHttpFetch({ timeoutSeconds: 5, extraCa: own.ca })
    const { port } = server.address() as AddressInfo
    const asked = trusting.via({ origin: proxy.origin })(`https://localhost:${port}/`, {
      method: 'GET',
      headers: {},
    })
    if (works) expect(await (await asked).json()).toEqual({ over: 'TLS' })
    else await expect(asked).rejects.toThrow(/by the proxy .* not trusted \((SELF_SIGNED|UNABLE)/)
    await trusting.close()
    await new Promise((resolve) => server.close(resolve))
  }
  expect(proxy.tunnels).toHaveLength(2)
})

describe('the proxy for a provider', () => {
  const general = { origin: 'http://general.example:3128' }
  const own = { origin: 'http://own.example:3128' }
  const [away, here] = [providerAt('https://login.example'), providerAt('http://127.0.0.1:1')]
  it.each<[string, typeof away, ProxyChoice | undefined, object | undefined, string | undefined]>([
    ['is the one for all', away, undefined, general, general.origin],
    ['is its own', away, own, general, own.origin],
    ['is none, by its own choice', away, 'direct', general, undefined],
    ['is none on this machine', here, undefined, general, undefined],
    ['is its own even on this machine', here, own, undefined, own.origin],
    ['is none where nothing is set', away, undefined, undefined, undefined],
  ])('the proxy %s', (_, provider, choice, forAll, origin) => {
    expect(chooseProxy(provider, choice, forAll as typeof general | undefined)?.origin).toBe(origin)
  })

  it('the proxy comes from the settings and the providers file', () => {
    const catalogue = createCatalogue({
      registrations: {
        google: { clientId: 'g', clientSecrets: [], testing: false },
        microsoft: { cloud: 'worldwide', tenant: 'common', clientId: 'm', clientSecrets: [] },
      },
      customProviders: [{ id: 'second', preset: 'google', clientId: 'c', clientSecrets: [], proxy: own }],
      providerOverrides: new Map([['microsoft', { proxy: 'direct' as const }]]),
      proxy: general,
    })
    const origins = ['google', 'microsoft', 'second'].map((id) => catalogue.registered(id).proxy?.origin)
    expect(origins).toEqual([general.origin, undefined, own.origin])
  })
})
