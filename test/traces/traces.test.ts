import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createTraces, type TraceRequest, type Traces } from '../../src/traces/traces.ts'
import { say } from '../../src/wire/reply.ts'
import { type Authority, createAuthority } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { expectLine, greets, saysGoodbye, signsIn, takesMessage } from '../support/provider-scripts.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import type { Script } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { findSecrets } from '../support/secret-search.ts'
import { apiKey, base64, openTracedServer, password, says, waysIn } from './trace-stage.ts'

const by = { name: 'administrator' }
const tokens = ['provider-token-one-0123456789', 'provider-token-two-9876543210']
/** A message that looks like a dialogue. */
const content = [
  'Subject: confidential-subject',
  '',
  'RCPT TO:<hidden-person@example.net>',
  'AUTH LOGIN aGlkZGVu',
]
const secrets = Object.entries({
  password,
  apiKey,
  one: tokens[0],
  two: tokens[1],
  subject: 'confidential-subject',
})
  .map(([name, value = '']) => ({ name, value }))
  .concat(
    { name: 'line of the message', value: 'hidden-person' },
    { name: 'AUTH of the message', value: 'aGlkZGVu' },
  )

const setScriptedStage = useScriptedStage()
let authority: Authority
beforeAll(async () => {
  authority = await createAuthority()
})

async function setStage(script: Script) {
  const clock = createManualClock()
  const traces = createTraces({ clock, log: silentLog })
  const stage = await setScriptedStage(script, { taps: traces, tokens })
  const log = createRecordingLog()
  const { connect, stop } = await openTracedServer(stage, traces, authority, log)
  onTestFinished(async () => {
    traces.close()
    await stop()
  })
  const encrypted = async () => {
    const client = connect()
    await client.reply()
    await says(client, 'EHLO scanner-17.office.internal', 'STARTTLS')
    await client.startTls(authority.ca)
    await says(client, 'EHLO scanner-17.office.internal')
    return client
  }
  return { traces, connect, encrypted, clock, log }
}

function begin(traces: Traces, request: TraceRequest) {
  const { id } = traces.begin(request, by)
  return () => traces.read(id, 0).lines.map(({ direction, text }) => `${direction} ${text}`)
}

const refusesOnce: Script = async (client, connection) => {
  if (connection > 0) return sends(client, connection)
  await greets(client, ['AUTH XOAUTH2'])
  expectLine(await client.line(), /^AUTH XOAUTH2 /)
  client.say(`334 ${base64('{"status":"400","schemes":"Bearer","scope":"https://mail.example.com/"}')}`)
  await client.line()
  client.say(`535 5.7.8 ${tokens[0]} is refused`)
  await saysGoodbye(client)
}

const sends: Script = async (client) => {
  await signsIn(client)
  for (;;) {
    await takesMessage(client, '250 2.0.0 Queued as 4711')
  }
}

const sendsByChunk: Script = async (client) => {
  await signsIn(client, ['PIPELINING', 'CHUNKING'])
  expectLine(await client.line(), /^MAIL FROM:/)
  expectLine(await client.line(), /^RCPT TO:/)
  client.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
  const size = /^BDAT (\d+) LAST$/.exec(await client.line())?.[1]
  await client.octets(Number(size))
  client.say('250 2.0.0 Taken')
  await client.gone()
}

