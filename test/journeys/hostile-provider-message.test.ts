import { expect } from 'vitest'
import { answers, type HostileRow, playHostileRows } from '../support/hostile-rows.ts'
import { serves, signal, signsIn } from '../support/hostile-scripts.ts'
import type { Submission } from '../support/mail-session.ts'
import { expectLine, takesData, takesEnvelope } from '../support/provider-scripts.ts'
import type { Script } from '../support/scripted-provider.ts'

/** A message that leaves by DATA and streams: its second half when `released`. */
function inHalves(released: Promise<void>): Submission {
  const half = 'x'.repeat(70).concat('\r\n').repeat(1500)
  return { pieces: [half, released.then(() => half)] }
}

function inTheEnvelope(): HostileRow[] {
  const unasked = signal()
  const behind = signal()
  return trusted([
    {
      what: 'says something between recipients',
      async script(client) {
        await signsIn(client, ['8BITMIME', 'AUTH XOAUTH2'])
        await client.line()
        client.say('250 2.1.0 Sender fine')
        await client.line()
        client.say('250 2.1.5 Recipient fine')
        await quiet()
        client.say('250 2.1.5 Another one fine')
        await client.gone()
        unasked.send()
      },
      submission: { before: { 'second RCPT': () => unasked.sent } },
      answered: { RCPT: '250 2.1.5 Recipient fine', 'second RCPT': expect.stringMatching(/^451 4\.4\.1 /) },
    },
    {
      what: 'says yes before it has been given the message',
      async script(client) {
        await signsIn(client)
        await takesEnvelope(client)
        await quiet()
        client.say('250 2.0.0 Queued')
        await client.gone()
        behind.send()
      },
      submission: { before: { DATA: () => behind.sent } },
      answered: answers.retryMessage,
    },
    {
      what: 'asks for more in answer to RCPT',
      async script(client) {
        await signsIn(client)
        await client.linesUntil(/^RCPT/)
        client.say('250 2.1.0 Sender fine', '354 Go ahead')
        await client.gone()
      },
      answered: answers.retryRecipient,
    },
    {
      what: 'hangs at RSET',
      async script(client, connection) {
        if (connection > 0) return serves(client)
        await signsIn(client)
        await takesEnvelope(client)
        expectLine(await client.line(), /^RSET$/)
        await client.gone()
      },
      submission: { reset: true },
      answered: { RSET: '250 2.0.0 OK', ...answers.sent },
    },
  ])
}

/** They come so far that the provider hears the access token. */
function trusted(rows: HostileRow[]): HostileRow[] {
  return rows.map((row) => ({ ...row, trusted: true }))
}

/** Until what was said before has left and been read. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 100))

function inTheMessage(): HostileRow[] {
  const [yes, no, later] = [signal(), signal(), signal()]
  const early = (reply: string, said: () => void): Script => {
    return async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      await client.line()
      client.say('354 Go ahead')
      await client.octets(1000)
      client.say(reply)
      await client.gone()
      said()
    }
  }
  const answersData = (...lines: string[]): Script => {
    return async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      await client.line()
      client.say(...lines)
      await client.gone()
    }
  }
  const answersEnd = (...lines: string[]): Script => {
    return async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      await takesData(client, lines.join('\r\n'))
      await client.gone()
    }
  }
  return trusted([
    {
      what: 'says yes in the middle of the message',
      script: early('250 2.0.0 Queued', yes.send),
      submission: inHalves(yes.sent),
      answered: answers.nobodyKnows,
    },
    {
      what: 'says no in the middle of the message',
      script: early('552 5.3.4 Too much', no.send),
      submission: inHalves(no.sent),
      answered: { message: '552 5.3.4 Too much' },
    },
    {
      what: 'says later in the middle of the message',
      script: early('452 4.3.1 Disk full', later.send),
      submission: inHalves(later.sent),
      answered: { message: '452 4.3.1 Disk full' },
    },
    {
      what: 'says 354 and 250',
      script: answersData('354 Go ahead', '250 2.0.0 Queued'),
      answered: answers.retryMessage,
    },
    {
      what: 'says 354 and 451',
      script: answersData('354 Go ahead', '451 4.3.0 No'),
      answered: answers.retryMessage,
    },
    {
      what: 'says 354 twice',
      script: answersData('354 Go ahead', '354 Go on'),
      answered: answers.retryMessage,
    },
    { what: 'says 250 to DATA', script: answersData('250 2.0.0 OK'), answered: answers.retryMessage },
    {
      what: 'says yes and no to the end of the message',
      script: answersEnd('250 2.0.0 Queued', '554 5.6.0 or rather not'),
      answered: answers.nobodyKnows,
    },
    {
      what: 'says 354 to the end of the message',
      script: answersEnd('354 More'),
      answered: answers.nobodyKnows,
    },
    {
      what: 'says 421 to the end of the message',
      script: answersEnd('421 4.3.2 Going'),
      answered: { message: '451 4.3.2 Going' },
    },
  ])
}

playHostileRows([...inTheEnvelope(), ...inTheMessage()], { upstreamReplySeconds: 2 })
