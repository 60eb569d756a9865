import { describe, expect, it } from 'vitest'
import { createConnect } from '../../src/net/connect.ts'
import { createAuthority } from '../support/certificates.ts'
import { ehlo, expectLine, greets, saysGoodbye, signsIn } from '../support/provider-scripts.ts'
import { createRelayStage, mailbox, me } from '../support/relay-stage.ts'
import { type Client, type Script, startScriptedProvider } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'

const stage = useScriptedStage()

/** Two machines of one name. */
const [first, second] = ['127.0.0.1', '127.0.0.2']

/** Ways in which one machine of a provider turns everybody away. */
const refusals: [string, (client: Client) => Promise<void>][] = [
  [
    'a banner of 554',
    async (client) => {
      client.say('554 5.3.2 Not today')
      client.hangUp()
    },
  ],
  [
    'no mechanism for tokens',
    async (client) => {
      await greets(client, [...ehlo, 'AUTH LOGIN PLAIN'])
      await saysGoodbye(client)
    },
  ],
  [
    'a refused token',
    async (client) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      client.say('535 5.7.3 Authentication unsuccessful')
      await saysGoodbye(client)
    },
  ],
  [
    'a policy',
    async (client) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      client.say('535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled')
      await saysGoodbye(client)
    },
  ],
]

async function serves(client: Client): Promise<void> {
  await signsIn(client)
  await client.gone()
}

/** Refuses as long as `state.refusing`. */
function refusingWhile(state: { refusing: boolean }, refuse: (client: Client) => Promise<void>): Script {
  return (client) => (state.refusing ? refuse(client) : serves(client))
}

describe.each(refusals)('%s', (_, refuse) => {
  it('the client does not notice one bad machine', async () => {
    const { relay, provider } = await stage((client, connection) =>
      connection === 0 ? refuse(client) : serves(client),
    )
    await relay.verify(me)
    expect(provider.heard).toHaveLength(2)
    expect((await relay.state(mailbox)).pauses).toEqual([])
  })

  it('the client does not notice one bad machine when the way there was in trouble just before', async () => {
    const { relay } = await stage(async (client, connection) => {
      if (connection === 0) return client.hangUp()
      await (connection === 1 ? refuse(client) : serves(client))
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
    await relay.verify(me)
  })

  it('the trouble is over ten seconds after the provider is back, however long it lasted', async () => {
    for (const outage of [30, 110, 900]) {
      const state = { refusing: true }
      const { relay, clock, provider } = await stage(refusingWhile(state, refuse))
      for (let second = 0; second < outage; second += 5) {
        await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
        clock.advance(5)
      }
      expect(provider.heard.length).toBeLessThanOrEqual(outage / 5 + 1)
      state.refusing = false
      const signedIn = () =>
        relay.verify(me).then(
          () => true,
          () => false,
        )
      let seconds = 0
      while (!(await signedIn()) && seconds < 60) {
        clock.advance(1)
        seconds += 1
      }
      expect(seconds).toBeLessThanOrEqual(10)
    }
  })

  it('trouble that lasts costs the provider no more than a connection every few seconds, however many ask', async () => {
    const { relay, clock, provider } = await stage(refusingWhile({ refusing: true }, refuse))
    for (let half = 0; half < 120; half += 1) {
      const asking = [1, 2, 3].map(() => relay.verify(me))
      for (const { status } of await Promise.allSettled(asking)) expect(status).toBe('rejected')
      clock.advance(0.5)
    }
    expect(provider.heard.length).toBeLessThanOrEqual(60 / 5 + 1)
  })
})

describe('a provider that is away', () => {
  it('a provider that is away is tried again within ten seconds of its return', async () => {
    const state = { refusing: true }
    const away = async (client: Client) => {
      client.say('421 4.3.2 Service not active')
      client.hangUp()
    }
    const { relay, clock } = await stage(refusingWhile(state, away))
    for (let second = 0; second < 300; second += 3) {
      await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
      clock.advance(3)
    }
    state.refusing = false
    clock.advance(8)
    await relay.verify(me)
  })
})

describe('a token that the provider refuses', () => {
  it('a refused token is tried once more on another machine when no fresh one can be had', async () => {
    const { relay, provider, asked } = await stage(async (client, connection) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      expectLine(await client.line(), /^AUTH XOAUTH2 /)
      client.say(connection === 0 ? '535 5.7.8 No' : '235 2.7.0 Accepted')
      await client.gone()
    })
    await relay.verify(me)
    expect(asked).toEqual(['token', 'fresh'])
    expect(provider.heard).toHaveLength(2)
  })
})

it('the other addresses of the name are tried first after one has refused, also when both had been bad', async () => {
  const authority = await createAuthority()
  const certificate = await authority.issue({ names: ['submission.localhost'] })
  const bad = new Set([first, second])
  const turns: string[] = []
  const script =
    (address: string): Script =>
    async (client) => {
      turns.push(address)
      if (!bad.has(address)) return serves(client)
      client.say('554 5.3.2 Not today')
      client.hangUp()
    }
  const one = await startScriptedProvider({ tls: 'implicit', certificate }, script(first), { address: first })
  const other = await startScriptedProvider({ tls: 'implicit', certificate }, script(second), {
    address: second,
    port: one.port,
  })
  const found = [first, second].map((address) => ({ address, family: 4 as const }))
  const { relay, clock } = createRelayStage({
    port: one.port,
    tls: 'implicit',
    ca: authority.ca,
    host: 'submission.localhost',
    connect: createConnect({ names: { resolve: async () => found } }),
  })
  try {
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    expect(turns).toEqual([first, second])
    bad.delete(second)
    for (let look = 0; look < 2 && (await relay.state(mailbox)).connections.open === 0; look += 1) {
      clock.advance(8)
      await relay.verify(me).catch(() => {})
    }
    expect(turns.at(-1)).toBe(second)
    await relay.verify(me)
  } finally {
    await relay.close()
    await one.close()
    await other.close()
  }
})
