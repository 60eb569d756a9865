import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { eventually } from '../support/eventually.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { peer } from '../support/peer.ts'
import { type Postfix, type RelayHost, startPostfix } from '../support/postfix.ts'
import type { Security } from './client.ts'

const texts = Array.from({ length: 12 }, (_, index) => `Number ${index}\n.\n..\nend\n`)

const ways = [
  ['plain', 'plain'],
  ['plain', 'login'],
  ['plain', 'cram-md5'],
  ['STARTTLS', 'plain'],
  ['STARTTLS', 'login'],
  ['implicit TLS', 'plain'],
  ['implicit TLS', 'login'],
] as const

describe.runIf(peer('dovecot', 'postfix'))('Postfix with postern as its relay host', () => {
  let stage: LegacyStage
  let postfix: Postfix
  beforeAll(async () => {
    stage = await setLegacyStage()
    postfix = await startPostfix(await relaysOf(stage))
  })
  afterAll(async () => {
    await postfix?.close()
    await stage?.close()
  })

  it.each(ways)('Postfix delivers its whole queue: %s, signing in by %s', async (security, mechanism) => {
    await handIn(domainOf(security, mechanism), texts)
    const { sent, arrived, dialogue, overheard } = await stage.delivered(texts.length)

    expect(await postfix.log()).not.toMatch(/status=(deferred|bounced)/)
    expect(dialogue).toMatch(new RegExp(`^AUTH ${mechanism}`, 'im'))
    expect(/^MAIL FROM/im.test(overheard.toString('latin1'))).toBe(security === 'plain')
    expect(arrived).toHaveLength(texts.length)
    expect(inOrder(arrived.map(({ raw }) => raw))).toEqual(inOrder(sent))
  })

  it('Postfix keeps its queue where it does not know the authority', async () => {
    await handIn(unknownAuthority, texts.slice(0, 1))
    await eventually('the message waits', async () => /status=deferred/.test(await postfix.log()))

    expect(await postfix.log()).toMatch(/status=deferred \(Server certificate not (verified|trusted)\)/)
    const { arrived, dialogue } = await stage.delivered(0)
    expect(arrived).toEqual([])
    expect(dialogue).not.toMatch(/AUTH|MAIL/)
  })

  async function handIn(domain: string, bodies: readonly string[]): Promise<void> {
    const server = { host: '127.0.0.1', port: postfix.port, ignoreTLS: true }
    const transport = nodemailer.createTransport({ ...server, pool: true })
    const envelope = { from: stage.mailbox.address, to: `you@${domain}` }
    await Promise.all(bodies.map((text) => transport.sendMail({ ...envelope, subject: 'One of many', text })))
    transport.close()
  }
})

const unknownAuthority = 'unknown-authority.example.net'

const domainOf = (security: Security, mechanism: string) =>
  `${security}-${mechanism}.example.net`.toLowerCase().replace(' ', '-')

/** A relay host for each way, by the domain of the recipients that get their mail that way. */
async function relaysOf({ postern, mailbox, ports, caFile, otherCaFile }: LegacyStage) {
  const words = ['login', 'add', mailbox.address, '--user', 'old', '--cram-md5', '--network', '127.0.0.1']
  const challenged = { user: 'old', password: (await command(postern, ...words)).password }
  const relays: Record<string, RelayHost> = {}
  for (const [security, mechanism] of ways) {
    const { user, password } = mechanism === 'cram-md5' ? challenged : mailbox
    const tls = security === 'plain' ? {} : { tls: { security, caFile } }
    relays[domainOf(security, mechanism)] = { port: ports[security], user, password, mechanism, ...tls }
  }
  const { user, password } = mailbox
  const tls = { security: 'STARTTLS' as const, caFile: otherCaFile }
  relays[unknownAuthority] = { port: ports.STARTTLS, user, password, mechanism: 'plain', tls }
  return relays
}

/** In an order of their own: a queue has none. */
function inOrder(messages: Buffer[]): string[] {
  return messages.map((raw) => raw.toString('latin1')).sort()
}
