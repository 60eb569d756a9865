import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createAuthority } from '../support/certificates.ts'
import { connectLineClient, type LineClient } from '../support/line-client.ts'
import { outerAddress } from '../support/other-machine.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer, type StageSettings } from '../support/smtp-stage.ts'

if (outerAddress === undefined) console.log('skipped: this machine has no address but loopback')

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`

/** A client of a server, and what the server says in its log. */
async function meet(
  host: string,
  settings: StageSettings = {},
): Promise<{ client: LineClient; log: () => string }> {
  const log = createRecordingLog()
  const { endpoint, server } = await openSmtpServer({ listen: [{ host }], log, ...settings })
  const client = connectLineClient(endpoint)
  onTestFinished(async () => {
    client.close()
    await server.stop(0)
  })
  return { client, log: () => JSON.stringify(log.lines) }
}

async function withCertificate(): Promise<StageSettings> {
  return { tls: await (await createAuthority()).issue() }
}

describe.runIf(outerAddress !== undefined)('a client on another machine', () => {
  const host = outerAddress ?? ''

  it.each([['EHLO erp\r\n'], ['x'], ['\r\n'], ['GET / HTTP/1.1\r\nHost: postern\r\n\r\n'], [`${auth}\r\n`]])(
    'a client that says %j before the greeting is refused, and nothing of it is served',
    async (early) => {
      const { client, log } = await meet(host)
      client.send(early)
      expect(await client.rest()).toBe('554 5.5.1 Wait for the greeting before you speak\r\n')
      expect(log()).toContain('did not wait for the greeting')
      expect(log()).not.toContain('signed in')
    },
  )

  it.each([
    ['\xff\xfb\x1f\xff\xfd\x01', 'This is no telnet server'],
    ['\xef\xbb\xbfEHLO erp\r\n', 'A byte order mark'],
    ['\xc4HLO erp\r\n', 'A command begins with a letter of ASCII'],
  ])('a client that says %j before the greeting hears what that is', async (early, words) => {
    const { client, log } = await meet(host, await withCertificate())
    client.send(Buffer.from(early, 'latin1'))
    expect(await client.rest()).toMatch(new RegExp(`^500 5\\.5\\.2 ${words}`))
    expect(log()).not.toContain('TLS')
  })

  it('a client that waits is greeted, after the time that the settings say', async () => {
    const began = performance.now()
    const { client } = await meet(host, { limits: { greetingWaitMilliseconds: 300 } })
    expect((await client.reply()).code).toBe(220)
    expect(performance.now() - began).toBeGreaterThan(280)
  })

  it('a client that speaks TLS where there is no certificate is cut off, and the log says what to do', async () => {
    const { client, log } = await meet(host)
    client.send(Buffer.from('160301000501000001', 'hex'))
    expect(await client.rest()).toBe('')
    expect(log()).toContain('postern tls make')
  })

  it('a client may not sign in without TLS', async () => {
    const { client } = await meet(host, await withCertificate())
    expect((await client.reply()).code).toBe(220)
    client.send('EHLO erp\r\n')
    const hello = (await client.reply()).lines
    expect(hello).toContain('STARTTLS')
    expect(hello.join()).not.toContain('AUTH')
    client.send(`${auth}\r\n`)
    expect((await client.reply()).code).toBe(538)
  })

  it('a client may sign in where +plain-auth stands, and the log is loud about it', async () => {
    const { client, log } = await meet(host, { listen: [{ host, plainAuth: true }] })
    expect(log()).toContain('passwords cross the network unencrypted here')
    expect((await client.reply()).code).toBe(220)
    client.send(`EHLO erp\r\n${auth}\r\n`)
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 235])
  })
})

describe('a client on this machine', () => {
  it('a client does not wait where there is no certificate', async () => {
    const { client } = await meet('127.0.0.1', { limits: { greetingWaitMilliseconds: 60_000 } })
    expect((await client.reply()).code).toBe(220)
  })

  it('a client does not wait where the settings say so', async () => {
    const { client } = await meet('127.0.0.1', {
      ...(await withCertificate()),
      limits: { greetingWaitMilliseconds: 0 },
    })
    expect((await client.reply()).code).toBe(220)
  })

  it('a client that begins with TLS behind the greeting is cut off, and the log says why', async () => {
    const settings = { ...(await withCertificate()), limits: { greetingWaitMilliseconds: 0 } }
    const { client, log } = await meet('127.0.0.1', settings)
    expect((await client.reply()).code).toBe(220)
    client.send(Buffer.from('160301000501000001', 'hex'))
    expect(await client.rest()).toBe('')
    expect(log()).toContain('POSTERN_GREETING_WAIT_MILLISECONDS')
  })
})

describe('TLS', () => {
  it.each([0, 60_000])(
    'TLS is known when its first octet comes alone, with a greeting after %i ms',
    async (wait) => {
      const settings = { ...(await withCertificate()), limits: { greetingWaitMilliseconds: wait } }
      const { client, log } = await meet('127.0.0.1', settings)
      if (wait === 0) expect((await client.reply()).code).toBe(220)
      client.send(Buffer.from('16', 'hex'))
      await new Promise((resolve) => setImmediate(resolve))
      client.send(Buffer.from('0301000501000001ff', 'hex'))
      const rest = await client.rest()
      expect(rest).not.toContain('500')
      expect(rest).not.toContain('220')
      expect(log()).toContain('TLS')
    },
  )
})

describe('a browser', () => {
  it.each(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE'])(
    'a browser that says %s gets nothing behind it run',
    async (method) => {
      const { client } = await meet('127.0.0.1')
      client.send(`${method} / HTTP/1.1\r\nHost: localhost\r\n\r\nEHLO erp\r\n${auth}\r\n`)
      expect((await client.reply()).code).toBe(220)
      expect(await client.rest()).toBe('554 5.5.1 This is a mail server\r\n')
    },
  )
})
