import { describe, expect, it, onTestFinished } from 'vitest'
import { createJournal } from '../../src/journal/create-journal.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createAuthority } from '../support/certificates.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer, type StageSettings } from '../support/smtp-stage.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
const signedIn = `EHLO a\r\n${auth}\r\n`
const transaction = `${signedIn}MAIL FROM:<me@example.com>\r\n`
const untilData = `${transaction}RCPT TO:<a@example.org>\r\nDATA\r\n`

interface Entry {
  event: string
  source?: string
  login?: string
  details: Readonly<Record<string, unknown>>
}

/** What the journal has of a client that sent this and left. */
async function journalOf(octets: string | Buffer, settings: StageSettings = {}): Promise<Entry[]> {
  const log = createRecordingLog()
  const store = createMemoryStore().journal
  const journal = createJournal({ store, clock: createManualClock(), log, days: 30, recipients: 'refused' })
  const { endpoint, server } = await openSmtpServer({ ...settings, log: journal.log })
  const client = connectLineClient(endpoint)
  client.send(octets)
  client.endInput()
  await client.rest()
  await server.stop(0)
  await journal.close()
  const { entries } = await journal.reader.list({ limit: 100 })
  return entries.filter(({ outcome }) => outcome === 'refused')
}

describe('a refusal of postern’s own is in the journal', () => {
  it.each<[string, string, StageSettings, Partial<Entry>]>([
    ['a sender that cannot be read', `${signedIn}MAIL FROM:<a@@b\r\n`, {}, { login: 'me@example.com' }],
    ['a recipient that cannot be read', `${transaction}RCPT TO:<a@@b>\r\n`, {}, { login: 'me@example.com' }],
    [
      'one in a run of recipients',
      `${transaction}RCPT TO:<a@example.org>\r\nRCPT TO:<a@@b>\r\nRCPT TO:<c@example.org>\r\n`,
      {},
      { details: expect.objectContaining({ command: 'RCPT TO:<a@@b>' }) },
    ],
    ['a parameter that promises', `${transaction}RCPT TO:<a@example.org> RRVS=1\r\n`, {}, {}],
    ['too large a SIZE', `${signedIn}MAIL FROM:<me@example.com> SIZE=999999999\r\n`, {}, {}],
    [
      'too many recipients',
      `${transaction}RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n`,
      { limits: { recipientsPerMessage: 1 } },
      {},
    ],
    ['MAIL without a sign-in', 'EHLO a\r\nMAIL FROM:<me@example.com>\r\n', {}, {}],
    ['RCPT without a sign-in', 'EHLO a\r\nRCPT TO:<a@example.org>\r\n', {}, {}],
    [
      'AUTH in another mechanism',
      'EHLO a\r\nAUTH NTLM\r\n',
      {},
      { details: expect.objectContaining({ command: 'AUTH' }) },
    ],
    ['AUTH before EHLO', `${auth}\r\n`, {}, {}],
    ['a sign-in that cannot be read', 'EHLO a\r\nAUTH PLAIN !!!\r\n', {}, {}],
    ['STARTTLS without a certificate', 'EHLO a\r\nSTARTTLS\r\n', {}, {}],
    ['a second MAIL', `${transaction}MAIL FROM:<me@example.com>\r\n`, {}, {}],
    ['DATA without a recipient', `${transaction}DATA\r\n`, {}, {}],
    ['a command that is unknown', `${signedIn}XYZZY\r\n`, {}, {}],
    ['BDAT', `${signedIn}BDAT 5\r\n`, {}, {}],
    ['a bare LF in a command', `${signedIn}NOOP\n\r\n`, {}, {}],
    ['a bare CR in a command', `${signedIn}NOOP\rx\r\n`, {}, {}],
    ['a NUL in a command', `${signedIn}NO\0OP\r\n`, {}, {}],
    ['a line that is too long', `${signedIn}NOOP ${'x'.repeat(20_000)}\r\n`, {}, {}],
    ['a browser', 'GET / HTTP/1.1\r\n\r\n', {}, {}],
  ])('the journal has %s', async (_, octets, settings, expected) => {
    const entries = await journalOf(octets, settings)
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({ event: 'command.refused', source: '127.0.0.1', ...expected })
    expect(entries[0]?.details.reply).toMatch(/^\d\.\d\.\d /)
    expect(entries[0]?.details.code).toBeGreaterThanOrEqual(400)
  })

  it.each<[string, string, StageSettings]>([
    ['bare-newline', `${untilData}one\ntwo\r\n.\r\n`, {}],
    ['bare-newline', `${untilData}one\rtwo\r\n.\r\n`, {}],
    ['bare-newline', `${untilData}one\0two\r\n.\r\n`, {}],
    ['too-large', `${untilData}${'0123456789'.repeat(50)}\r\n.\r\n`, { limits: { messageOctets: 100 } }],
  ])('the journal has a message that is not taken, as what it is: %s', async (reason, octets, settings) => {
    const [entry, ...others] = await journalOf(octets, settings)
    expect(others).toEqual([])
    expect(entry).toMatchObject({ event: 'message.not-taken', login: 'me@example.com', details: { reason } })
  })

  it('the journal has a sign-in as somebody else, once, with what is wrong with it', async () => {
    const response = encodeBase64('boss\0me@example.com\0right')
    const entries = await journalOf(`EHLO a\r\nAUTH PLAIN ${response}\r\n`)
    expect(entries).toEqual([
      expect.objectContaining({
        event: 'sign-in.refused',
        login: 'me@example.com',
        details: expect.objectContaining({
          detail: 'The client asks to act for somebody else than its login',
        }),
      }),
    ])
  })

  it('the journal has a sender that the login may not use, once', async () => {
    const entries = await journalOf(`${signedIn}MAIL FROM:<boss@example.com>\r\n`)
    expect(entries.map(({ event }) => event)).toEqual(['sender.refused'])
  })

  it('the journal has the end that many bad commands make', async () => {
    const entries = await journalOf('XYZZY\r\n'.repeat(3), { limits: { badCommands: 3 } })
    expect(entries.map(({ details }) => details.code).sort()).toEqual([421, 530, 530, 530])
  })

  it('the journal has the front end’s header by its name, with what to do', async () => {
    const line = 'PROXY TCP4 192.0.2.7 192.0.2.8 56324 25'
    const [entry] = await journalOf(`${line}\r\nEHLO a\r\n`)
    expect(entry?.details).toMatchObject({ command: line, fix: expect.stringContaining('PROXY protocol') })
  })

  it('the journal has the front end’s header of the second version as well, which is no text', async () => {
    const header = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c0000208dc040019', 'hex')
    const entries = await journalOf(header)
    expect(entries.map(({ details }) => details.fix)).toContainEqual(
      expect.stringContaining('PROXY protocol'),
    )
  })

  it('the journal has either version of it where TLS begins at once', async () => {
    const settings = { tls: await (await createAuthority()).issue(), listen: [{ tls: 'implicit' as const }] }
    for (const header of [
      'PROXY TCP4 192.0.2.7 192.0.2.8 56324 465\r\n',
      '\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c',
    ]) {
      const [entry, ...others] = await journalOf(header, settings)
      expect(others).toEqual([])
      expect(entry).toMatchObject({ event: 'connection.refused', source: '127.0.0.1' })
      expect(entry?.details.fix).toContain('PROXY protocol')
    }
  })

  it('the journal has nothing of a refusal that may be a password', async () => {
    const secret = Buffer.from('very-secret').toString('base64')
    const entries = await journalOf(
      `EHLO a\r\nAUTH PLAIN !${secret}\r\n${secret}\r\nvery-secret\r\nAUTH ${secret}\r\n`,
    )
    expect(entries.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(entries)).not.toContain(secret)
    expect(JSON.stringify(entries)).not.toContain('very-secret')
  })

  it('the journal has a hundred thousand refusals in a few entries that say how many they were', async () => {
    const entries = await journalOf(`${signedIn}${'RCPT TO:<a@@b>\r\n'.repeat(5_000)}`, {
      limits: { badCommands: 100_000 },
    })
    expect(entries).toHaveLength(6)
    expect(entries.map(({ details }) => details.more ?? 0)).toContain(4995)
  })
})

