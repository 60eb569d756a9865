import { describe, expect, it } from 'vitest'
import { keyed } from '../../src/model/address.ts'
import { eventually } from '../support/eventually.ts'
import { ehlo, expectLine, greets, signsIn, takesMessage } from '../support/provider-scripts.ts'
import { mailbox, me } from '../support/relay-stage.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, line, mail, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

/** Signs in and takes messages until the client says QUIT. Returns them. */
async function serves(client: Client, messages: string[]): Promise<void> {
  await signsIn(client)
  for (;;) {
    const first = await client.line()
    if (first === 'QUIT') {
      client.say('221 2.0.0 Goodbye')
      return client.hangUp()
    }
    await client.line()
    client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
    expectLine(await client.line(), /^DATA$/)
    client.say('354 Go ahead')
    const lines = await client.linesUntil(/^\.$/)
    messages.push(lines.slice(0, -1).join('\n'))
    client.say('250 2.0.0 Queued')
  }
}

describe('the pool', () => {
  it('the pool opens one connection however many ask at once', async () => {
    const { relay, asked, provider } = await stage((client) => serves(client, []), {
      provider: { limits: { connections: 2 } },
    })
    await Promise.all(Array.from({ length: 50 }, () => relay.verify(me)))
    expect(asked).toEqual(['token'])
    expect(provider.heard).toHaveLength(1)
  })

  it('the pool takes 20 transactions at once over two connections, in order, and loses none', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages), {
      provider: { limits: { connections: 2 } },
    })
    const done: number[] = []
    const sendOne = async (number: number) => {
      const transaction = await begin(relay)
      expect(await transaction.send(message(`message ${number}\r\n`))).toMatchObject({ code: 250 })
      done.push(number)
    }
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    await Promise.all(numbers.map(sendOne))
    expect([...messages].sort()).toEqual(numbers.map((number) => `message ${number}`).sort())
    expect(provider.heard).toHaveLength(2)
    // Two at a time: nobody is overtaken by more than the neighbour on the other connection.
    for (const [place, number] of done.entries()) expect(Math.abs(place - number)).toBeLessThanOrEqual(2)
  })

  it('the pool makes one that waits too long for a busy connection try again later', async () => {
    const { relay } = await stage((client) => serves(client, []), { limits: { leaseWaitSeconds: 0.3 } })
    const first = await begin(relay)
    await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached', fix: expect.any(String) })
    expect(await first.send(message('a\r\n'))).toMatchObject({ code: 250 })
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
  })

  it('the pool lets whoever waits have the connection that the first one gives back', async () => {
    const { relay, provider } = await stage((client) => serves(client, []))
    const first = await begin(relay)
    const second = begin(relay)
    await first.send(message('a\r\n'))
    expect(await (await second).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
  })

  it('the pool opens a new connection for whoever waits when the one in use is destroyed', async () => {
    const { relay, provider } = await stage((client) => serves(client, []))
    const first = await begin(relay)
    const second = begin(relay)
    async function* cutOff() {
      for (let piece = 0; piece < 1000; piece += 1) yield Buffer.from(line)
      throw new RangeError('the client has gone')
    }
    await expect(first.send(cutOff())).rejects.toThrow(RangeError)
    expect(await (await second).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })

  it('the pool ends a connection with QUIT after as many messages as the provider likes', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages), {
      provider: { limits: { connections: 1, messagesPerConnection: 2 } },
    })
    for (const text of ['a', 'b', 'c']) await (await begin(relay)).send(message(`${text}\r\n`))
    expect(messages).toEqual(['a', 'b', 'c'])
    expect(provider.heard).toHaveLength(2)
    expect(provider.heard[0]).toMatch(/QUIT\r\n$/)
  })

  it('the pool ends an idle connection with QUIT', async () => {
    const { relay, provider } = await stage((client) => serves(client, []), {
      limits: { upstreamIdleSeconds: 0.2 },
    })
    await relay.verify(me)
    await eventually('QUIT', () => provider.heard[0]?.endsWith('QUIT\r\n'))
    await relay.verify(me)
    expect(provider.heard).toHaveLength(2)
  })

  it('the pool keeps serving by the one connection when the provider allows no second', async () => {
    const messages: string[] = []
    const { relay } = await stage(
      async (client, connection) => {
        if (connection === 0) return serves(client, messages)
        client.say('421 4.3.2 Concurrent connections limit exceeded')
        client.hangUp()
      },
      { provider: { limits: { connections: 2 } } },
    )
    const texts = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(
      texts.map(async (text) => {
        const transaction = await begin(relay)
        await transaction.send(message(`${text}\r\n`))
      }),
    )
    expect(messages.sort()).toEqual(texts)
  })
})

