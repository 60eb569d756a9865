import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts'
import { createRelayStage, mailbox, me } from '../support/relay-stage.ts'
import { begin, message } from '../support/upstream-messages.ts'

let authority: Authority
let certificate: Certificate
const endings: (() => Promise<void>)[] = []

beforeAll(async () => {
  authority = await createAuthority()
  certificate = await authority.issue()
})
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

/** A submission server that takes one token, by XOAUTH2 under TLS only. */
async function startServer(secure: boolean) {
  const arrived: string[] = []
  const server = new SMTPServer({
    ...certificate,
    secure,
    authMethods: ['XOAUTH2'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth({ method, username, accessToken }, _session, answer) {
      const fine = method === 'XOAUTH2' && username === mailbox && accessToken === 'good-token'
      if (fine) answer(null, { user: mailbox })
      else answer(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } })
    },
    onData(stream, _session, answer) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        arrived.push(Buffer.concat(chunks).toString('latin1'))
        answer(null, 'Kept')
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  endings.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, arrived }
}

describe.each(['implicit', 'starttls'] as const)('smtp-server with XOAUTH2 only (%s)', (tls) => {
  it('the server accepts us and our messages', async () => {
    const { port, arrived } = await startServer(tls === 'implicit')
    const { relay } = createRelayStage({ port, tls, ca: authority.ca })
    await relay.verify(me)
    for (const text of ['Subject: one\r\n\r\n..dots\r\n', 'Subject: two\r\n\r\nhello\r\n']) {
      expect(await (await begin(relay)).send(message(text))).toMatchObject({ code: 250 })
    }
    await relay.close()
    expect(arrived).toEqual(['Subject: one\r\n\r\n.dots\r\n', 'Subject: two\r\n\r\nhello\r\n'])
  })

  it('the server gets a fresh token after it refused one', async () => {
    const { port } = await startServer(tls === 'implicit')
    const { relay, asked } = createRelayStage({
      port,
      tls,
      ca: authority.ca,
      tokens: ['stale', 'good-token'],
    })
    await relay.verify(me)
    await relay.close()
    expect(asked).toEqual(['token', 'fresh'])
  })

  it('the server refuses us when no token is good', async () => {
    const { port } = await startServer(tls === 'implicit')
    const { relay } = createRelayStage({ port, tls, ca: authority.ca, tokens: ['stale', 'bad'] })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    await relay.close()
  })
})
