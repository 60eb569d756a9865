import { describe, expect, it } from 'vitest'
import {
  ehlo,
  expectLine,
  signsIn,
  takesData,
  takesEnvelope,
  takesMessage,
} from '../support/provider-scripts.ts'
import { me } from '../support/relay-stage.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { mail, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()
const onePerWrite = ehlo.filter((offer) => offer !== 'PIPELINING')

/** What was said after the sign-in. */
function afterSignIn(heard: string | undefined): string {
  return heard?.replace(/^.*?AUTH XOAUTH2 \S+\r\n/s, '') ?? ''
}

describe('the envelope at the provider', () => {
  it('the envelope leaves in one write, and every recipient gets its own reply, verbatim', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      // Nothing is answered until all of it is here.
      const lines = await client.linesUntil(/<c@example\.com>/)
      expectLine(lines.join(' '), /^MAIL FROM:<me@example\.com> RCPT TO:<a@.* RCPT TO:<b@.* RCPT TO:<c@/)
      client.say(
        '250 2.1.0 Fine',
        '250 2.1.5 Yes',
        '550-5.1.1 No such',
        '550 5.1.1 user \xe9',
        '452 4.2.2 Full',
      )
      await client.gone()
    })
    const { replies } = await relay.begin(
      me,
      mail,
      to('a@example.com', 'b@example.com', 'c@example.com'),
      'printer',
    )
    expect(replies).toEqual([
      { code: 250, lines: ['2.1.5 Yes'] },
      { code: 550, lines: ['5.1.1 No such', '5.1.1 user \xe9'] },
      { code: 452, lines: ['4.2.2 Full'] },
    ])
    expect(provider.heard).toHaveLength(1)
  })

  it('the envelope goes one command at a time without PIPELINING', async () => {
    const { relay } = await stage(async (client) => {
      await signsIn(client, onePerWrite)
      for (const command of [/^MAIL/, /^RCPT TO:<a@/, /^RCPT TO:<b@/]) {
        expectLine(await client.line(), command)
        // Were another command here already, this reply would not be the last that is owed.
        client.say('250 OK')
      }
      await takesData(client)
      await client.gone()
    })
    const { replies, transaction } = await relay.begin(
      me,
      mail,
      to('a@example.com', 'b@example.com'),
      'printer',
    )
    expect(replies).toHaveLength(2)
    expect(await transaction?.send(message('hi\r\n'))).toMatchObject({ code: 250 })
  })

  it.each([
    ['with PIPELINING', ehlo],
    ['without PIPELINING', onePerWrite],
  ])('the envelope is over when MAIL is refused, and the connection serves on: %s', async (_, offers) => {
    const pipelining = offers === ehlo
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client, offers)
      if (pipelining) await client.linesUntil(/<b@/)
      else await client.line()
      client.say('550-5.7.60 Not allowed', '550 5.7.60 to send as this')
      if (pipelining) client.say('503 5.5.1 MAIL first', '503 5.5.1 MAIL first')
      if (pipelining) await takesMessage(client)
      else
        for (const _command of ['MAIL', 'RCPT']) {
          await client.line()
          client.say('250 OK')
        }
      await client.gone()
    })
    const refused = await relay.begin(me, mail, to('a@example.com', 'b@example.com'), 'printer')
    const reply = { code: 550, lines: ['5.7.60 Not allowed', '5.7.60 to send as this'] }
    expect(refused).toEqual({ replies: [reply, reply] })
    const next = await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(next.replies).toMatchObject([{ code: 250 }])
    expect(provider.heard).toHaveLength(1)
  })

  it('a provider that takes recipients without a sender hears RSET', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await client.linesUntil(/^RCPT/)
      client.say('550 5.1.7 Bad sender', '250 2.1.5 Fine all the same')
      expectLine(await client.line(), /^RSET$/)
      client.say('250 2.0.0 OK')
      await takesMessage(client)
      await client.gone()
    })
    await relay.begin(me, mail, to('a@example.com'), 'printer')
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(await transaction?.send(message('hi\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
  })

  it('the envelope takes more recipients later, and drops parameters that are not offered', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      await client.linesUntil(/<c@/)
      client.say('250 2.1.5 b', '550 5.1.1 c')
      await client.gone()
    })
    const parameters = [{ keyword: 'SIZE', value: '12' }, { keyword: 'SMTPUTF8' }]
    const { transaction } = await relay.begin(
      me,
      { sender: 'me@example.com', parameters },
      to('a@example.com'),
      'printer',
    )
    const [b, c] = to('b@example.com', 'c@example.com')
    const more = [
      { recipient: b?.recipient ?? '', parameters: [{ keyword: 'NOTIFY', value: 'NEVER' }] },
      ...(c ? [c] : []),
    ]
    expect(await transaction?.recipients(more)).toMatchObject([{ code: 250 }, { code: 550 }])
    expect(afterSignIn(provider.heard[0])).toBe(
      'MAIL FROM:<me@example.com> SIZE=12\r\nRCPT TO:<a@example.com>\r\n' +
        'RCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n',
    )
  })

  it('the envelope refuses to write a line end, and gives the lease back', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      await client.gone()
    })
    await expect(relay.begin(me, mail, to('a@example.com>\r\nDATA'), 'printer')).rejects.toMatchObject({
      code: 'invalid',
    })
    await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(provider.heard).toHaveLength(1)
    expect(provider.heard[0]).not.toContain('DATA')
  })

  it('the envelope is reset with RSET, and the next transaction finds a clean connection', async () => {
    const { relay, provider } = await stage(async (client) => {
      await signsIn(client)
      await takesEnvelope(client)
      expectLine(await client.line(), /^RSET$/)
      client.say('250 2.0.0 Reset')
      await takesMessage(client)
      await client.gone()
    })
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
    await transaction?.reset()
    const next = await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(await next.transaction?.send(message('hi\r\n'))).toMatchObject({ code: 250 })
    // An end that came before is not undone, and harms nobody who has the connection now.
    await transaction?.reset()
    expect(provider.heard).toHaveLength(1)
  })
})

