import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type SecureVersion } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createAuthority } from './certificates.ts'
import { readClientOctets } from './client-octets.ts'
import { startWireTap } from './wire-tap.ts'

describe('the octets that a client has sent', async () => {
  const authority = await createAuthority()
  const certificate = await authority.issue()

  /** One connection through a tap: with its octets on the wire, and the keys that the server wrote down. */
  async function converse(minVersion: SecureVersion, ciphers: string, message: Buffer) {
    const keys: Buffer[] = []
    const server = createServer({ ...certificate, minVersion, ciphers }, (socket) => {
      socket.resume().on('end', () => socket.end())
    })
    server.on('keylog', (line) => keys.push(line))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const tap = await startWireTap((server.address() as AddressInfo).port)
    const client = connect({ port: tap.port, host: '127.0.0.1', ca: authority.ca, maxVersion: minVersion })
    await new Promise<void>((resolve, reject) => {
      client.once('close', () => resolve())
      client.once('error', reject)
      client.resume().end(message)
    })
    const sent = Buffer.concat(tap.sent())
    const answered = Buffer.concat(tap.answered())
    await tap.close()
    await new Promise((resolve) => server.close(resolve))
    return { sent, answered, keyLog: Buffer.concat(keys).toString() }
  }

  it.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ['TLSv1.2', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ] as const)('the octets are read from %s with %s', async (version, suite) => {
    const message = Buffer.concat([Buffer.from('EHLO me\r\n'), randomBytes(100_000)])
    const { sent, answered, keyLog } = await converse(version, suite, message)

    expect(sent.includes('EHLO me')).toBe(false)
    expect(readClientOctets(sent, answered, keyLog)?.equals(message)).toBe(true)
    const behind = (lines: string, octets: Buffer) => Buffer.concat([Buffer.from(lines), octets])
    const upgraded = [behind('EHLO\r\nSTARTTLS\r\n', sent), behind('220 Go ahead\r\n', answered)] as const
    expect(readClientOctets(...upgraded, keyLog)?.equals(behind('EHLO\r\nSTARTTLS\r\n', message))).toBe(true)
  })

  it('the octets are what was sent where no TLS began', () => {
    const sent = Buffer.from('EHLO me\r\nSTARTTLS\r\nQUIT\r\n')

    expect(readClientOctets(sent, Buffer.from('454 4.7.0 No\r\n'), '')?.equals(sent)).toBe(true)
  })

  it('the octets are those before TLS where the client went no further', async () => {
    const { sent, answered } = await converse('TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256', Buffer.from('x'))
    const hello = sent.subarray(0, 5 + sent.readUInt16BE(3))
    const upgraded = Buffer.concat([Buffer.from('STARTTLS\r\n'), hello])

    expect(readClientOctets(upgraded, answered, '')?.toString()).toBe('STARTTLS\r\n')
  })

  it('the octets cannot be read with the keys of another connection', async () => {
    const [one, other] = [
      await converse('TLSv1.3', 'TLS_AES_256_GCM_SHA384', Buffer.from('one')),
      await converse('TLSv1.3', 'TLS_AES_256_GCM_SHA384', Buffer.from('other')),
    ]

    expect(readClientOctets(one.sent, one.answered, other.keyLog)).toBeUndefined()
  })
})
