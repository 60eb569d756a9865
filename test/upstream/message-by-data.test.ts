import { describe, expect, it } from 'vitest'
import { expectLine, signsIn, takesEnvelope, takesMessage } from '../support/provider-scripts.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, line, message } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

async function toData(client: Client): Promise<void> {
  await signsIn(client)
  await takesEnvelope(client)
  expectLine(await client.line(), /^DATA$/)
}

describe('a message by DATA', () => {
  it.each([
    ['nothing', []],
    ['dots', ['Subject: hi\r\n\r\n..\r\n..a\r\n', 'b.\r\n']],
    ['octets beyond ASCII', ['\xe9\xff\x80 \x01\r\n']],
    ['a line longer than any limit', [`${'x'.repeat(5000)}\r\n`]],
    ['64 KiB exactly', [`${'x'.repeat(65_534)}\r\n`]],
    ['one octet more than 64 KiB', [`${'x'.repeat(65_535)}\r\n`]],
    [
      'a megabyte in pieces that break everywhere',
      (line.repeat(15_000).match(/.{1,997}/gs) ?? []) as string[],
    ],
  ])('a message arrives octet for octet: %s', async (_, pieces) => {
    let arrived: string | undefined
    const { relay } = await stage(async (client) => {
      await signsIn(client)
      arrived = await takesMessage(client, '250 2.0.0 Queued as 4711')
      await client.gone()
    })
    const transaction = await begin(relay)
    const reply = await transaction.send(message(...pieces))
    expect(reply).toEqual({ code: 250, lines: ['2.0.0 Queued as 4711'] })
    expect(arrived === pieces.join('')).toBe(true)
  })

  it('a message streams: a slow provider holds the source back', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { relay } = await stage(async (client) => {
      await toData(client)
      client.pause()
      client.say('354 Go ahead')
      await held
      client.resume()
      await client.linesUntil(/^\.$/)
      client.say('250 2.0.0 Queued')
      await client.gone()
    })
    let taken = 0
    async function* source() {
      for (; taken < 1000; taken += 1) yield Buffer.from(line.repeat(900))
    }
    const sent = (await begin(relay)).send(source())
    // Unheld, all of it would be taken long before a timer fires.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(500)
    release()
    expect(await sent).toMatchObject({ code: 250 })
    expect(taken).toBe(1000)
  })

  it.each([
    ['552 5.3.4 Too big', 552],
    ['452 4.3.1 No room', 452],
  ])('the refusal of DATA is the answer, and the connection serves on: %s', async (refusal, code) => {
    const { relay, provider } = await stage(async (client) => {
      await toData(client)
      client.say(refusal)
      expectLine(await client.line(), /^RSET$/)
      client.say('250 2.0.0 OK')
      await takesMessage(client)
      await client.gone()
    })
    const transaction = await begin(relay)
    expect(await transaction.send(message('secret\r\n'))).toMatchObject({ code })
    const next = await begin(relay)
    expect(await next.send(message('hi\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
    expect(provider.heard[0]).not.toContain('secret')
  })

  it('the final refusal is the answer, and the connection serves on', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await takesMessage(client, '554 5.6.0 Not like that')
      await takesMessage(client)
      await client.gone()
    })
    const transaction = await begin(relay)
    expect(await transaction.send(message('a\r\n'))).toEqual({ code: 554, lines: ['5.6.0 Not like that'] })
    expect(await (await begin(relay)).send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
  })
})
