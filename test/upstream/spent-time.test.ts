import { expect, it } from 'vitest'
import { keyed } from '../../src/model/address.ts'
import type { Spent, WaitingClient } from '../../src/upstream/relay.ts'
import { eventually } from '../support/eventually.ts'
import { expectLine, signsIn } from '../support/provider-scripts.ts'
import { mailbox } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { line, mail, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

/** A client, and where its transaction's time goes. */
function client(): WaitingClient & { spent: Spent } {
  const spent = { provider: '', waiting: 0, atProvider: 0 }
  return { source: '192.0.2.7', inGroups: false, gone: new AbortController().signal, spent }
}

it('counts what the provider takes for its replies, and not what the client takes for its message', async () => {
  const { relay, clock } = await stage(async (provider) => {
    await signsIn(provider)
    expectLine(await provider.line(), /^MAIL FROM:/)
    expectLine(await provider.line(), /^RCPT TO:/)
    clock.advance(2)
    provider.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
    expectLine(await provider.line(), /^RCPT TO:/)
    clock.advance(1)
    provider.say('550 5.1.1 No such person')
    expectLine(await provider.line(), /^DATA$/)
    clock.advance(3)
    provider.say('354 Go ahead')
    await provider.linesUntil(/^\.$/)
    clock.advance(5)
    provider.say('250 2.0.0 Queued')
    await provider.gone()
  })
  async function* drips() {
    for (let piece = 0; piece < 3; piece += 1) {
      clock.advance(60)
      yield Buffer.from(line.repeat(500))
    }
  }
  const sender = client()
  const { transaction } = await relay.begin(keyed(mailbox), mail, to('a@example.com'), 'printer', sender)
  clock.advance(30)
  await transaction?.recipients(to('b@example.com'))
  await transaction?.send(drips())
  expect(sender.spent).toEqual({ provider: 'custom', waiting: 0, atProvider: (2 + 1 + 3 + 5) * 1000 })
})

it('counts the time until there is a connection, also for a client that gets none', async () => {
  const { relay, clock } = await stage(async (provider) => {
    await signsIn(provider)
    for (;;) {
      const said = await provider.line()
      if (said.startsWith('RCPT')) provider.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
      if (said === 'RSET') provider.say('250 2.0.0 Forgotten')
    }
  })
  const [first, second, third] = [client(), client(), client()]
  const begin = (who: WaitingClient) => relay.begin(keyed(mailbox), mail, to('a@example.com'), 'printer', who)
  const held = await begin(first)
  const waiting = begin(second)
  const leaving = new AbortController()
  const givenUp = begin({ ...third, gone: leaving.signal })
  givenUp.catch(() => {})
  await eventually('both wait', async () => (await relay.state(mailbox)).waiting === 2)
  clock.advance(4)
  leaving.abort()
  await expect(givenUp).rejects.toMatchObject({ code: 'invalid' })
  clock.advance(3)
  await held.transaction?.reset()
  await (await waiting).transaction?.reset()
  expect(first.spent).toEqual({ provider: 'custom', waiting: 0, atProvider: 0 })
  expect(second.spent).toEqual({ provider: 'custom', waiting: 7000, atProvider: 0 })
  expect(third.spent).toEqual({ provider: 'custom', waiting: 4000, atProvider: 0 })
})
