import { describe, expect, it, onTestFinished } from 'vitest'
import type { SmtpListener } from '../../src/net/listen.ts'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createAuthority } from '../support/certificates.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer, type StageSettings } from '../support/smtp-stage.ts'

if (outerAddress === undefined) console.log('skipped in part: this machine has no address but loopback')

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`
const wrong = `AUTH PLAIN ${encodeBase64('\0me@example.com\0wrong')}`
const announce = (client: string) => `PROXY TCP4 ${client} 198.51.100.1 40000 587\r\n`
const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c63364019c40024b', 'hex')

async function open(listener: Partial<SmtpListener> = {}, settings: StageSettings = {}) {
  const log = createRecordingLog()
  const stage = await openSmtpServer({
    log,
    ...settings,
    limits: { greetingWaitMilliseconds: 0, ...settings.limits },
    listen: [{ frontEnds: ['127.0.0.1/32'], plainAuth: true, ...listener }],
  })
  onTestFinished(() => stage.server.stop(0))
  return { ...stage, log, heard: () => JSON.stringify(log.lines) }
}

const refusals = ({ lines }: ReturnType<typeof createRecordingLog>) =>
  fieldsOf(lines.filter(({ message }) => message !== 'passwords cross the network unencrypted here'))

const fieldsOf = (lines: readonly { fields: object }[]) =>
  lines.map(({ fields }) => fields as Readonly<Record<string, string>>)

function arrive(endpoint: { host: string; port: number }, first: string | Buffer): LineClient {
  const client = connectLineClient(endpoint)
  onTestFinished(() => client.close())
  client.send(first)
  return client
}

describe('behind a front end', () => {
  it.each<[string, string | Buffer]>([
    ['version 1', announce('192.0.2.7')],
    ['version 2', binary],
  ])('a client is known by its own address: %s', async (_, header) => {
    const { endpoint, log } = await open()
    const client = arrive(endpoint, header)
    expect((await client.reply()).code).toBe(220)
    client.send(`EHLO a\r\n${auth}\r\nMAIL FROM:<nobody@example.net>\r\n`)
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 235])
    expect((await client.reply()).code).toBe(550)
    expect(fieldsOf(log.lines).find(({ event }) => event === 'sender.refused')?.source).toBe('192.0.2.7')
  })

  it('a client asks for TLS, and signs in with it only', async () => {
    const authority = await createAuthority()
    const { endpoint, heard } = await open({ plainAuth: false }, { tls: await authority.issue() })
    const client = arrive(endpoint, announce('192.0.2.7'))
    expect((await client.reply()).code).toBe(220)
    client.send('EHLO a\r\n')
    expect((await client.reply()).lines.join()).not.toContain('AUTH')
    client.send('STARTTLS\r\n')
    expect((await client.reply()).code).toBe(220)
    await client.startTls(authority.ca)
    client.send(`EHLO a\r\n${auth}\r\n`)
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 235])
    expect(heard()).not.toContain('refused')
  })

  it.each(['starttls', 'implicit'] as const)('TLS begins behind the header: %s', async (way) => {
    const authority = await createAuthority()
    const settings = { tls: await authority.issue(), limits: { greetingWaitMilliseconds: 5_000 } }
    const { endpoint } = await open({ tls: way, plainAuth: false }, settings)
    const client = arrive(endpoint, binary)
    await client.startTls(authority.ca)
    expect((await client.reply()).code).toBe(220)
    client.send('EHLO a\r\n')
    expect((await client.reply()).lines.join()).toContain('AUTH')
  })

  it('each client has the places of its own address, and the front end has none', async () => {
    const limits = { connectionsPerSource: 1, connectionsPerLoopbackSource: 1, unauthenticatedPerSource: 1 }
    const { endpoint } = await open({}, { limits })
    for (const address of ['192.0.2.7', '192.0.2.8', '192.0.2.9']) {
      const client = arrive(endpoint, announce(address))
      expect((await client.reply()).code).toBe(220)
      client.send(`EHLO a\r\n${auth}\r\n`)
      expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 235])
    }
    expect((await arrive(endpoint, announce('192.0.2.7')).reply()).code).toBe(421)
    expect((await arrive(endpoint, announce('192.0.2.10')).reply()).code).toBe(220)
  })

  it('an address in the header never gets the rights of this machine', async () => {
    const { endpoint } = await open({ plainAuth: false })
    const client = arrive(endpoint, announce('192.0.2.7'))
    expect((await client.reply()).lines[0]).not.toContain('localhost ')
    client.send('EHLO a\r\n')
    expect((await client.reply()).lines.join()).not.toContain('AUTH')
  })

  it('a front end that looks whether postern is there is served by its own address, and leaves no line', async () => {
    const { endpoint, log } = await open()
    for (const header of [local, 'PROXY UNKNOWN\r\n']) {
      const client = arrive(endpoint, header)
      expect((await client.reply()).lines[0]).toContain('localhost')
      client.send('QUIT\r\n')
      expect((await client.reply()).code).toBe(221)
    }
    const silent = connectLineClient(endpoint)
    silent.endInput()
    expect(await silent.rest()).toBe('')
    expect(refusals(log)).toEqual([])
  })

  it('a front end that ends its side behind its header frees its place at once', async () => {
    const { endpoint } = await open({}, { limits: { signInSeconds: 30 } })
    const client = arrive(endpoint, local)
    client.endInput()
    expect(await client.rest()).toMatch(/^220 /)
  })

  it.each<[string, string, RegExp]>([
    ['no header', 'EHLO a\r\n', /no PROXY header/],
    ['a header that cannot be read', 'PROXY TCP4 here there 1 2\r\n', /cannot be read/],
    ['a header that does not end', `PROXY ${'x'.repeat(150)}`, /does not end/],
  ])('nothing behind %s is served, and the log says what to do', async (_, octets, why) => {
    const { endpoint, log } = await open()
    const client = arrive(endpoint, `${octets}EHLO a\r\n${auth}\r\n`)
    expect(await client.rest()).toMatch(/^421 4\.3\.5 [^\r\n]*\r\n$/)
    const [line] = refusals(log)
    expect(line).toMatchObject({ event: 'connection.refused', source: '127.0.0.1' })
    expect(line?.detail).toMatch(why)
    expect(line?.fix).toContain('send-proxy')
  })

  it('a header that does not come is not waited for longer than a sign-in', async () => {
    const { endpoint, heard } = await open({}, { limits: { signInSeconds: 0.05 } })
    expect(await arrive(endpoint, 'PROXY TCP4 ').rest()).toMatch(/^421 4\.3\.5 /)
    expect(heard()).toContain('did not come in time')
  })

  it('a header that has not said whose it is does not hold up a stop', async () => {
    const { endpoint, server } = await open({}, { limits: { signInSeconds: 30 } })
    const client = arrive(endpoint, 'PROXY ')
    // Connections are taken in their order.
    const behind = arrive(endpoint, local)
    expect((await behind.reply()).code).toBe(220)
    await server.stop(0)
    expect(await client.rest()).toBe('')
  })
})

describe('a client that is no front end', () => {
  it('a client that is no front end is refused with that reason, whatever it sends', async () => {
    const { endpoint, log } = await open({ frontEnds: ['192.0.2.0/24', '2001:db8::/32'] })
    const client = arrive(endpoint, `${announce('10.0.0.1')}EHLO a\r\n${wrong}\r\n`)
    expect(await client.rest()).toMatch(/^554 5\.7\.1 Only the front ends [^\r\n]*\r\n$/)
    const [line] = refusals(log)
    expect(line).toMatchObject({ event: 'connection.refused', source: '127.0.0.1' })
    expect(line?.fix).toContain('+proxy=')
  })
})

describe.runIf(outerAddress !== undefined)('a front end on another machine', () => {
  const host = outerAddress ?? ''

  it('a front end on another machine cannot make a client of itself one of this machine', async () => {
    const { endpoint } = await open({ host, frontEnds: [`${host}/32`], plainAuth: false })
    const client = arrive(endpoint, announce('127.0.0.1'))
    expect((await client.reply()).lines[0]).not.toContain('localhost ')
    client.send('EHLO a\r\n')
    expect((await client.reply()).lines.join()).not.toContain('AUTH')
  })
})
