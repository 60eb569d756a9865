import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Relay } from '../../src/upstream/relay.ts'
import { eventually } from '../support/eventually.ts'
import { expectLine, signsIn } from '../support/provider-scripts.ts'
import { mailbox, me } from '../support/relay-stage.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { mail, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

/** Signs in and takes messages; whose MAIL came without one is written down. */
async function serves(client: Client, messages: string[]): Promise<void> {
  await signsIn(client)
  for (;;) {
    const first = await client.line()
    if (first === 'RSET') {
      client.say('250 2.0.0 Fine')
      continue
    }
    if (first === 'QUIT') return client.hangUp()
    expectLine(first, /^MAIL FROM:/)
    await client.line()
    client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
    const next = await client.line()
    if (next === 'RSET') {
      client.say('250 2.0.0 Fine')
      continue
    }
    client.say('354 Go ahead')
    const lines = await client.linesUntil(/^\.$/)
    messages.push(lines.slice(0, -1).join('\n'))
    client.say('250 2.0.0 Queued')
  }
}

function mails(provider: { heard: readonly string[] }): number {
  return provider.heard.join('').split('MAIL FROM').length - 1
}

function waitingClient(source = '192.0.2.7') {
  const leaving = new AbortController()
  return { client: { source, inGroups: false, gone: leaving.signal }, leaving }
}

describe('a client that goes while it waits', () => {
  const limits = { connections: 1, messagesPerMinute: 30 }

  it('a client that goes leaves the line, and neither the provider nor the rate hear of it', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages), { provider: { limits } })
    const first = await relay.begin(me, mail, to('a@example.com'), 'printer')
    const { client, leaving } = waitingClient()
    const waiting = relay.begin(me, mail, to('dead@example.com'), 'printer', client)
    await eventually('one that waits', async () => (await relay.state(mailbox)).waiting === 1)
    leaving.abort()
    await expect(waiting).rejects.toThrow('The client has gone')
    expect((await relay.state(mailbox)).waiting).toBe(0)
    await first.transaction?.send(message('a\r\n'))
    expect(mails(provider)).toBe(1)
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(1)
  })

  it('a client that goes is seen once more before its MAIL leaves, and its connection serves the next', async () => {
    const { relay, provider } = await stage((client) => serves(client, []), { provider: { limits } })
    const first = await relay.begin(me, mail, to('a@example.com'), 'printer')
    const { client, leaving } = waitingClient()
    const waiting = relay.begin(me, mail, to('dead@example.com'), 'printer', client)
    await eventually('one that waits', async () => (await relay.state(mailbox)).waiting === 1)
    await first.transaction?.send(message('a\r\n'))
    // The connection is its own by now, in this turn of the event loop.
    expect(await relay.state(mailbox)).toMatchObject({ waiting: 0, connections: { inUse: 1 } })
    leaving.abort()
    await expect(waiting).rejects.toThrow('The client has gone')
    const next = await relay.begin(me, mail, to('b@example.com'), 'printer')
    expect(await next.transaction?.send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(mails(provider)).toBe(2)
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(2)
    expect(provider.heard).toHaveLength(1)
  })
})

it('nothing leaves for a client that has gone before it came to a connection that is idle', async () => {
  const { relay, provider } = await stage((client) => serves(client, []))
  await relay.verify(me)
  const { client, leaving } = waitingClient()
  leaving.abort()
  const begun = relay.begin(me, mail, to('dead@example.com'), 'printer', client)
  await expect(begun).rejects.toThrow('The client has gone')
  expect(mails(provider)).toBe(0)
  const next = await relay.begin(me, mail, to('a@example.com'), 'printer')
  expect(await next.transaction?.send(message('a\r\n'))).toMatchObject({ code: 250 })
  expect(provider.heard).toHaveLength(1)
})

describe('a client that goes behind its message', () => {
  it('a client that goes has its message given up before DATA, and the connection stays', async () => {
    const messages: string[] = []
    const { relay, provider } = await stage((client) => serves(client, messages))
    const { client, leaving } = waitingClient()
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer', client)
    leaving.abort()
    await expect(transaction?.send(message('dead\r\n'), leaving.signal)).rejects.toThrow(
      'The client has gone',
    )
    const next = await relay.begin(me, mail, to('a@example.com'), 'printer')
    await next.transaction?.send(message('alive\r\n'))
    expect(messages).toEqual(['alive'])
    expect(provider.heard).toHaveLength(1)
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(1)
  })

  it.each([
    ['small', 'dead\r\n'],
    ['large', `${'x'.repeat(70)}\r\n`.repeat(2000)],
  ])('a %s message that lacks only its end is given up', async (_, text) => {
    const leaving = new AbortController()
    const whole: string[] = []
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) return serves(client, whole)
      await signsIn(client)
      for (const answer of ['250 2.1.0 Fine', '250 2.1.5 Fine']) {
        await client.line()
        client.say(answer)
      }
      expectLine(await client.line(), /^DATA$/)
      leaving.abort()
      client.say('354 Go ahead')
      await client.gone()
    })
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
    await expect(transaction?.send(message(text), leaving.signal)).rejects.toThrow('The client has gone')
    expect(provider.heard[0]).not.toMatch(/^\.\r\n/m)
    const next = await relay.begin(me, mail, to('a@example.com'), 'printer')
    await next.transaction?.send(message('alive\r\n'))
    expect(whole).toEqual(['alive'])
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(1)
  })
})

