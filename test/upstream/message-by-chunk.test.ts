import { setTimeout as oneMoment } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ehlo, expectLine, signsIn, takesEnvelope, takesMessage } from '../support/provider-scripts.ts'
import { me } from '../support/relay-stage.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, mail, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()
const chunking = [...ehlo, 'CHUNKING']

async function takesChunk(client: Client, octets: number): Promise<Buffer> {
  await takesEnvelope(client)
  expectLine(await client.line(), new RegExp(`^BDAT ${octets} LAST$`))
  return client.octets(octets)
}

describe('a message by BDAT', () => {
  it.each([
    ['plain', 'Subject: hi\r\n\r\nhello\r\n', 'Subject: hi\r\n\r\nhello\r\n'],
    ['dots', '..\r\n...\r\na..\r\n..b\r\n', '.\r\n..\r\na..\r\n.b\r\n'],
    ['nothing', '', ''],
    ['octets beyond ASCII', '\xe9\xff\r\n', '\xe9\xff\r\n'],
    ['64 KiB exactly', `${'x'.repeat(65_534)}\r\n`, `${'x'.repeat(65_534)}\r\n`],
  ])('a message leaves as one chunk without dot-stuffing: %s', async (_, text, expected) => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client, chunking)
      expectLine((await takesChunk(client, expected.length)).toString('latin1'), /^/)
      client.say('250 2.6.0 Queued')
      await client.gone()
    })
    const transaction = await begin(relay)
    expect(await transaction.send(message(text))).toEqual({ code: 250, lines: ['2.6.0 Queued'] })
    const sent = provider.heard[0]?.split(/RCPT TO:\S+\r\n/)[1]
    expect(sent === `BDAT ${expected.length} LAST\r\n${expected}`).toBe(true)
  })

  it('a message is one chunk however many pieces it comes in', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client, chunking)
      await takesChunk(client, 8)
      client.say('250 2.6.0 Queued')
      await client.gone()
    })
    const transaction = await begin(relay)
    expect(await transaction.send(message('on', 'e\r\n.', '.', '\r', '\n'))).toMatchObject({ code: 250 })
    expect(provider.heard[0]).toMatch(/\r\nBDAT 8 LAST\r\none\r\n\.\r\n$/)
  })

  it('a message leaves when every recipient has been answered, and serves those that were accepted', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client, chunking)
      for (const refused of ['550 5.1.1 No such user', '452 4.2.2 Full']) {
        await client.linesUntil(/^RCPT TO:<b@/)
        client.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
        // A server that refuses a recipient and has the chunk already might read it as commands.
        await oneMoment(20)
        client.say(refused)
        expectLine(await client.line(), /^BDAT 6 LAST$/)
        expectLine((await client.octets(6)).toString(), /^DATA\r\n$/)
        client.say('250 2.6.0 Queued')
      }
      await client.gone()
    })
    for (const code of [550, 452]) {
      const { replies, transaction } = await relay.begin(
        me,
        mail,
        to('a@example.com', 'b@example.com'),
        'printer',
      )
      expect(replies.map((reply) => reply.code)).toEqual([250, code])
      expect(await transaction?.send(message('DATA\r\n'))).toMatchObject({ code: 250 })
    }
    expect(provider.heard).toHaveLength(1)
  })

  it('a yes that was there before the message had left is not taken for the final one', async () => {
    let sayYes = () => {}
    const saidYes = new Promise<void>((resolve) => {
      sayYes = resolve
    })
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client, chunking)
      await takesEnvelope(client)
      await asked
      // What was said before has left by then, so that this leaves at once: it has arrived, and has not been read.
      await oneMoment(10)
      client.say('250 2.6.0 Queued')
      sayYes()
      await client.gone()
    })
    let ask = () => {}
    const asked = new Promise<void>((resolve) => {
      ask = resolve
    })
    async function* source() {
      yield Buffer.from('secret\r\n')
      ask()
      await saidYes
    }
    const transaction = await begin(relay)
    await expect(transaction.send(source())).rejects.toMatchObject({ code: 'provider-unavailable' })
    expect(provider.heard[0]).not.toContain('secret')
  })

  it('a message leaves by DATA when it is larger', async () => {
    const text = `${'x'.repeat(65_535)}\r\n`
    let arrived: string | undefined
    const { relay } = await stage(async (client) => {
      await signsIn(client, chunking)
      arrived = await takesMessage(client)
      await client.gone()
    })
    expect(await (await begin(relay)).send(message(text))).toMatchObject({ code: 250 })
    expect(arrived === text).toBe(true)
  })

  it.each(['550 5.7.1 Looks like spam', '452 4.2.2 Full'])(
    'the refusal is the answer, and the connection serves on: %s',
    async (refusal) => {
      const { relay, provider } = await stage(async (client) => {
        await signsIn(client, chunking)
        await takesChunk(client, 3)
        client.say(refusal)
        expectLine(await client.line(), /^RSET$/)
        client.say('250 2.0.0 OK')
        await takesChunk(client, 3)
        client.say('250 2.6.0 Queued')
        await client.gone()
      })
      expect(await (await begin(relay)).send(message('a\r\n'))).toMatchObject({
        code: Number(refusal.slice(0, 3)),
      })
      expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
      expect(provider.heard).toHaveLength(1)
    },
  )

  it('a message leaves by DATA where CHUNKING is off, whatever is offered', async () => {
    let arrived: string | undefined
    const { relay } = await stage(
      async (client) => {
        await signsIn(client, chunking)
        arrived = await takesMessage(client)
        await client.gone()
      },
      { provider: { chunking: 'off' } },
    )
    expect(await (await begin(relay)).send(message('..\r\n'))).toMatchObject({ code: 250 })
    expect(arrived).toBe('..\r\n')
  })

  it('a message has no known outcome when the provider goes', async () => {
    const { relay } = await stage(async (client) => {
      await signsIn(client, chunking)
      await takesChunk(client, 3)
      client.hangUp()
    })
    await expect((await begin(relay)).send(message('a\r\n'))).rejects.toMatchObject({
      code: 'outcome-unknown',
    })
  })
})