describe('a refused connection', () => {
  async function serverWith(limits: StageSettings['limits']) {
    const log = createRecordingLog()
    const { endpoint, server } = await openSmtpServer({ log, ...(limits && { limits }) })
    const clients: LineClient[] = []
    const arrive = () => {
      const client = connectLineClient(endpoint)
      clients.push(client)
      return client
    }
    onTestFinished(async () => {
      for (const client of clients) client.close()
      await server.stop(0)
    })
    const events = () => log.lines.flatMap(({ fields }) => ('event' in fields ? [fields] : []))
    return { arrive, events }
  }

  it('too many connections leave a line, and so does one that made room', async () => {
    const { arrive, events } = await serverWith({ connections: 1, connectionsPerLoopbackSource: 1 })
    const first = arrive()
    await first.reply()
    const second = arrive()
    second.send(signedIn)
    expect(await first.rest()).toContain('421')
    for (const code of [220, 250, 235]) expect((await second.reply()).code).toBe(code)
    expect(await arrive().rest()).toContain('421')
    const refused = events().filter((one) => 'event' in one && one.event === 'connection.refused')
    expect(refused).toMatchObject([
      { code: 421, source: '127.0.0.1' },
      { reply: expect.stringContaining('Too many') },
    ])
  })

  it('a connection that does not sign in in time leaves a line', async () => {
    const { arrive, events } = await serverWith({ signInSeconds: 0.05 })
    await arrive().rest()
    expect(events()).toMatchObject([{ event: 'command.refused', code: 421, source: '127.0.0.1' }])
  })

  it('a silent connection that has signed in and begun nothing leaves none', async () => {
    const { arrive, events } = await serverWith({ idleSeconds: 0.05 })
    const client = arrive()
    client.send(signedIn)
    await client.rest()
    expect(events()).toMatchObject([{ event: 'sign-in.done' }])
  })
})
