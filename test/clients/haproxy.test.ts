import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createAuthority } from '../support/certificates.ts'
import { type HaProxy, startHaProxy } from '../support/haproxy.ts'
import { connectLineClient } from '../support/line-client.ts'
import { peer } from '../support/peer.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { smtpDialogue } from '../support/smtp-client.ts'
import { openSmtpServer, type SmtpStage, type StageSettings } from '../support/smtp-stage.ts'

const auth = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}`

describe.runIf(peer('haproxy'))('HAProxy in front of the SMTP server', () => {
  async function stand(way: 'send-proxy' | 'send-proxy-v2', settings: StageSettings = {}) {
    const log = createRecordingLog()
    const server: SmtpStage = await openSmtpServer({
      log,
      listen: [{ frontEnds: ['127.0.0.1/32'] }],
      ...settings,
    })
    onTestFinished(() => server.server.stop(0))
    const haproxy: HaProxy = await startHaProxy(server.endpoint, way)
    onTestFinished(haproxy.close)
    return { ...haproxy, log, relay: server.relay }
  }

  it.each(['send-proxy', 'send-proxy-v2'] as const)(
    'HAProxy passes the client on, and its address: %s',
    async (way) => {
      const { port, log, relay } = await stand(way)
      const lines = [
        'EHLO a',
        auth,
        'MAIL FROM:<me@example.com>',
        'RCPT TO:<a@example.net>',
        'DATA',
        'Subject: x\r\n\r\nx\r\n.',
        'QUIT',
      ]
      const replies = await smtpDialogue(port, lines, '127.0.0.21')
      expect(replies.map((reply) => reply.slice(0, 3))).toEqual([
        '220',
        '250',
        '235',
        '250',
        '250',
        '354',
        '250',
        '221',
      ])
      expect(relay.messages).toHaveLength(1)
      const clients = log.lines.flatMap(({ fields }) => ('source' in fields ? [fields.source] : []))
      expect(new Set(clients)).toEqual(new Set(['127.0.0.21']))
    },
  )

  it('HAProxy lets TLS through to the server', async () => {
    const authority = await createAuthority()
    const { port } = await stand('send-proxy-v2', { tls: await authority.issue() })
    const client = connectLineClient({ host: '127.0.0.1', port })
    onTestFinished(() => client.close())
    await client.startTls(authority.ca)
    expect((await client.reply()).code).toBe(220)
    client.send(`EHLO a\r\n${auth}\r\n`)
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 235])
  })

  it('HAProxy looks whether the server is there, and nothing is refused by that', async () => {
    const { port, log } = await stand('send-proxy')
    // Its server is down for it as soon as one look fails three times.
    await smtpDialogue(port, ['QUIT'], '127.0.0.1')
    expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  })
})
