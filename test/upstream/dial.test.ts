import { describe, expect, it } from 'vitest'
import { answersEhlo, ehlo, expectLine, greets } from '../support/provider-scripts.ts'
import { createRelayStage, me } from '../support/relay-stage.ts'
import { type Client, type Script, startScriptedProvider } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const stage = useScriptedStage()
/** For servers that never come to use it. */
const nobody = { key: '', cert: '' }
const xoauth2 = [...ehlo, 'AUTH XOAUTH2']

async function startsTls(client: Client): Promise<void> {
  await greets(client, ['STARTTLS'])
  expectLine(await client.line(), /^STARTTLS$/)
}

describe('dialling', () => {
  it('the dial signs in under STARTTLS, after a second EHLO', async () => {
    const { relay, provider } = await stage(
      async (client) => {
        await startsTls(client)
        client.say('220 Go ahead')
        await client.startTls()
        await answersEhlo(client, xoauth2)
        expectLine(await client.line(), /^AUTH XOAUTH2 /)
        client.say('235 2.7.0 Accepted')
        await client.gone()
      },
      { tls: 'starttls' },
    )
    await relay.verify(me)
    expect(provider.heard[0]).toMatch(
      /^EHLO postern\.example\.test\r\nSTARTTLS\r\nEHLO postern\.example\.test\r\nAUTH XOAUTH2 \S+\r\n$/,
    )
  })

  it.each([
    ['there is no STARTTLS', ['PIPELINING', 'AUTH XOAUTH2'], undefined],
    ['a middlebox has taken STARTTLS away', ['XXXXXXXA', 'AUTH XOAUTH2'], undefined],
    ['STARTTLS is refused', ['STARTTLS', 'AUTH XOAUTH2'], '502 5.5.1 Not today'],
  ])('the dial sends no token when %s', async (_, offers, answer) => {
    const { relay, provider } = await stage(
      async (client) => {
        await greets(client, offers)
        if (answer === undefined) return client.gone()
        await client.line()
        client.say(answer)
        await client.gone()
      },
      { tls: 'starttls' },
    )
    await expect(relay.verify(me)).rejects.toMatchObject({
      code: 'provider-setup',
      message: expect.stringContaining('STARTTLS'),
      fix: expect.any(String),
    })
    expect(provider.heard.join()).not.toContain('AUTH')
  })

  it.each([
    ['a whole reply', '220 Go ahead\r\n250 AUTH PLAIN\r\n'],
    ['the begin of a reply', '220 Go ahead\r\n250-'],
    ['a goodbye', '220 Go ahead\r\n421 Too late\r\n'],
    ['other octets', '220 Go ahead\r\n\x16'],
  ])('the dial ends when %s comes in the clear behind the 220 to STARTTLS', async (_, sent) => {
    const { relay, provider } = await stage(
      async (client) => {
        await startsTls(client)
        client.send(sent)
        await client.gone()
      },
      { tls: 'starttls' },
    )
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
    expect(provider.heard).toEqual(['EHLO postern.example.test\r\nSTARTTLS\r\n'])
  })

  it.each([
    ['a greeting that is a refusal', '554 5.7.1 Not from there', 'provider-setup'],
    ['a greeting that says later', '421 4.7.0 Try again later', 'provider-unavailable'],
    ['a greeting that is not SMTP', 'SSH-2.0-OpenSSH_9.2', 'provider-unavailable'],
  ])('the dial judges %s', async (_, said, code) => {
    const { relay } = await stage(async (client) => {
      client.say(said)
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code })
  })

  it('plain SMTP where TLS is due is taken for a mistake in the settings', async () => {
    const { relay, provider } = await stage(
      async (client) => {
        client.say('220 provider.example ready')
        await client.gone()
      },
      { tls: 'starttls' },
    )
    const implicit = createRelayStage({ port: provider.port, tls: 'implicit' }).relay
    await expect(implicit.verify(me)).rejects.toMatchObject({
      code: 'provider-setup',
      fix: expect.stringContaining('TLS mode'),
    })
    await implicit.close()
    await relay.close()
  })

  it('the failure says that nobody answers', async () => {
    const gone = await startScriptedProvider({ tls: 'implicit', certificate: nobody }, async () => {})
    await gone.close()
    const { relay } = createRelayStage({ port: gone.port, tls: 'implicit' })
    await expect(relay.verify(me)).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    await relay.close()
  })
})

interface Hang {
  before: string
  tls: 'implicit' | 'starttls'
  script: Script
  /** What the provider had heard by then. */
  heard: string
}

const helloed = 'EHLO postern.example.test\r\n'

const hangs: Hang[] = [
  { before: 'the greeting', tls: 'implicit', script: async (client) => client.gone(), heard: '' },
  {
    before: 'the answer to EHLO',
    tls: 'implicit',
    async script(client) {
      client.say('220 ready')
      await client.gone()
    },
    heard: helloed,
  },
  {
    before: 'the end of a line',
    tls: 'implicit',
    async script(client) {
      client.say('220 ready')
      await client.line()
      client.send('250-provider.example\r\n250 AUTH XO')
      await client.gone()
    },
    heard: helloed,
  },
  {
    before: 'the answer to STARTTLS',
    tls: 'starttls',
    async script(client) {
      await startsTls(client)
      await client.gone()
    },
    heard: `${helloed}STARTTLS\r\n`,
  },
  {
    before: 'the answer to AUTH',
    tls: 'implicit',
    async script(client) {
      await greets(client, xoauth2)
      await client.gone()
    },
    heard: `${helloed}AUTH XOAUTH2 `,
  },
]

describe('a provider that hangs', () => {
  it.each(hangs)(
    'a provider that hangs before $before is given up in time',
    async ({ tls, script, heard }) => {
      const { relay, provider } = await stage(script, { tls, limits: { upstreamReplySeconds: 0.3 } })
      await expect(relay.verify(me)).rejects.toMatchObject({
        code: 'provider-unavailable',
        message: 'The connection to 127.0.0.1 failed: no reply within 0.3 seconds',
      })
      expect(provider.heard[0]?.replace(/(AUTH XOAUTH2 ).*/s, '$1')).toBe(heard)
    },
  )

  it.each(['implicit', 'starttls'] as const)(
    'a provider that hangs in the handshake is given up in time (%s)',
    async (tls) => {
      const silent = await startScriptedProvider({ tls: 'starttls', certificate: nobody }, async (client) => {
        if (tls === 'starttls') {
          await startsTls(client)
          client.say('220 Go ahead')
        }
        await client.gone()
      })
      const { relay } = createRelayStage({ port: silent.port, tls, limits: { upstreamConnectSeconds: 0.3 } })
      await expect(relay.verify(me)).rejects.toMatchObject({
        code: 'provider-unavailable',
        message: 'The connection to 127.0.0.1 failed: TLS took too long',
      })
      await relay.close()
      await silent.close()
    },
  )

  it('a slow provider is given up when the whole sign-in has taken too long', async () => {
    const { relay } = await stage(async (client) => client.gone(), { limits: { wholeLoginSeconds: 0.3 } })
    await expect(relay.verify(me)).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: 'The sign-in at 127.0.0.1 took too long',
    })
  })
})