describe('a wait that is known to be longer than a client waits', () => {
  const limits = { connections: 3, messagesPerMinute: 30 }

  async function fullQuarter() {
    const { relay, clock } = await stage((client) => serves(client, []), { provider: { limits } })
    for (let number = 0; number < 7; number += 1) {
      const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'bulk')
      await transaction?.send(message('a\r\n'))
    }
    return { relay, clock }
  }

  it('a long wait is answered at once, with how long it would be', async () => {
    const { relay, clock } = await fullQuarter()
    clock.advance(5)
    const { client } = waitingClient()
    await expect(relay.begin(me, mail, to('a@example.com'), 'printer', client)).rejects.toMatchObject({
      code: 'limit-reached',
      retryAfterSeconds: 10,
      told: expect.stringContaining('10 seconds'),
    })
    expect((await relay.state(mailbox)).waiting).toBe(0)
  })

  it('a long wait is borne by a mail server, and by postern itself', async () => {
    const { relay, clock } = await fullQuarter()
    const { client } = waitingClient()
    const server = relay.begin(me, mail, to('a@example.com'), 'postfix', { ...client, inGroups: true })
    const itself = relay.begin(me, mail, to('a@example.com'), 'postern')
    await eventually('two that wait', async () => (await relay.state(mailbox)).waiting === 2)
    clock.advance(15)
    for (const { transaction } of await Promise.all([server, itself])) await transaction?.reset()
  })
})

describe('24 programs at the limits of Exchange', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    [10, 1],
    [10, 10],
    [5, 3],
    [30, 3],
  ])(
    'programs that wait for %i seconds, and come again %i seconds later, each deliver once within 75 seconds',
    async (patience, pause) => {
      const limits = { connections: 3, messagesPerMinute: 30 }
      const messages: string[] = []
      const { relay, clock, provider } = await stage((client) => serves(client, messages), {
        provider: { limits },
      })
      await relay.verify(me)
      const times = new Map<number, () => void>()
      const at = (second: number, act: () => void) => {
        const before = times.get(second)
        times.set(second, () => {
          before?.()
          act()
        })
      }
      let second = 0
      const underWay = new Set<Promise<void>>()
      const delivered: string[] = []
      const comes = (name: string): void => {
        const attempt = tries(relay, name, (hangUp) => at(second + patience, hangUp)).then((isDelivered) => {
          underWay.delete(attempt)
          if (isDelivered) delivered.push(name)
          else at(second + pause, () => comes(name))
        })
        underWay.add(attempt)
      }
      for (let number = 1; number <= 24; number += 1) comes(`program ${number}`)
      for (; second < 75; second += 1) {
        await settle(async () => (await relay.state(mailbox)).connections.inUse)
        times.get(second)?.()
        times.delete(second)
        await settle(async () => (await relay.state(mailbox)).connections.inUse)
        clock.advance(1)
        vi.advanceTimersByTime(1000)
      }
      expect(delivered.length).toBe(24)
      expect(messages.sort()).toEqual(delivered.sort())
      expect(mails(provider)).toBe(24)
    },
    60_000,
  )
})

/** One try of a program: true when it was told that its message is delivered. */
async function tries(
  relay: Relay,
  name: string,
  atEndOfPatience: (hangUp: () => void) => void,
): Promise<boolean> {
  const { client, leaving } = waitingClient()
  const hungUp = new Promise<false>((resolve) => {
    atEndOfPatience(() => {
      leaving.abort()
      resolve(false)
    })
  })
  const sends = async () => {
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), name, client)
    const reply = await transaction?.send(message(`${name}\r\n`), leaving.signal)
    return reply?.code === 250
  }
  return await Promise.race([hungUp, sends().catch(() => false)])
}

/** Lets the network do all that it has to do: until nobody is served any more. */
async function settle(busy: () => Promise<number>): Promise<void> {
  let quiet = 0
  while (quiet < 20) {
    quiet = (await busy()) === 0 ? quiet + 1 : 0
    await new Promise((resolve) => setImmediate(resolve))
  }
}
