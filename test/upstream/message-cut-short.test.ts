import { describe, expect, it } from 'vitest'
import { expectLine, signsIn, takesEnvelope, takesMessage } from '../support/provider-scripts.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, line, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

async function toData(client: Client): Promise<void> {
  await signsIn(client)
  await takesEnvelope(client)
  expectLine(await client.line(), /^DATA$/)
}

describe('a message that is cut short', () => {
  it('a yes that comes before the end is not believed', async () => {
    let sayYes = () => {}
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.octets(1000)
      client.say('250 2.0.0 Queued already')
      sayYes()
      await client.gone()
    })
    const saidYes = new Promise<void>((resolve) => {
      sayYes = resolve
    })
    async function* source() {
      yield Buffer.from(line.repeat(1000))
      await saidYes
      for (let piece = 0; piece < 10_000; piece += 1) yield Buffer.from(line)
    }
    const transaction = await begin(relay)
    await expect(transaction.send(source())).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('a yes behind the 354 is not taken for the final one', async () => {
    const { relay, provider } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead', '250 2.0.0 Queued')
      await client.gone()
    })
    const transaction = await begin(relay)
    await expect(transaction.send(message('secret\r\n'))).rejects.toMatchObject({
      code: 'provider-unavailable',
    })
    expect(provider.heard[0]).not.toContain('secret')
  })

  it('a no that comes before the end is believed, and the connection left', async () => {
    let sayNo = () => {}
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) {
        await signsIn(client)
        return void (await takesMessage(client))
      }
      await toData(client)
      client.say('354 Go ahead')
      await client.octets(1000)
      client.say('552 5.3.4 Too big')
      sayNo()
      await client.gone()
    })
    const saidNo = new Promise<void>((resolve) => {
      sayNo = resolve
    })
    let finished = false
    async function* source() {
      try {
        yield Buffer.from(line.repeat(1000))
        await saidNo
        for (;;) yield Buffer.from(line)
      } finally {
        finished = true
      }
    }
    const transaction = await begin(relay)
    expect(await transaction.send(source())).toEqual({ code: 552, lines: ['5.3.4 Too big'] })
    expect(finished).toBe(true)
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })

  it('a no that comes behind the last octets, before the end, is believed', async () => {
    let left = () => {}
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.octets(line.length * 1000)
      client.say('552 5.3.4 Too big')
      await client.gone()
      left()
    })
    const hasLeft = new Promise<void>((resolve) => {
      left = resolve
    })
    async function* source() {
      yield Buffer.from(line.repeat(1000))
      await hasLeft
    }
    const transaction = await begin(relay)
    expect(await transaction.send(source())).toEqual({ code: 552, lines: ['5.3.4 Too big'] })
  })

  it('nobody hears a yes when the provider goes after the end', async () => {
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.linesUntil(/^\.$/)
      client.hangUp()
    })
    const transaction = await begin(relay)
    await expect(transaction.send(message('a\r\n'))).rejects.toMatchObject({
      code: 'outcome-unknown',
      fix: expect.any(String),
    })
  })

  it('the outcome is not known when two replies answer the end', async () => {
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.linesUntil(/^\.$/)
      client.say('250 2.0.0 Queued', '554 5.6.0 or rather not')
      await client.gone()
    })
    const transaction = await begin(relay)
    await expect(transaction.send(message('a\r\n'))).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('a yes with a goodbye behind it is believed', async () => {
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.linesUntil(/^\.$/)
      client.say('250 2.0.0 Queued', '421 4.3.2 Max message per connection reached')
      client.hangUp()
    })
    const transaction = await begin(relay)
    expect(await transaction.send(message('a\r\n'))).toMatchObject({ code: 250 })
  })

  it.each([
    ['before the 354', 'provider-unavailable', false],
    ['after the end', 'outcome-unknown', true],
  ])('a message is given up in time when the provider hangs %s', async (_, code, goesOn) => {
    const { relay } = await stage(
      async (client) => {
        await toData(client)
        if (goesOn) client.say('354 Go ahead')
        await client.gone()
      },
      { limits: { upstreamDataStartSeconds: 0.5, upstreamAfterDotSeconds: 0.5 } },
    )
    const transaction = await begin(relay)
    await expect(transaction.send(message('a\r\n'))).rejects.toMatchObject({ code })
  })

  it('a message is given up in time when the provider takes no more', async () => {
    const { relay } = await stage(
      async (client) => {
        await toData(client)
        client.pause()
        client.say('354 Go ahead')
        await client.gone()
      },
      { limits: { upstreamDataStartSeconds: 0.5 } },
    )
    async function* source() {
      for (;;) yield Buffer.from(line.repeat(900))
    }
    const transaction = await begin(relay)
    await expect(transaction.send(source())).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  async function* failingSource(pieces: number) {
    for (let piece = 0; piece < pieces; piece += 1) yield Buffer.from(line)
    throw new RangeError('the client sent a bare LF')
  }

  it('a message costs no connection when its source fails before anything has left', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      expectLine(await client.line(), /^RSET$/)
      client.say('250 2.0.0 Fine')
      await takesMessage(client)
      await client.gone()
    })
    const transaction = await begin(relay)
    await expect(transaction.send(failingSource(1))).rejects.toThrow(RangeError)
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
    expect(provider.heard[0]).not.toContain(line)
  })

  it('a message is never ended when its source fails after the beginning has left', async () => {
    const { relay, provider } = await stage(async (client, connection) => {
      if (connection > 0) {
        await signsIn(client)
        return void (await takesMessage(client))
      }
      await signsIn(client)
      await takesEnvelope(client)
      expectLine((await client.line().catch(() => 'DATA')) || '', /^DATA$/)
      client.say('354 Go ahead')
      await client.gone()
    })
    const transaction = await begin(relay)
    await expect(transaction.send(failingSource(2000))).rejects.toThrow(RangeError)
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
    expect(provider.heard[0]).not.toContain('\r\n.\r\n')
  })

  it('a message can be sent once only', async () => {
    const { relay } = await stage(async (client) => {
      await signsIn(client)
      await takesMessage(client)
      await client.gone()
    })
    const transaction = await begin(relay)
    await transaction.send(message('a\r\n'))
    await expect(transaction.send(message('a\r\n'))).rejects.toMatchObject({ code: 'internal' })
    await expect(transaction.recipients(to('b@example.com'))).rejects.toMatchObject({ code: 'internal' })
  })

  it('a message has no known outcome when postern ends before the provider has said it', async () => {
    let ended = () => {}
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.say('354 Go ahead')
      await client.linesUntil(/^\.$/)
      ended()
      await client.gone()
    })
    const atTheEnd = new Promise<void>((resolve) => {
      ended = resolve
    })
    const transaction = await begin(relay)
    const sent = expect(transaction.send(message('a\r\n'))).rejects.toMatchObject({ code: 'outcome-unknown' })
    await atTheEnd
    await relay.close()
    await sent
  })
})