describe('a provider that closes right behind its yes to the sign-in', () => {
  it('the provider is asked once, not again and again', async () => {
    const { relay, provider } = await stage(async (client) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      client.say('235 2.7.0 Accepted', '421 4.3.2 Concurrent connections limit exceeded')
      client.hangUp()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
    expect(provider.heard).toHaveLength(1)
  })
})

describe('a warm connection', () => {
  const deaths: [string, (client: Client) => Promise<void>][] = [
    [
      'said 421 and closed while it was idle',
      async (client) => {
        client.say('421 4.4.2 Idle for too long')
        client.hangUp()
      },
    ],
    ['closed while it was idle', async (client) => client.hangUp()],
    [
      'was closed when the next MAIL came',
      async (client) => {
        await client.line()
        client.hangUp()
      },
    ],
    [
      'answered the next MAIL with its goodbye',
      async (client) => {
        await client.line()
        client.say('421 4.4.2 Idle for too long')
        client.hangUp()
      },
    ],
    [
      'has forgotten the sign-in',
      async (client) => {
        await client.line()
        await client.line()
        client.say('530 5.7.57 Client was not authenticated', '503 5.5.1 MAIL first')
        await client.gone()
      },
    ],
  ]

  it.each(deaths)('a warm connection that %s is replaced unseen', async (_, dies) => {
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) return serves(client, [])
      await signsIn(client)
      await takesMessage(client)
      await dies(client)
    })
    expect(await (await begin(relay)).send(message('a\r\n'))).toMatchObject({ code: 250 })
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })

  it('a warm connection that sent something that nobody had asked for is replaced unseen', async () => {
    let left = false
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) return serves(client, [])
      await signsIn(client)
      await takesMessage(client)
      client.say('250 2.0.0 And another thing')
      await client.gone()
      left = true
    })
    expect(await (await begin(relay)).send(message('a\r\n'))).toMatchObject({ code: 250 })
    await eventually('the end of that connection', () => left)
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })

  it('a warm connection is proof enough: nothing is asked of anybody', async () => {
    const { relay, asked } = await stage((client) => serves(client, []))
    await relay.verify(me)
    const transaction = await begin(relay)
    await relay.verify(me)
    await transaction.send(message('a\r\n'))
    await relay.verify(me)
    expect(asked).toEqual(['token'])
  })

  it('a warm connection is given up after a change of the grant, but not in the middle of a transaction', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages), {
      provider: { limits: { connections: 2 } },
    })
    const transaction = await begin(relay)
    relay.drain(mailbox)
    await relay.verify(me)
    expect(provider.heard).toHaveLength(2)
    expect(await transaction.send(message('a\r\n'))).toMatchObject({ code: 250 })
    await eventually('QUIT', () => provider.heard[0]?.endsWith('QUIT\r\n'))
    relay.drain(mailbox)
    await eventually('QUIT', () => provider.heard[1]?.endsWith('QUIT\r\n'))
  })

  it('a warm connection does not come from a sign-in that began before the grant changed', async () => {
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) return serves(client, [])
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      go()
      await client.gone()
    })
    const verified = relay.verify(me)
    await held
    relay.drain(mailbox)
    await verified
    expect(provider.heard).toHaveLength(2)
  })
})

describe('closing the relay', () => {
  it('the relay says QUIT on idle connections, and waits for transactions', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages))
    const transaction = await begin(relay)
    let closed = false
    const closing = relay.close().then(() => {
      closed = true
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
    await expect(relay.begin(me, mail, to('b@example.com'), 'printer')).rejects.toMatchObject({
      code: 'provider-unavailable',
    })
    expect(closed).toBe(false)
    expect(await transaction.send(message('a\r\n'))).toMatchObject({ code: 250 })
    await closing
    expect(messages).toEqual(['a'])
    expect(provider.heard).toHaveLength(1)
    expect(provider.heard[0]).toMatch(/QUIT\r\n$/)
  })

  it('the relay does not wait for a provider that stays silent in a transaction', async () => {
    const { relay, provider } = await stage((client) => serves(client, []))
    await begin(relay)
    await relay.close()
    expect(provider.heard[0]).not.toMatch(/QUIT/)
  })

  it('the relay refuses those who wait', async () => {
    const { relay } = await stage((client) => serves(client, []))
    const transaction = await begin(relay)
    const waiting = expect(begin(relay)).rejects.toMatchObject({ code: 'provider-unavailable' })
    // The one that waits takes its place in the line only after it has looked up its mailbox.
    await new Promise((resolve) => setImmediate(resolve))
    const closing = relay.close()
    await waiting
    await transaction.send(message('a\r\n'))
    await closing
  })

  it('the relay does not wait for a sign-in under way', async () => {
    const { relay } = await stage(async (client) => client.gone())
    const waiting = expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-unavailable' })
    await new Promise((resolve) => setImmediate(resolve))
    await relay.close()
    await waiting
  })
})

describe('an unknown mailbox', () => {
  it('an unknown mailbox is not found', async () => {
    const { relay } = await stage((client) => serves(client, []))
    await expect(relay.verify(keyed('nobody@example.com'))).rejects.toMatchObject({ code: 'not-found' })
    relay.drain('nobody@example.com')
  })
})