describe('a provider that offers CHUNKING and turns a chunk away', () => {
  /** BDAT is refused on the first connection; what leaves on each later one, and whether by BDAT. */
  function turnsAway(refusal: string, ways: string[]) {
    return stage(async (client, connection) => {
      await signsIn(client, chunking)
      for (;;) {
        await takesEnvelope(client)
        const [way = '', octets] = (await client.line()).split(' ')
        ways.push(way)
        if (way === 'DATA') {
          client.say('354 Go ahead')
          await client.linesUntil(/^\.$/)
        } else if (connection > 0) {
          await client.octets(Number(octets))
        } else {
          // A server that does not know BDAT reads the chunk as commands and refuses each line of it.
          client.say(refusal, '500 5.5.1 What?')
          return void (await client.gone())
        }
        client.say('250 2.6.0 Queued')
      }
    })
  }

  it.each([
    ['500 5.5.1 What?', 'DATA'],
    ['502 5.5.1 Not here', 'DATA'],
    ['501 5.5.4 Not like this', 'BDAT'],
    ['503 5.5.1 Out of order', 'BDAT'],
    ['504 5.5.4 Not with LAST', 'BDAT'],
  ])(
    'the provider gets DATA from the next message on, and an hour after %s again %s',
    async (refusal, later) => {
      const ways: string[] = []
      const { relay, clock, provider } = await turnsAway(refusal, ways)
      const refused = (await begin(relay)).send(message('a\r\n'))
      await expect(refused).rejects.toMatchObject({ code: 'provider-unavailable' })
      expect(await (await begin(relay)).send(message('a\r\n'))).toMatchObject({ code: 250 })
      clock.advance(3600)
      expect(await (await begin(relay)).send(message('a\r\n'))).toMatchObject({ code: 250 })
      expect(ways).toEqual(['BDAT', 'DATA', later])
      expect(provider.heard[0]?.match(/^BDAT/gm)).toHaveLength(1)
    },
  )

  it('postern itself never sends the message a second time, not even where a line of it said DATA', async () => {
    const ways: string[] = []
    const { relay, provider } = await turnsAway('500 5.5.1 What?', ways)
    const refused = (await begin(relay)).send(message('DATA\r\nhello\r\n'))
    await expect(refused).rejects.toMatchObject({ code: 'provider-unavailable' })
    expect(provider.heard).toHaveLength(1)
    expect(ways).toEqual(['BDAT'])
  })
})
