import { connect } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Certificate, createAuthority } from '../support/certificates.ts'
import { openSmtpServer } from '../support/smtp-stage.ts'

let tls: Certificate
let ca: string

beforeAll(async () => {
  const authority = await createAuthority()
  tls = await authority.issue()
  ca = authority.ca
})

/** A client that has been greeted through TLS; `raw` writes past it. */
async function meet(version: 'TLSv1.2' | 'TLSv1.3', oldTls = false) {
  const { server, endpoint } = await openSmtpServer({ tls, listen: [{ tls: 'implicit', oldTls }] })
  onTestFinished(() => server.stop(0))
  const raw = connect(endpoint)
  const use = { socket: raw, ca, servername: 'localhost', minVersion: version, maxVersion: version } as const
  const secure = connectTls(use)
  onTestFinished(() => void secure.destroy())
  await heard(secure, '220 ')
  return { raw, secure }
}

function heard(secure: TLSSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    secure.once('error', reject)
    secure.on('data', (octets: Buffer) => octets.toString('latin1').includes(text) && resolve())
  })
}

describe('TLS behind its handshake', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'TLS ends at once when what arrives was not sealed by the client: %s',
    { timeout: 5_000 },
    async (version) => {
      const { raw, secure } = await meet(version)
      const closed = new Promise((resolve) => raw.once('close', resolve))
      secure.on('error', () => {})
      raw.write(Buffer.concat([Buffer.from([0x17, 0x03, 0x03, 0x00, 0x20]), Buffer.alloc(32, 'x')]))
      await closed
    },
  )

  it.each([false, true])('TLS has no second handshake; +old-tls: %s', async (oldTls) => {
    const { secure } = await meet('TLSv1.2', oldTls)
    const answer = new Promise((resolve) => {
      secure.once('error', ({ message }) => resolve(message))
      secure.renegotiate({ rejectUnauthorized: true }, (error) => resolve(error?.message ?? 'done'))
    })
    expect(await answer).toMatch(/no renegotiation/i)
  })
})