describe('a trace', () => {
  it.each(Object.keys(waysIn))(
    'both sides of a dialogue are shown, and nothing secret of it, with %s',
    async (way) => {
      const { traces, encrypted } = await setStage(refusesOnce)
      const shown = begin(traces, { source: '127.0.0.1' })
      const client = await encrypted()
      expect(await waysIn[way]?.(client)).toBe(235)
      client.send('MAIL FROM:<me@example.com> SIZE=2000\r\nRCPT TO:<you@example.org>\r\nDATA\r\n')
      for (const code of [250, 250, 354]) expect((await client.reply()).code).toBe(code)
      expect(await says(client, [...content, '.'].join('\r\n'), 'QUIT')).toBe(221)
      await eventually('the end is shown', () => shown().some((line) => line.includes('postern closed')))

      const lines = shown()
      expect(findSecrets([{ where: 'trace', text: lines.join('\n') }], secrets)).toEqual([])
      for (const line of [
        '-- connected from 127.0.0.1',
        'C: STARTTLS',
        'P> EHLO postern.example.test',
        'P< 220 provider.example ready',
        'S: 235 2.7.0 Signed in',
        '-- signed in as me@example.com',
        'C: MAIL FROM:<me@example.com> SIZE=2000',
        'P> RCPT TO:<you@example.org>',
        'P< 250 2.1.5 Recipient fine',
        'C: DATA',
        'P< 354 Go ahead',
        `C: [the message, ${content.join('\r\n').length + 2} octets]`,
        'P< 250 2.0.0 Queued as 4711',
        'S: 250 2.0.0 Queued as 4711',
        'C: QUIT',
      ])
        expect(lines).toContain(line)
      expect(lines.filter((line) => /^(--|P>|P<) .*TLSv1\.3 with/.test(line)).length).toBeGreaterThanOrEqual(
        2,
      )
      expect(lines).toContainEqual(expect.stringMatching(/^P> AUTH XOAUTH2 \[taken out\]$/))
      expect(lines).toContainEqual(expect.stringMatching(/^P< 535 5\.7\.8 \[taken out\] is refused$/))
    },
  )

  it('a chunk is not taken for commands', async () => {
    const { traces, encrypted } = await setStage(sendsByChunk)
    const shown = begin(traces, { source: '127.0.0.1' })
    const client = await encrypted()
    await waysIn.PLAIN?.(client)
    await says(client, 'MAIL FROM:<me@example.com>', 'RCPT TO:<you@example.org>', 'DATA')
    expect(await says(client, [...content, '.'].join('\r\n'))).toBe(250)
    const octets = content.join('\r\n').length + 2
    expect(shown()).toEqual(
      expect.arrayContaining([`P> BDAT ${octets} LAST`, `P> [the message, ${octets} octets]`]),
    )
    expect(findSecrets([{ where: 'trace', text: shown().join('\n') }], secrets)).toEqual([])
    client.close()
  })

  it('a client that sends what postern has not asked for shows nothing of it', async () => {
    const { traces, encrypted } = await setStage(sends)
    const shown = begin(traces, { source: '127.0.0.1' })
    const client = await encrypted()
    // A password where a command belongs, and a message behind a refused DATA.
    await says(
      client,
      base64(password),
      `NOOP ${password}`,
      `AUTH ${password}`,
      'DATA',
      ...content.slice(0, 1),
    )
    await says(client, ...content.slice(2))
    expect(findSecrets([{ where: 'trace', text: shown().join('\n') }], secrets)).toEqual([])
    expect(shown()).toContain('C: [taken out]')
    client.close()
  })

  it('a login is followed from its first word on, by whatever password, and nobody else is', async () => {
    const { traces, encrypted } = await setStage(sends)
    const shown = begin(traces, { login: 'ME@example.com' })
    const other = await encrypted()
    await says(other, `AUTH PLAIN ${base64(`\0two@example.com\0${password}`)}`)
    expect(shown()).toEqual([])
    const client = await encrypted()
    await says(client, `AUTH PLAIN ${base64('\0me@example.com\0wrong-password')}`)
    expect(shown()[0]).toBe('-- connected from 127.0.0.1')
    expect(shown()).toContain('-- refused: wrong-credentials')
    expect(new Set(traces.read(traces.begin({ login: 'nobody' }, by).id, 0).lines)).toEqual(new Set())
    for (const one of [client, other]) one.close()
  })

  it('a client that was there before is followed from then on', async () => {
    const { traces, encrypted } = await setStage(sends)
    const client = await encrypted()
    await waysIn.PLAIN?.(client)
    const shown = begin(traces, { login: 'me@example.com' })
    await says(client, 'NOOP')
    expect(shown().slice(1)).toEqual(['C: NOOP', 'S: 250 2.0.0 OK'])
    client.close()
  })

  it('the log and a trace name a connection by the same id, and its messages by their number', async () => {
    const { traces, encrypted, log } = await setStage(sends)
    const { id } = traces.begin({ source: '127.0.0.1' }, by)
    const client = await encrypted()
    await waysIn.PLAIN?.(client)
    for (const _ of [1, 2])
      await says(client, 'MAIL FROM:<me@example.com>', 'RCPT TO:<you@example.org>', 'DATA', 'Subject: s\r\n.')
    const [session] = new Set(traces.read(id, 0).lines.map((line) => line.session))
    expect(log.lines.map(({ fields }) => fields).filter((fields) => 'event' in fields)).toMatchObject([
      { event: 'sign-in.done', session },
      { event: 'message.sent', session, transaction: 1 },
      { event: 'message.sent', session, transaction: 2 },
    ])
    client.close()
  })

  it('a mask replaces addresses and names, the same one by the same word', async () => {
    const { traces, encrypted } = await setStage(sends)
    const shown = begin(traces, { login: 'me@example.com', mask: true })
    const client = await encrypted()
    await waysIn.PLAIN?.(client)
    await says(client, 'MAIL FROM:<me@example.com>', 'RCPT TO:<you@example.org>')
    const text = shown().join('\n')
    for (const name of ['me@example.com', 'example.org', 'scanner-17', 'postern-host', '127.0.0.1'])
      expect(text).not.toContain(name)
    const [, asClient] = /C: MAIL FROM:<(\S+)>/.exec(text) ?? []
    const [, atProvider] = /P> MAIL FROM:<(\S+)>/.exec(text) ?? []
    expect(asClient).toBeDefined()
    expect(atProvider).toBe(asClient)
    client.close()
  })
})

