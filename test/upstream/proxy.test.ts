import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createAuthority } from '../support/certificates.ts'
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts'
import { answersEhlo, ehlo, expectLine, greets } from '../support/provider-scripts.ts'
import { createRelayStage, me } from '../support/relay-stage.ts'
import { type Client, startScriptedProvider } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const stage = useScriptedStage()
const password = 'the-password-of-the-proxy'
let proxy: ConnectProxy | undefined

async function proxied(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  proxy = await startConnectProxy(options)
  return proxy
}
afterEach(async () => {
  await proxy?.close()
})

async function signsIn(client: Client): Promise<void> {
  expectLine(await client.line(), /^AUTH XOAUTH2 /)
  client.say('235 2.7.0 Accepted')
  await client.gone()
}
const xoauth2 = [...ehlo, 'AUTH XOAUTH2']
const ways = {
  implicit: async (client: Client) => {
    client.say('220 ready')
    await answersEhlo(client, xoauth2)
    await signsIn(client)
  },
  starttls: async (client: Client) => {
    await greets(client, ['STARTTLS'])
    expectLine(await client.line(), /^STARTTLS$/)
    client.say('220 Go ahead')
    await client.startTls()
    await answersEhlo(client, xoauth2)
    await signsIn(client)
  },
}

describe.each(['implicit', 'starttls'] as const)('by a proxy (%s)', (tls) => {
  it('the provider is reached and its certificate checked, with name and password for the proxy', async () => {
    const { origin, credentials, tunnels } = await proxied({ credentials: `me:${password}` })
    const { relay, provider } = await stage(ways[tls], {
      tls,
      provider: { proxy: { origin, ...(credentials && { credentials }) } },
    })
    await relay.verify(me)
    expect(tunnels).toEqual([`127.0.0.1:${provider.port}`])
  })
})

it('a certificate is checked behind a proxy as it is without one', async () => {
  const { origin } = await proxied()
  const strange = await createAuthority('another authority')
  const provider = await startScriptedProvider(
    { tls: 'implicit', certificate: await strange.issue() },
    async (client) => client.gone(),
  )
  const { ca } = await createAuthority()
  const { relay } = createRelayStage({
    port: provider.port,
    tls: 'implicit',
    ca,
    provider: { proxy: { origin } },
  })
  await expect(relay.verify(me)).rejects.toMatchObject({
    code: 'provider-setup',
    message: expect.stringContaining('not trusted'),
  })
  await relay.close()
  await provider.close()
})

const faults: [string, ConnectProxyOptions, string, RegExp][] = [
  ['wants a password', { credentials: 'me:other' }, 'provider-setup', /HTTP status 407/],
  [
    'refuses',
    { instead: (client) => client.end('HTTP/1.1 403 Forbidden\r\n\r\n') },
    'provider-unavailable',
    /403/,
  ],
  [
    'cannot reach it',
    { instead: (client) => client.end('HTTP/1.1 502 Bad\r\n\r\n') },
    'provider-unavailable',
    /502/,
  ],
  ['hangs up', { instead: (client) => client.end() }, 'provider-unavailable', /cannot be used/],
  [
    'talks without end',
    { instead: (client) => void client.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}`) },
    'provider-unavailable',
    /cannot be used/,
  ],
  ['says nothing', { instead: () => {} }, 'provider-unavailable', /did not answer in time/],
]

describe('a proxy that', () => {
  it.each(faults)('a proxy that %s is named, without its password', async (_, options, code, message) => {
    const { origin } = await proxied(options)
    const { relay, provider, log } = await stage(async () => {}, {
      provider: { proxy: { origin, credentials: new Secret(`me:${password}`) } },
      limits: { upstreamConnectSeconds: 1 },
    })
    const error = await relay.verify(me).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect((error as Error).message).toContain(origin)
    expect(provider.heard).toEqual([])
    const words = JSON.stringify([log.lines, String((error as Error).stack), error])
    expect(words).not.toContain(password)
    expect(words).not.toContain(Buffer.from(`me:${password}`).toString('base64'))
  })

  it('a proxy that is not there is named', async () => {
    const { origin, close } = await proxied()
    await close()
    const { relay } = await stage(async () => {}, { provider: { proxy: { origin } } })
    await expect(relay.verify(me)).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: `The proxy ${origin} cannot be used (ECONNREFUSED)`,
    })
  })
})
