import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command, consentLink } from '../../examples/demo/mailbox.js'
import { setStageWith } from '../../examples/demo/stage.js'
import { createAuthority } from '../support/certificates.ts'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { peer } from '../support/peer.ts'
import { expectLine, signsIn, takesData } from '../support/provider-scripts.ts'
import { runProgram } from '../support/run-program.ts'
import { type Client, type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'

const you = 'you@example.net'

/** What the provider does with one message, after its MAIL. */
type Play = (client: Client) => Promise<unknown>

const answersRecipients =
  (final: string, ...replies: string[]): Play =>
  async (client) => {
    for (const _ of replies) expectLine(await client.line(), /^RCPT TO:/)
    client.say('250 2.1.0 Sender fine', ...replies)
    if (replies.some((reply) => reply.startsWith('2'))) await takesData(client, final)
  }
const ends = (final: string) => answersRecipients(final, '250 2.1.5 Recipient fine')
const takes = ends('250 2.0.0 Queued')
/** It has the whole message, and is gone before it has said so. */
const breaksOff: Play = async (client) => {
  expectLine(await client.line(), /^RCPT TO:/)
  client.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
  expectLine(await client.line(), /^DATA$/)
  client.say('354 Go ahead')
  await client.linesUntil(/^\.$/)
  arrived++
  client.reset()
  await client.gone()
}
let arrived = 0

interface Asked {
  key?: string
  once?: string
  to?: string[]
}

describe('what the provider does not take of a message that was handed in by HTTP', () => {
  let stage: Awaited<ReturnType<typeof openStage>>
  let mailboxes = 0
  const plays: Play[] = []

  async function openStage() {
    const authority = await createAuthority()
    const certificate = await authority.issue()
    let provider: ScriptedProvider | undefined
    const opened = await setStageWith(async () => {
      provider = await startScriptedProvider({ tls: 'implicit', certificate }, async (client) => {
        await signsIn(client)
        for (;;) {
          const line = await client.line()
          if (line === 'RSET' || line === 'NOOP') client.say('250 2.0.0 Fine')
          else if (line === 'QUIT') return client.hangUp()
          else {
            expectLine(line, /^MAIL FROM:/)
            await plays.shift()?.(client)
          }
        }
      })
      const { port, close } = provider
      return { host: '127.0.0.1', port, tls: 'implicit', ca: authority.ca, close }
    })
    return { ...opened, provider: provider as ScriptedProvider }
  }

  beforeAll(async () => {
    stage = await openStage()
  }, 60_000)
  afterAll(() => stage?.close())

  /** Each by a mailbox of its own: what one provider says may count for a while. */
  async function newMailbox() {
    const address = `me${++mailboxes}@example.com`
    await consentedMailbox(stage.postern, address)
    const { key } = await command(stage.postern, 'api-key', 'add', '--scope', `send:${address}`)
    return { address, key: key as string }
  }

  async function send(
    { address, key: own }: { address: string; key: string },
    { key = own, once, to = [you] }: Asked = {},
  ) {
    const response = await fetch(`${stage.postern.url}/api/v1/messages`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(once !== undefined && { 'idempotency-key': once }),
      },
      body: JSON.stringify({ from: address, to, text: 'hello' }),
    })
    const body = (await response.json()) as Record<string, unknown>
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body }
  }

  it('a message that is refused for good is 422 with the reply, and its Idempotency-Key may be used again', async () => {
    const mailbox = await newMailbox()
    plays.push(ends('550 5.7.1 Looks like spam'), takes)
    expect(await send(mailbox, { once: 'refused' })).toMatchObject({
      status: 422,
      body: {
        failure: 'sending.provider-refused',
        reply: { code: 550, enhancedCode: '5.7.1', text: 'Looks like spam' },
        accepted: [{ recipient: you }],
      },
    })
    expect(await send(mailbox, { once: 'refused' })).toMatchObject({
      status: 200,
      body: { reply: { code: 250 } },
    })
  })

  it('where every recipient is refused it is 422 with the reply to each, and where some are it is sent', async () => {
    const mailbox = await newMailbox()
    const to = [you, 'two@example.net']
    plays.push(answersRecipients('', '550 5.1.1 Nobody', '551 5.1.6 Moved'))
    expect(await send(mailbox, { to })).toMatchObject({
      status: 422,
      body: {
        accepted: [],
        refused: [
          { recipient: you, reply: { code: 550, enhancedCode: '5.1.1', text: 'Nobody' } },
          { recipient: to[1], reply: { code: 551 } },
        ],
      },
    })
    plays.push(answersRecipients('250 2.0.0 Queued', '550 5.1.1 Nobody', '250 2.1.5 Fine'))
    expect(await send(mailbox, { to })).toMatchObject({
      status: 200,
      body: { accepted: [{ recipient: to[1] }], refused: [{ recipient: you }] },
    })
  })

  it('a message that may come later is 503 with Retry-After, and the same request is sent then', async () => {
    const mailbox = await newMailbox()
    plays.push(ends('451 4.3.0 Not now'), takes)
    const later = await send(mailbox, { once: 'later' })
    expect(later).toMatchObject({
      status: 503,
      body: { failure: 'sending.provider-later', reply: { code: 451, text: 'Not now' } },
    })
    expect(Number(later.retryAfter)).toBeGreaterThan(0)
    expect((await send(mailbox, { once: 'later' })).status).toBe(200)
  })

  it('a consent that has lapsed is 409, and who may see it is told the link', async () => {
    const mailbox = await newMailbox()
    const { key: admin } = await command(
      stage.postern,
      ...['api-key', 'add', '--scope', `send:${mailbox.address}`, '--scope', 'admin'],
    )
    await stage.authority.revokeGrantsOf(mailbox.address)
    await stage.postern.kill()
    const { startPostern } = await import('../../examples/demo/postern-process.js')
    // It has no token in memory now.
    stage.postern = await startPostern(stage.process)
    const told = await send(mailbox)
    expect(told).toMatchObject({ status: 409, body: { failure: 'grant.lapsed', code: 'consent-needed' } })
    expect(told.body).not.toHaveProperty('consentLink')
    const { body, status } = await send(mailbox, { key: admin })
    const { url } = body.consentLink as { url: string }
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { consentLink: { mailbox: mailbox.address } },
    })
    expect((await fetch(url)).status).toBe(200)
    const again = (await send(mailbox, { key: admin })).body.consentLink
    expect(again).toMatchObject({ url })
    expect(await consentLink(stage.postern, mailbox.address)).not.toBe(url)
  })

  it('where the connection breaks before the reply it is 504, and a repeat by its key sends nothing', async () => {
    const mailbox = await newMailbox()
    plays.push(breaksOff)
    arrived = 0
    expect(await send(mailbox, { once: 'broken' })).toMatchObject({
      status: 504,
      body: { code: 'outcome-unknown' },
    })
    expect(await send(mailbox, { once: 'broken' })).toMatchObject({
      status: 409,
      body: { failure: 'sending.key-unknown-outcome' },
    })
    expect(arrived).toBe(1)
    plays.push(takes)
    expect((await send(mailbox, { once: 'another' })).status).toBe(200)
  })

  it.runIf(peer('curl'))('curl is told the same, and ends with 22 where it is asked to fail', async () => {
    const { address, key } = await newMailbox()
    plays.push(ends('554 5.6.0 No'))
    const words = [
      '-sS',
      '--fail-with-body',
      '-H',
      `Authorization: Bearer ${key}`,
      '-H',
      'Content-Type: message/rfc822',
    ]
    const { code, output } = await runProgram(
      'curl',
      [...words, '--data-binary', '@-', `${stage.postern.url}/api/v1/messages`],
      { input: `From: ${address}\r\nTo: ${you}\r\n\r\nhello\r\n` },
    )
    expect(code).toBe(22)
    expect(output).toContain('"failure":"sending.provider-refused"')
    expect(output).toContain('"text":"No"')
  })

  it('a provider that cannot be reached is 503 with Retry-After', async () => {
    const mailbox = await newMailbox()
    await stage.provider.close()
    const away = await send(mailbox)
    expect(away).toMatchObject({ status: 503, body: { code: 'provider-unavailable' } })
    expect(Number(away.retryAfter)).toBeGreaterThan(0)
  })
})