describe('the bounds of traces', () => {
  const client = { session: 's', address: '192.0.2.1', hostname: 'host.example' }

  function setTraces() {
    const clock = createManualClock()
    const log = createRecordingLog()
    const traces = createTraces({ clock, log })
    onTestFinished(() => traces.close())
    return { clock, log, traces }
  }

  it('a trace ends when its time is over, and then nothing is looked at any more', () => {
    const { clock, traces } = setTraces()
    const { id } = traces.begin({ source: '192.0.2.1', minutes: 1 }, by)
    const session = traces.session(client)
    session.said(say(250, 'one'))
    clock.advance(59)
    const page = traces.read(id, 0)
    expect(page).toMatchObject({ next: 2 })
    expect(page.ended).toBeUndefined()
    clock.advance(1)
    session.said(say(250, 'two'))
    expect(traces.read(id, page.next)).toEqual({ lines: [], next: 2, ended: 'time' })
    expect({ isOn: traces.isOn, isWanted: session.isWanted }).toEqual({ isOn: false, isWanted: false })
  })

  it('a trace that nobody reads ends within a minute', () => {
    const { clock, traces } = setTraces()
    const { id } = traces.begin({ source: '192.0.2.1' }, by)
    clock.advance(59)
    traces.read(id, 0)
    clock.advance(59)
    expect(traces.read(id, 0).ended).toBeUndefined()
    clock.advance(60)
    expect(() => traces.read(id, 0)).toThrow('There is no such trace')
    expect(traces.isOn).toBe(false)
  })

  it('a trace holds no more than it may', () => {
    const { traces } = setTraces()
    const { id } = traces.begin({ source: '192.0.2.1' }, by)
    const session = traces.session(client)
    let read = 0
    for (let line = 0; line < 25_000; line += 1) {
      session.note('a line')
      if (line % 1000 === 0) read = traces.read(id, read).next
    }
    const page = traces.read(id, read)
    expect({ next: page.next, ended: page.ended }).toEqual({ next: 20_000, ended: 'full' })
  })

  it('a mask looks for a name as a whole word, in any case, and a trace with more names than it looks for ends', () => {
    const { traces } = setTraces()
    const { id } = traces.begin({ source: '192.0.2.1', mask: true }, by)
    const session = traces.session(client)
    session.signsIn('at')
    session.heard(Buffer.from('EHLO at.x'))
    session.said(say(250, 'At that host AT.X, look at it'))
    expect(traces.read(id, 0).lines.at(-1)?.text).toBe('250 login1 that host client1, look login1 it')
    for (let name = 0; name < 300; name += 1) session.heard(Buffer.from(`EHLO host${name}`))
    const { lines, ended } = traces.read(id, 0)
    expect(ended).toBe('full')
    expect(lines.filter(({ text }) => /host\d/.test(text.replace(/client\d+/, '')))).toEqual([])
  })

  it('there are no more than five traces at once', () => {
    const { traces } = setTraces()
    const ids = Array.from({ length: 5 }, () => traces.begin({ login: 'x' }, by).id)
    expect(() => traces.begin({ login: 'x' }, by)).toThrow('There are 5 traces already')
    traces.end(ids[0] ?? '')
    expect(traces.begin({ login: 'x' }, by)).toMatchObject({ login: 'x' })
  })

  it.each<TraceRequest>([
    {},
    { login: 'x', source: '192.0.2.1' },
    { source: 'host.example' },
    { login: 'x', minutes: 0 },
    { login: 'x', minutes: 61 },
    { login: 'x', minutes: 1.5 },
  ])('%j is no trace', (request) => {
    const { traces } = setTraces()
    expect(() => traces.begin(request, by)).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(traces.isOn).toBe(false)
  })

  it('the journal is told who follows whom', () => {
    const { traces, log } = setTraces()
    traces.begin({ source: '192.0.2.1', mask: true }, { name: 'API key x', source: '203.0.113.9' })
    expect(log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({
        event: 'trace.begun',
        source: '192.0.2.1',
        by: 'API key x',
        askedFrom: '203.0.113.9',
        minutes: 10,
        masked: true,
      }),
    )
  })
})
