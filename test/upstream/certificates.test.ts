import { generate } from 'selfsigned'
import { describe, expect, it } from 'vitest'
import { type Authority, createAuthority } from '../support/certificates.ts'
import { answersEhlo, ehlo, expectLine, greets } from '../support/provider-scripts.ts'
import { createRelayStage, mailbox } from '../support/relay-stage.ts'
import { startScriptedProvider } from '../support/scripted-provider.ts'

const day = 24 * 60 * 60 * 1000
const own = await createAuthority()
const other = await createAuthority('another authority')

const wrong = [
  {
    what: 'from an authority that nobody trusts',
    issue: () => other.issue(),
    says: 'authority that is not trusted',
    fix: 'POSTERN_EXTRA_CA_FILE',
  },
  {
    what: 'that signs itself',
    issue: selfSigned,
    says: 'authority that is not trusted',
    fix: 'POSTERN_EXTRA_CA_FILE',
  },
  {
    what: 'for another name',
    issue: () => own.issue({ names: ['smtp.example.com', '127.0.0.2'] }),
    says: 'is for another name',
    fix: 'Check the host name',
  },
  {
    what: 'that has expired',
    issue: () =>
      own.issue({ notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) }),
    says: 'has expired',
    fix: 'Check the clock',
  },
  {
    what: 'from the future',
    issue: () =>
      own.issue({ notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 3 * day) }),
    says: 'not valid yet',
    fix: 'Check the clock',
  },
] satisfies { what: string; issue: Authority['issue']; says: string; fix: string }[]

async function selfSigned() {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { key: made.private, cert: made.cert }
}

describe('a certificate', () => {
  for (const tls of ['implicit', 'starttls'] as const) {
    it.each(wrong)(`$what gets no token (${tls})`, async ({ issue, says, fix }) => {
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
      await expect(relay.verify(mailbox)).rejects.toMatchObject({
        code: 'provider-setup',
        message: expect.stringContaining(says),
        fix: expect.stringContaining(fix),
      })
      await relay.close()
      await provider.close()
      expect(provider.heard.join()).not.toContain('AUTH')
      expect(provider.heard.join()).toBe(
        tls === 'implicit' ? '' : 'EHLO postern.example.test\r\nSTARTTLS\r\n',
      )
    })
  }

  it.each(['localhost', '127.0.0.1'])('for the very name is taken: %s', async (host) => {
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
    await relay.verify(mailbox)
    await provider.close()
    await relay.close()
  })

  it('is checked even when an environment variable of Node says otherwise', async () => {
    const provider = await startScriptedProvider(
      { tls: 'implicit', certificate: await other.issue() },
      async (client) => client.gone(),
    )
    const { relay } = createRelayStage({ port: provider.port, tls: 'implicit', ca: own.ca })
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      await expect(relay.verify(mailbox)).rejects.toMatchObject({ code: 'provider-setup' })
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
    await relay.close()
    await provider.close()
  })
})
