import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createAuthority } from '../support/certificates.ts'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { wrongCertificates } from '../support/wrong-certificates.ts'
import { failureOf, startBroker } from './fixture.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listening(server: Server): Promise<number> {
  const clients = new Set<Socket>()
  server.on('connection', (client) => clients.add(client))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    for (const client of clients) client.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

async function houseWith(options: Parameters<typeof startBroker>[0]) {
  const house = await startBroker(options)
  closers.push(() => house.close())
  return house
}

const [own, other] = [await createAuthority(), await createAuthority('another authority')]

describe('a token endpoint', () => {
  it.each(wrongCertificates(own, other))(
    'a certificate $what is a matter of the set-up, told with what to do as at the mail server',
    async ({ issue, says, fix }) => {
      const port = await listening(createTlsServer(await issue(), (_request, answer) => answer.end('{}')))
      const house = await houseWith({ at: `https://localhost:${port}`, extraCa: own.ca })
      const failure = await failureOf(house.token())
      expect(failure).toMatchObject({ code: 'provider-setup', fix: expect.stringContaining(fix) })
      expect(failure.message).toContain(says)
      expect(await house.kept()).toBe('refresh-1')
      const log = house.lines.map(({ text }) => text).join('\n')
      expect(log).toContain(says)
      expect(log).toContain(fix)
    },
  )

  it.each([
    ['that speaks no TLS', 'https', 'TLS'],
    ['that speaks no HTTP', 'http', 'https or http'],
  ])('an endpoint %s is a matter of the set-up', async (_, scheme, fix) => {
    const port = await listening(
      createServer((client) => client.on('error', () => {}).write('220 mail.example ESMTP\r\n')),
    )
    const house = await houseWith({ at: `${scheme}://localhost:${port}` })
    expect(await failureOf(house.token())).toMatchObject({
      code: 'provider-setup',
      fix: expect.stringContaining(fix),
    })
  })

  it('a proxy that wants another password is a matter of the set-up, which names the proxy', async () => {
    const proxy = await startConnectProxy({ credentials: 'me:other' })
    closers.push(() => proxy.close())
    const credentials = new Secret('me:the-password')
    const house = await houseWith({ proxy: { origin: proxy.origin, credentials } })
    const failure = await failureOf(house.token())
    expect(failure).toMatchObject({
      code: 'provider-setup',
      fix: "Check the proxy's name and password in the settings.",
    })
    expect(failure.message).toContain(proxy.origin)
    expect(await house.kept()).toBe('refresh-1')
  })

  it('the endpoint is asked again within ten seconds of the end of a trouble that nobody there has heard of, also where that looks like the set-up', async () => {
    const proxy = await startConnectProxy({ credentials: 'me:other' })
    closers.push(() => proxy.close())
    const house = await houseWith({
      proxy: { origin: proxy.origin, credentials: new Secret('me:the-password') },
    })
    for (let second = 0; second < 300; second += 1) {
      await failureOf(house.token())
      house.clock.pass(1)
    }
    expect((await failureOf(house.token())).retryAfterSeconds ?? 0).toBeLessThanOrEqual(8)
  })

  it('an endpoint where nobody listens is passing trouble, and the failure says what to look at', async () => {
    const house = await houseWith({ at: 'http://localhost:61002' })
    expect(await failureOf(house.token())).toMatchObject({
      code: 'provider-unavailable',
      message: 'localhost:61002 cannot be reached (ECONNREFUSED)',
      fix: expect.stringContaining('host and port'),
    })
  })
})
