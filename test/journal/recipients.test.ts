import { describe, expect, it } from 'vitest'
import { createJournal } from '../../src/journal/create-journal.ts'
import type { KeptRecipients } from '../../src/model/journal.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { say } from '../../src/wire/reply.ts'
import { connectLineClient } from '../support/line-client.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import type { ScriptedAnswer } from '../support/recording-relay.ts'
import { openSmtpServer } from '../support/smtp-stage.ts'

const signedIn = `EHLO a\r\nAUTH PLAIN ${encodeBase64('\0me@example.com\0right')}\r\n`
const accepted = say(250, '2.1.5 OK')
const unknown = say(550, '5.1.1 <anna@customer.example>:', '5.1.1 no such user')
const annaRefused = { address: 'anna@customer.example', code: 550 }

interface Sent {
  to?: readonly string[]
  answers?: readonly ScriptedAnswer[]
  kept?: KeptRecipients
  sends?: boolean
}

/** What the journal has of a message, and all that is in its database and in the log. */
async function journalOf({
  to = ['bob@example.org', 'anna@customer.example'],
  answers = [],
  kept = 'refused',
  sends = true,
}: Sent) {
  const log = createRecordingLog()
  const store = createMemoryStore().journal
  const journal = createJournal({ store, clock: createManualClock(), log, days: 30, recipients: kept })
  const { endpoint, server, relay } = await openSmtpServer({ log: journal.log })
  const client = connectLineClient(endpoint)
  const recipients = to.map((address) => `RCPT TO:<${address}>\r\n`).join('')
  client.send(signedIn)
  for (const _ of ['greeting', 'EHLO', 'AUTH']) await client.reply()
  relay.answers.push(...answers)
  client.send(`MAIL FROM:<me@example.com>\r\n${recipients}`)
  for (let replies = 0; replies < 1 + to.length; replies += 1) await client.reply()
  client.send(sends ? 'DATA\r\n' : 'RSET\r\n')
  await client.reply()
  client.send('Subject: x\r\n\r\n.\r\nQUIT\r\n')
  await client.rest()
  await server.stop(0)
  await journal.close()
  const { entries } = await journal.reader.list({ kind: 'send' })
  const found = async (recipient: string) => (await journal.reader.list({ recipient })).entries.length
  return { entry: entries[0], entries, found, reader: journal.reader, written: JSON.stringify(log.lines) }
}

describe('recipients in the journal', () => {
  it('a refused recipient is kept with what the provider said, though the message was sent to others', async () => {
    const { entry, found } = await journalOf({ answers: [accepted, unknown] })
    expect(entry).toMatchObject({
      event: 'message.sent',
      details: { recipients: 1, refusedRecipients: 1 },
      recipients: [{ ...annaRefused, reply: '5.1.1 <anna@customer.example>: 5.1.1 no such user' }],
    })
    expect([
      await found('ANNA@customer.example'),
      await found('anna@'),
      await found('bob@example.org'),
    ]).toEqual([1, 1, 0])
  })

  it('a message that some did not get is found among those that were refused', async () => {
    const { reader } = await journalOf({ answers: [accepted, unknown] })
    expect((await reader.list({ outcome: 'refused' })).entries).toHaveLength(1)
    expect((await reader.list({ outcome: 'failed' })).entries).toHaveLength(0)
  })

  it('nothing is kept of recipients who got their message', async () => {
    const { entry } = await journalOf({})
    expect(entry?.event).toBe('message.sent')
    expect(entry).not.toHaveProperty('recipients')
  })

  it.each<[string, Sent, string]>([
    [
      'whose message was refused as a whole',
      { answers: [accepted, accepted, say(554, '5.7.1 spam')] },
      'message.refused',
    ],
    ['whose message could not be sent', { answers: [{ fails: 'provider-unavailable' }] }, 'message.failed'],
  ])('all are kept %s', async (_, sent, event) => {
    const { entry } = await journalOf(sent)
    expect(entry).toMatchObject({
      event,
      recipients: [{ address: 'bob@example.org' }, { address: 'anna@customer.example' }],
    })
  })

  it('those whose client gave up because one was refused are kept, the refused one first', async () => {
    const { entry } = await journalOf({ answers: [accepted, unknown], sends: false })
    expect(entry).toMatchObject({
      event: 'message.refused',
      recipients: [annaRefused, { address: 'bob@example.org' }],
    })
  })

  it('with yes, all are kept', async () => {
    const { entry, found } = await journalOf({ kept: 'yes' })
    expect(entry?.recipients).toEqual([{ address: 'bob@example.org' }, { address: 'anna@customer.example' }])
    expect([await found('bob@example.org'), await found('nobody@example.org')]).toEqual([1, 0])
  })

  it('with domains, the domains of all are kept, and no address in what was said', async () => {
    const { entry, entries, found } = await journalOf({ kept: 'domains', answers: [accepted, unknown] })
    expect(entry?.recipients).toEqual([
      { address: 'customer.example', code: 550, reply: '5.1.1 <…@customer.example>: 5.1.1 no such user' },
      { address: 'example.org' },
    ])
    expect(JSON.stringify(entries)).not.toMatch(/anna|bob/)
    // Who looks for the address finds what may be it.
    expect(await found('anna@customer.example')).toBe(1)
  })

  it('with no, only their numbers are kept', async () => {
    for (const sends of [true, false]) {
      const { entry, entries } = await journalOf({ kept: 'no', answers: [accepted, unknown], sends })
      expect(entry?.details).toMatchObject({ recipients: 1, refusedRecipients: 1 })
      expect(entry).not.toHaveProperty('recipients')
      expect(JSON.stringify(entries)).not.toMatch(/anna|customer|bob/)
    }
  })

  it('the log names none, whatever is kept', async () => {
    expect((await journalOf({ kept: 'yes' })).written).not.toMatch(/anna|bob/)
  })

  it('of a thousand recipients a hundred are named, those who were refused first, and the others counted', async () => {
    const to = Array.from({ length: 1000 }, (_, index) => `recipient-${index}@customer.example`)
    const answers = to.map((_, index) => (index === 999 ? say(550, 'x'.repeat(2000)) : accepted))
    const { entry } = await journalOf({ kept: 'yes', to, answers })
    expect(entry?.details).toMatchObject({ recipients: 999, refusedRecipients: 1, moreRecipients: 900 })
    expect(entry?.recipients?.[0]?.address).toBe('recipient-999@customer.example')
    expect(JSON.stringify(entry).length).toBeLessThan(10_000)
  })

  it.each<[KeptRecipients, object[] | undefined]>([
    ['yes', [{ address: 'you@example.net' }]],
    ['domains', [{ address: 'example.net' }]],
    ['refused', undefined],
    ['no', undefined],
  ])('a test message is treated like any other: %s', async (recipients, expected) => {
    const store = createMemoryStore().journal
    const journal = createJournal({
      store,
      clock: createManualClock(),
      log: createRecordingLog(),
      days: 9,
      recipients,
    })
    journal.log.info({ event: 'test-message.sent', recipients: ['you@example.net'] }, 'sent')
    const [entry] = (await journal.reader.list({})).entries
    expect([entry?.recipients, entry?.details]).toEqual([expected, { recipients: 1 }])
  })

  it('wildcards of a search are letters like any other', async () => {
    const { found } = await journalOf({ kept: 'yes', to: ['100%_x@example.org', 'bob@example.org'] })
    expect([await found('%'), await found('0%_'), await found('b_b'), await found('\\')]).toEqual([
      1, 1, 0, 0,
    ])
  })
})
