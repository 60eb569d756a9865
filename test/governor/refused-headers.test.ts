import { describe, expect, it } from 'vitest'
import { governorStage, mailbox, ok, type Script } from './governor-stage.ts'

const boss = 'boss@example.com'
const notAllowed = '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
const sendAsDenied = `554 5.2.252 SendAsDenied; ${mailbox} not allowed to send as ${boss}; STOREDRV.Submission`
const fastmail = '551 5.7.1 Not authorised to send from this header address'

function fromWith(from: readonly string[], message: string): Script {
  return { recipients: [ok], message, from }
}

async function afterThree(
  message: string,
  from: readonly string[] = [boss],
  sender = mailbox,
  more: readonly string[] = [],
) {
  const stage = await governorStage()
  for (let number = 0; number < 3; number += 1)
    stage.transact({ ...fromWith(from, message), more }, 'printer', sender, '192.0.2.1')
  const send = (
    login: string,
    source: string,
    of: readonly string[],
    as = mailbox,
    lines: readonly string[] = [],
  ) => stage.transact({ ...fromWith(of, ok), more: lines }, login, as, source)
  /** Of the same program. */
  const sendMore = (of: readonly string[], more: readonly string[], as = mailbox) =>
    send('printer', '192.0.2.1', of, as, more)
  return { ...stage, sendFrom: send, sendMore }
}

describe.each([notAllowed, sendAsDenied, fastmail])(
  'a header From: refused three times by "%s"',
  (message) => {
    it('the header keeps back what the same program sends with it, and the refusal says so', async () => {
      const { sendFrom } = await afterThree(message)
      expect(() => sendFrom('printer', '192.0.2.1', [boss])).toThrow(
        expect.objectContaining({ code: 'provider-setup', told: expect.stringContaining(`From: ${boss}`) }),
      )
      expect(() => sendFrom('printer', '192.0.2.1', ['Boss@EXAMPLE.com', mailbox])).toThrow()
    })

    it('the header keeps back nothing else: no other login, no other source, no other header, and never the mailbox’s own', async () => {
      const { sendFrom } = await afterThree(message)
      sendFrom('cron', '192.0.2.1', [boss])
      sendFrom('printer', '192.0.2.2', [boss])
      sendFrom('printer', '192.0.2.1', [mailbox])
      sendFrom('printer', '192.0.2.1', [])
      sendFrom('printer', '192.0.2.1', ['team@example.com'])
    })

    it('the header is shown as the trouble of that program, with advice that it does not follow already', async () => {
      const { governor } = await afterThree(message)
      expect(governor.state().pauses).toMatchObject([
        {
          about: 'program',
          login: 'printer',
          source: '192.0.2.1',
          reason: expect.stringContaining(`From: ${boss}`),
          fix: `Let the program write ${mailbox} into the header From: of its messages, let its login do that (--rewrite-from), or have the provider let this mailbox send as ${boss}.`,
        },
      ])
      expect(governor.state().pauses[0]).not.toHaveProperty('sender')
    })

    it('one message tries the header again after ten minutes', async () => {
      const { clock, governor, sendFrom, transact } = await afterThree(message)
      clock.advance(599)
      expect(() => sendFrom('printer', '192.0.2.1', [boss])).toThrow()
      clock.advance(1)
      transact(fromWith([boss], message), 'printer', mailbox, '192.0.2.1')
      clock.advance(1199)
      expect(() => sendFrom('printer', '192.0.2.1', [boss])).toThrow()
      clock.advance(1)
      sendFrom('printer', '192.0.2.1', [boss])
      expect(governor.state().pauses).toEqual([])
    })
  },
)