describe('a provider that fails in the envelope', () => {
  it.each([
    ['dies between the replies', ['250 2.1.0 Fine']],
    ['mixes codes in one reply', ['250-2.1.0 Fine', '550 5.1.1 or not']],
    ['asks for more', ['354 Go ahead', '250 2.1.5 Fine']],
    ['sends one reply more than it owes', ['250 2.1.0 Fine', '250 2.1.5 Fine', '250 and fine']],
    ['does not speak SMTP any more', ['HTTP/1.1 500 Oops']],
  ])('a provider is left when it %s', async (_, replies) => {
    const { relay, provider } = await stage(async (client, connection) => {
      await signsIn(client)
      if (connection > 0) return void (await takesMessage(client))
      await client.linesUntil(/^RCPT/)
      client.say(...replies)
      client.hangUp()
    })
    const begun = relay.begin(me, mail, to('a@example.com'), 'printer')
    await expect(begun).rejects.toMatchObject({ code: 'provider-unavailable' })
    const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(await transaction?.send(message('hi\r\n'))).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })

  it('a provider that hangs is given up in time', async () => {
    const { relay } = await stage(
      async (client) => {
        await signsIn(client)
        await client.gone()
      },
      { limits: { upstreamReplySeconds: 0.5 } },
    )
    await relay.verify(me)
    await expect(relay.begin(me, mail, to('a@example.com'), 'printer')).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('no reply within'),
    })
  })

  it.each([
    [421, '4.7.0 Come back later', 0],
    [530, '5.7.0 Authentication required', 60],
    [550, '5.7.57 Client was not authenticated to send anonymous mail', 60],
  ])(
    'a %i to MAIL on a new connection is passed on, that connection ends, and sign-ins are as rare as after a refusal',
    async (code, text, pause) => {
      const { relay, provider, clock } = await stage(async (client, connection) => {
        await signsIn(client)
        if (connection > 0) return void (await takesMessage(client))
        await client.linesUntil(/^RCPT/)
        client.say(`${code} ${text}`, '503 5.5.1 MAIL first')
        await client.gone()
      })
      const begun = await relay.begin(me, mail, to('a@example.com'), 'printer')
      expect(begun).toEqual({ replies: [{ code, lines: [text] }] })
      if (pause > 0)
        await expect(relay.begin(me, mail, to('a@example.com'), 'printer')).rejects.toMatchObject({
          code: 'provider-setup',
          message: expect.stringContaining(String(code)),
        })
      clock.advance(pause)
      const { transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
      expect(await transaction?.send(message('hi\r\n'))).toMatchObject({ code: 250 })
      expect(provider.heard).toHaveLength(2)
    },
  )
})
