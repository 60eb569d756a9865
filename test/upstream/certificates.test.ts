import { describe, expect, it } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { answersEhlo, ehlo, expectLine, greets } from '../support/provider-scripts.ts'
import { createRelayStage, me } from '../support/relay-stage.ts'
import { startScriptedProvider } from '../support/scripted-provider.ts'
import { wrongCertificates } from '../support/wrong-certificates.ts'

const own = await createAuthority()
const other = await createAuthority('another authority')

describe('a certificate', () => {
  for (const tls of ['implicit', 'starttls'] as const) {
    it.each(wrongCertificates(own, other))(`$what gets no token (${tls})`, async ({ issue, says, fix }) => {
      const provider = await startScriptedProvider({ tls, certificate: await issue() }, async (client) => {
        if (tls === 'starttls') {
          await greets(client, ['STARTTLS', 'AUTH XOAUTH2'])
          await client.line()
          client.say('220 Go ahead')
          await client.startTls()
        }
        await greets(client, [...ehlo, 'AUTH XOAUTH2'])
        await client.gone()
      })
      const { relay } = createRelayStage({ port: provider.port, tls, ca: own.ca })
      await expect(relay.verify(me)).rejects.toMatchObject({
        code: 'provider-setup',
        message: expect.stringContaining(says),
        fix: expect.stringContaining(fix),
      })
      await relay.close()
      await provider.close()
      expect(provider.heard.join()).not.toContain('AUTH')
      const heard = tls === 'implicit' ? '' : 'EHLO postern.example.test\r\nSTARTTLS\r\n'
      expect(provider.heard).toEqual([heard, heard])
    })
  }

  it.each(['localhost', '127.0.0.1'])('a certificate for the very name is taken: %s', async (host) => {
    const provider = await startScriptedProvider(
      { tls: 'implicit', certificate: await own.issue({ names: [host] }) },
      async (client) => {
        client.say('220 ready')
        await answersEhlo(client, [...ehlo, 'AUTH XOAUTH2'])
        expectLine(await client.line(), /^AUTH XOAUTH2 /)
        client.say('235 Accepted')
        await client.gone()
      },
    )
    const { relay } = createRelayStage({ port: provider.port, tls: 'implicit', ca: own.ca, host })
    await relay.verify(me)
    await provider.close()
    await relay.close()
  })

  it('a certificate is checked even when an environment variable of Node says otherwise', async () => {
    const provider = await startScriptedProvider(
      { tls: 'implicit', certificate: await other.issue() },
      async (client) => client.gone(),
    )
    const { relay } = createRelayStage({ port: provider.port, tls: 'implicit', ca: own.ca })
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
    await relay.close()
    await provider.close()
  })
})