describe('whom a refusal behind the message is about', () => {
  it.each<[string, readonly string[], string, string]>([
    ['the header, when the envelope is the mailbox’s', [boss], mailbox, boss],
    ['the envelope, when the header is the mailbox’s', [mailbox], boss, boss],
    ['the one of several that the reply names', ['team@example.com', boss], mailbox, boss],
    ['the envelope that the reply names', ['team@example.com'], boss, boss],
  ])('the refusal is about %s', async (_, from, sender, culprit) => {
    const { governor, sendFrom } = await afterThree(sendAsDenied, from, sender)
    expect(governor.state().pauses[0]?.fix).toContain(`send as ${culprit}`)
    expect(() => sendFrom('printer', '192.0.2.1', [culprit])).toThrow()
  })

  it('the refusal is about a header that names no address, and the messages that have one go on', async () => {
    const { governor, sendFrom } = await afterThree(notAllowed, [])
    expect(() => sendFrom('printer', '192.0.2.1', [])).toThrow()
    sendFrom('printer', '192.0.2.1', [mailbox])
    expect(governor.state().pauses).toMatchObject([
      {
        fix: `Let the program write ${mailbox} into the header From: of its messages, or let its login do that (--rewrite-from).`,
      },
    ])
  })

  it('the address that the reply names is told where the message has another', async () => {
    const { governor } = await afterThree(sendAsDenied, ['team@example.com'])
    expect(governor.state().pauses[0]?.reason).toMatch(/From: team@example\.com .* means boss@example\.com/)
  })

  it.each([
    [boss, /From: boss@example\.com in their header \(554 5\.2\.252\)/],
    ['team@example.com', /From: team@example\.com .* means boss@example\.com/],
  ])(
    'the refusal is not about the person who signs in, whom the reply names first: %s',
    async (from, reason) => {
      const denied = `554 5.2.252 SendAsDenied; till@example.com not allowed to send as ${boss}; STOREDRV.Submission`
      const { governor } = await afterThree(denied, [from])
      expect(governor.state().pauses[0]?.reason).toMatch(reason)
    },
  )

  it.each([notAllowed, sendAsDenied, fastmail])(
    'the refusal is about a foreign Sender: where From: is the mailbox’s own: "%s"',
    async (message) => {
      const sender = [`Sender: <${boss}>`]
      const { governor, sendFrom, sendMore } = await afterThree(message, [mailbox], mailbox, sender)
      expect(governor.state().pauses).toMatchObject([
        {
          about: 'program',
          login: 'printer',
          reason: expect.stringContaining(`From: ${mailbox} and Sender: ${boss}`),
          fix: `Let the program leave out the header Sender: of its messages or write ${mailbox} into it, let its login do that (--rewrite-from), or have the provider let this mailbox send as ${boss}.`,
        },
      ])
      sendMore([mailbox], [])
      sendMore([mailbox], ['Sender: team@example.com'])
      sendMore([mailbox], [`Sender: ${mailbox}`])
      sendFrom('cron', '192.0.2.1', [mailbox], mailbox, sender)
      expect(() => sendMore([mailbox], [`Sender: Boss@Example.com`, 'Subject: another'])).toThrow(
        expect.objectContaining({ code: 'provider-setup' }),
      )
    },
  )

  it('the refusal is about who sent the message on, where nobody else is foreign', async () => {
    const more = [`Resent-From: ${boss}`]
    const { governor, sendMore } = await afterThree(fastmail, [mailbox], mailbox, more)
    expect(() => sendMore([mailbox], more)).toThrow()
    sendMore([mailbox], [])
    expect(governor.state().pauses).toMatchObject([{ fix: expect.stringContaining('Resent-From:') }])
  })

  it('the refusal is about all that the message names together where the reply tells of none: each of them alone may be allowed', async () => {
    const alias = 'alias@example.com'
    const { sendMore } = await afterThree(notAllowed, [alias], mailbox, [`Sender: ${boss}`])
    expect(() => sendMore([alias], [`Sender: ${boss}`])).toThrow()
    sendMore([alias], [])
    sendMore([mailbox], [`Sender: ${boss}`])
    const several = await afterThree(notAllowed, [alias, boss])
    expect(() => several.sendMore([boss, alias], [])).toThrow()
    several.sendMore([alias], [])
    const enveloped = await afterThree(notAllowed, [alias], boss)
    expect(() => enveloped.sendMore([alias], [], boss)).toThrow()
    enveloped.sendMore([alias], [])
  })

  it('the refusal is not about whoever lets the mailbox send for them, who is named beside it', async () => {
    const { sendMore } = await afterThree(notAllowed, [boss])
    expect(() => sendMore([boss], [])).toThrow()
    sendMore([boss], [`Sender: ${mailbox}`])
  })
})

it('what a queue with many programs behind it sends is not held up by one of them', async () => {
  const { transact } = await governorStage()
  for (let number = 0; number < 50; number += 1) {
    transact(fromWith([mailbox], ok), 'postfix', mailbox, '127.0.0.1')
    try {
      transact(fromWith([boss], notAllowed), 'postfix', mailbox, '127.0.0.1')
    } catch (error) {
      expect(error).toMatchObject({ code: 'provider-setup' })
    }
  }
})
