import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { eventually } from './eventually.ts'
import { authorize, callbackServer } from './oauth-client-by-hand.ts'
import { peer } from './peer.ts'
import { type Postfix, startPostfix } from './postfix.ts'
import { type RecordingSink, startRecordingSink } from './recording-sink.ts'
import { startWireTap, type WireTap } from './wire-tap.ts'

describe.runIf(peer('dovecot'))('Dovecot as the mail provider', () => {
  let authority: AuthorizationServer
  let callback: Awaited<ReturnType<typeof callbackServer>>
  let sink: RecordingSink
  let dovecot: Dovecot
  let accessToken = ''

  beforeAll(async () => {
    callback = await callbackServer()
    authority = await startAuthorizationServer({ redirectUris: [callback.redirectUri] })
    sink = await startRecordingSink()
    dovecot = await startDovecot(authority, sink.port)
    const { tokens } = await authorize(authority, callback.redirectUri, 'me@example.com')
    accessToken = tokens.access_token ?? ''
  })
  afterAll(async () => {
    await dovecot.close()
    await sink.close()
    await authority.close()
    await callback.close()
  })

  const send = (user: string, token: string) =>
    nodemailer
      .createTransport({
        host: 'localhost',
        port: dovecot.port,
        requireTLS: true,
        tls: { ca: dovecot.ca },
        auth: { type: 'OAuth2', user, accessToken: token },
      })
      .sendMail({ from: 'me@example.com', to: 'you@example.com', text: 'Hello' })

  it('Dovecot relays to the sink for a live token of the user', async () => {
    await send('me@example.com', accessToken)

    expect(sink.messages.at(-1)).toMatchObject({ sender: 'me@example.com', recipients: ['you@example.com'] })
  })

  it.each([
    ['an unknown token', 'me@example.com', () => 'unknown'],
    ["somebody else's token", 'other@example.com', () => accessToken],
  ])('Dovecot refuses %s', async (_name, user, token) => {
    await expect(send(user, token())).rejects.toMatchObject({ code: 'EAUTH' })
  })
})

describe.runIf(peer('postfix'))('Postfix as legacy software', () => {
  let sink: RecordingSink
  let tap: WireTap
  let postfix: Postfix

  beforeAll(async () => {
    sink = await startRecordingSink()
    tap = await startWireTap(sink.port)
    const relay = { port: tap.port, user: 'me', password: 'secret', mechanism: 'plain' as const }
    postfix = await startPostfix({ 'example.com': relay })
  })
  afterAll(async () => {
    await postfix.close()
    await tap.close()
    await sink.close()
  })

  it('Postfix hands what it is given to its relay host, and the tap sees the octets that arrive', async () => {
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port: postfix.port, ignoreTLS: true })
    await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', text: '.\n..\nend' })
    const message = await eventually('the message arrives', () => sink.messages[0])

    expect(message.recipients).toEqual(['b@example.com'])
    expect(tap.messages()).toEqual([message.raw])
  })
})
