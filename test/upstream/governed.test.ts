import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { failureAs } from '../support/made-failure.ts'
import { ehlo, expectLine, greets, signsIn } from '../support/provider-scripts.ts'
import { mailbox, me } from '../support/relay-stage.ts'
import type { Client } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, line, mail, message, to } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

/** What a scripted provider answers to MAIL and to the end of a message; undefined: it accepts. */
interface Answers {
  toMail?: () => string | undefined
  toMessage?: () => string | undefined
  messages?: string[]
}

/** Signs in and takes messages until QUIT or a 421. */
async function serves(client: Client, { toMail, toMessage, messages = [] }: Answers = {}): Promise<void> {
  await signsIn(client)
  for (;;) {
    const first = await client.line()
    if (first === 'QUIT') {
      client.say('221 2.0.0 Goodbye')
      return client.hangUp()
    }
    if (first === 'RSET') {
      client.say('250 2.0.0 Fine')
      continue
    }
    expectLine(first, /^MAIL FROM:/)
    await client.line()
    const refusal = toMail?.()
    if (refusal !== undefined) client.say(refusal, '503 5.5.1 MAIL first')
    if (refusal?.startsWith('421')) return client.hangUp()
    if (refusal !== undefined) continue
    client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
    const next = await client.line()
    if (next === 'RSET') {
      client.say('250 2.0.0 Fine')
      continue
    }
    client.say('354 Go ahead')
    const lines = await client.linesUntil(/^\.$/)
    messages.push(lines.slice(0, -1).join('\n'))
    client.say(toMessage?.() ?? '250 2.0.0 Queued')
  }
}

type Relay = Awaited<ReturnType<typeof stage>>['relay']

async function sendOne(relay: Relay, text: string, login?: string) {
  return await (await begin(relay, login)).send(message(`${text}\r\n`))
}

function mails(provider: { heard: readonly string[] }): number {
  return provider.heard.join('').split('MAIL FROM').length - 1
}

describe('messages that wait', () => {
  it('messages leave in turn for each login, so that a bulk sender holds up nobody', async () => {
    const messages: string[] = []
    const { relay } = await stage((client) => serves(client, { messages }))
    const first = await begin(relay, 'bulk')
    const waiting = [1, 2, 3, 4].map((number) => sendOne(relay, `bulk ${number}`, 'bulk'))
    waiting.push(sendOne(relay, 'printer', 'printer'))
    await eventually('five that wait', async () => (await relay.state(mailbox)).waiting === 5)
    await first.send(message('bulk 0\r\n'))
    await Promise.all(waiting)
    expect(messages).toEqual(['bulk 0', 'bulk 1', 'printer', 'bulk 2', 'bulk 3', 'bulk 4'])
  })

  it('messages are told to try again later when the rate of the mailbox is used up, and the provider hears nothing', async () => {
    const { relay, provider, clock } = await stage((client) => serves(client), {
      provider: { limits: { connections: 1, messagesPerMinute: 4 } },
      limits: { leaseWaitSeconds: 0.2 },
    })
    await relay.verify(me)
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    await expect(sendOne(relay, 'b')).rejects.toMatchObject({
      code: 'limit-reached',
      message: expect.stringContaining('limits let no message leave'),
    })
    expect(mails(provider)).toBe(1)
    clock.advance(15)
    expect(await sendOne(relay, 'c')).toMatchObject({ code: 250 })
  })

  it('transactions cost nothing of the rate when they end before their message', async () => {
    const { relay, provider } = await stage((client) => serves(client), {
      provider: { limits: { connections: 1, messagesPerMinute: 4 } },
      limits: { leaseWaitSeconds: 0.2 },
    })
    for (let number = 0; number < 20; number += 1) await (await begin(relay)).reset()
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(0)
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(1)
    await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached' })
    expect(mails(provider)).toBe(21)
  })

  it('messages leave by themselves as soon as the rate allows it', async () => {
    const { relay } = await stage((client) => serves(client), {
      provider: { limits: { connections: 1, messagesPerMinute: 240 } },
    })
    const sent = await Promise.all(Array.from({ length: 60 }, (_, number) => sendOne(relay, String(number))))
    expect(sent.every(({ code }) => code === 250)).toBe(true)
    expect((await relay.state(mailbox)).messagesLastMinute).toBe(60)
  })
})

describe('a client that is silent in its transaction', () => {
  async function silentFor(seconds: number) {
    const setUp = await stage((client) => serves(client))
    const silent = await begin(setUp.relay, 'silent')
    setUp.clock.advance(seconds)
    return { ...setUp, silent }
  }

  it('a silent client loses its connection to those who wait, and hears that it has to send again', async () => {
    const { relay, provider, silent } = await silentFor(15)
    expect(await sendOne(relay, 'a', 'printer')).toMatchObject({ code: 250 })
    await expect(silent.recipients(to('b@example.com'))).rejects.toMatchObject({ code: 'limit-reached' })
    await expect(silent.send(message('b\r\n'))).rejects.toMatchObject({ code: 'limit-reached' })
    await silent.reset()
    expect(await sendOne(relay, 'c', 'silent')).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
  })

  it('a silent client keeps its connection once it is promised that its message is taken, however long others wait', async () => {
    const { relay, provider, clock } = await stage((client) => serves(client))
    const promised = await begin(relay, 'slow')
    clock.advance(14)
    promised.promise()
    let go = () => {}
    const paused = new Promise<void>((resolve) => {
      go = resolve
    })
    async function* slow() {
      yield Buffer.from('half\r\n')
      await paused
      yield Buffer.from('whole\r\n')
    }
    const sent = promised.send(slow())
    clock.advance(299)
    const others = ['a', 'b'].map((text) => sendOne(relay, text, 'printer'))
    await eventually('two that wait', async () => (await relay.state(mailbox)).waiting === 2)
    go()
    expect(await sent).toMatchObject({ code: 250 })
    for (const other of others) expect(await other).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(1)
  })

  it('a silent client is promised nothing when others have got its connection', async () => {
    const { relay, silent } = await silentFor(15)
    expect(await sendOne(relay, 'a', 'printer')).toMatchObject({ code: 250 })
    expect(() => silent.promise()).toThrow('others got its connection')
  })

  it('a silent client keeps its connection while nobody waits, and while its time is not up', async () => {
    const { relay, silent } = await silentFor(3600)
    expect(await silent.send(message('a\r\n'))).toMatchObject({ code: 250 })
    const another = await begin(relay, 'silent')
    const next = sendOne(relay, 'b', 'printer')
    await eventually('one that waits', async () => (await relay.state(mailbox)).waiting === 1)
    expect(await another.send(message('c\r\n'))).toMatchObject({ code: 250 })
    expect(await next).toMatchObject({ code: 250 })
  })
})

describe('a provider that complains', () => {
  it('a complaint of too many connections gives the provider fewer for a while', async () => {
    let complaints = 1
    const complain = () =>
      complaints-- > 0 ? '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded' : undefined
    const { relay, clock } = await stage((client) => serves(client, { toMessage: complain }), {
      provider: { limits: { connections: 2 } },
    })
    const [one, two] = await Promise.all([begin(relay), begin(relay)])
    expect((await relay.state(mailbox)).connections).toMatchObject({ open: 2, inUse: 2, allowed: 2 })
    expect(await one.send(message('a\r\n'))).toMatchObject({ code: 432 })
    expect((await relay.state(mailbox)).connections).toMatchObject({ allowed: 1, limit: 2 })
    expect(await two.send(message('b\r\n'))).toMatchObject({ code: 250 })
    await eventually('one connection', async () => (await relay.state(mailbox)).connections.open === 1)
    clock.advance(31)
    expect((await relay.state(mailbox)).connections).toMatchObject({ allowed: 2 })
  })

  it('a complaint of too many messages that closes is not asked about again on another connection', async () => {
    let accepted = 0
    const { relay, provider } = await stage((client) =>
      serves(client, {
        toMail: () =>
          accepted++ > 0
            ? '421 4.4.2 Message submission rate for this client has exceeded the configured limit'
            : undefined,
      }),
    )
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    const { replies, transaction } = await relay.begin(me, mail, to('a@example.com'), 'printer')
    expect(replies).toMatchObject([{ code: 421 }])
    expect(transaction).toBeUndefined()
    expect(provider.heard).toHaveLength(1)
    await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached' })
    expect(mails(provider)).toBe(2)
  })

  it('a complaint of a header From: keeps back what has it from that program, and nothing else', async () => {
    const messages: string[] = []
    const refuse = () =>
      messages.at(-1)?.startsWith('From: <boss@')
        ? '554 5.2.252 SendAsDenied; me@example.com not allowed to send as boss@example.com'
        : undefined
    const { relay, provider } = await stage((client) => serves(client, { messages, toMessage: refuse }))
    const fromBoss = 'From: <boss@example.com>\r\n'
    for (let number = 0; number < 3; number += 1)
      expect(await sendOne(relay, fromBoss)).toMatchObject({ code: 554 })
    await expect(sendOne(relay, fromBoss)).rejects.toMatchObject({ code: 'provider-setup' })
    expect(messages).toHaveLength(3)
    expect(await sendOne(relay, 'From: me@example.com\r\n')).toMatchObject({ code: 250 })
    expect(await sendOne(relay, 'From: me@example.com\r\n', 'cron')).toMatchObject({ code: 250 })
    expect(await sendOne(relay, fromBoss, 'cron')).toMatchObject({ code: 554 })
    expect((await relay.state(mailbox)).pauses).toMatchObject([{ about: 'program', login: 'printer' }])
    expect(provider.heard).toHaveLength(1)
  })

  it('a complaint of a header Sender: never holds up what the same program sends from the mailbox’s own address alone', async () => {
    const messages: string[] = []
    const refuse = () =>
      messages.at(-1)?.includes('Sender: root@')
        ? '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
        : undefined
    const { relay } = await stage((client) => serves(client, { messages, toMessage: refuse }))
    const own = 'From: me@example.com\r\n'
    const forRoot = `${own}Sender: root@host.example\r\n`
    for (let number = 0; number < 3; number += 1)
      expect(await sendOne(relay, `${forRoot}Subject: ${number}\r\n`)).toMatchObject({ code: 550 })
    expect(await sendOne(relay, own)).toMatchObject({ code: 250 })
    await expect(sendOne(relay, forRoot)).rejects.toMatchObject({
      code: 'provider-setup',
      fix: expect.stringContaining('Sender:'),
    })
    expect(messages).toHaveLength(4)
  })

  it('a complaint of messages from the mailbox itself lets each of them be offered, and none without end', async () => {
    const messages: string[] = []
    const refuse = () => '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
    const { relay } = await stage((client) => serves(client, { messages, toMessage: refuse }))
    const own = (subject: number) => `From: me@example.com\r\nSubject: ${subject}\r\n`
    for (let number = 0; number < 5; number += 1)
      expect(await sendOne(relay, own(number))).toMatchObject({ code: 550 })
    for (let number = 0; number < 2; number += 1)
      expect(await sendOne(relay, own(4))).toMatchObject({ code: 550 })
    await expect(sendOne(relay, own(4))).rejects.toMatchObject({ code: 'provider-setup' })
    expect(messages).toHaveLength(7)
  })

  it('a complaint of a long message from the mailbox itself knows it again, in whatever pieces it comes', async () => {
    const refuse = () => '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
    const { relay } = await stage((client) => serves(client, { toMessage: refuse }))
    const text = `From: me@example.com\r\n\r\n${line.repeat(2000)}`
    const sendCut = async (at: number) =>
      (await begin(relay)).send(message(text.slice(0, at), text.slice(at)))
    for (const at of [66_000, 70_000, 80_000]) expect(await sendCut(at)).toMatchObject({ code: 550 })
    await expect(sendCut(90_000)).rejects.toMatchObject({ code: 'provider-setup' })
  })

  it('a complaint of our token is shown with its own words, and with nothing that looks like a token', async () => {
    const words = '5.7.139 Authentication unsuccessful, the user credentials were incorrect.'
    const { relay } = await stage(async (client) => {
      await greets(client, [...ehlo, 'AUTH XOAUTH2'])
      await client.line()
      client.say(`535 ${words} ${'x'.repeat(40)}`)
      await client.gone()
    })
    await expect(relay.verify(me)).rejects.toMatchObject({ code: 'provider-setup' })
    const { pauses } = await relay.state(mailbox)
    expect(pauses).toMatchObject([{ about: 'sign-in', said: `${words} [hidden]` }])
  })

  it('a provider whose quota is used up is left alone, until one message finds out whether that is over', async () => {
    let quota = true
    const messages: string[] = []
    const { relay, provider, clock } = await stage((client) =>
      serves(client, {
        messages,
        toMessage: () =>
          quota
            ? '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message'
            : undefined,
      }),
    )
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 554 })
    for (let number = 0; number < 5; number += 1)
      await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached', fix: expect.any(String) })
    expect(mails(provider)).toBe(1)
    expect((await relay.state(mailbox)).pauses).toMatchObject([{ about: 'mailbox' }])
    clock.advance(3601)
    quota = false
    const probe = await begin(relay)
    await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached' })
    expect(await probe.send(message('b\r\n'))).toMatchObject({ code: 250 })
    expect(await sendOne(relay, 'c')).toMatchObject({ code: 250 })
    expect(messages).toEqual(['a', 'b', 'c'])
    expect((await relay.state(mailbox)).pauses).toEqual([])
  })
})

describe('the recipients of a day', () => {
  it('the recipients are not exceeded, also not in the middle of a transaction', async () => {
    const { relay, provider } = await stage((client) => serves(client), {
      provider: { limits: { connections: 1, recipientsPerDay: 2 } },
    })
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    await expect(
      relay.begin(me, mail, to('a@example.com', 'b@example.com'), 'printer'),
    ).rejects.toMatchObject({ code: 'limit-reached' })
    const transaction = await begin(relay)
    await expect(transaction.recipients(to('b@example.com'))).rejects.toMatchObject({ code: 'limit-reached' })
    await transaction.reset()
    expect(provider.heard[0]).not.toContain('b@example.com')
    const state = await relay.state(mailbox)
    expect(state).toMatchObject({ recipientsLastDay: 1, recipientsPerDay: 2 })
    expect(state).not.toHaveProperty('recipientsRoomAt')
  })

  it('the recipients are shown with the time when there is room again, once they are used up', async () => {
    const { relay, clock } = await stage((client) => serves(client), {
      provider: { limits: { connections: 1, recipientsPerDay: 1 } },
    })
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    const { recipientsRoomAt = 0 } = await relay.state(mailbox)
    await expect(begin(relay)).rejects.toMatchObject({ code: 'limit-reached' })
    clock.advance((recipientsRoomAt - clock.now()) / 1000)
    expect(await relay.state(mailbox)).not.toHaveProperty('recipientsRoomAt')
    expect(await sendOne(relay, 'b')).toMatchObject({ code: 250 })
  })
})

describe('a connection', () => {
  it('a connection that has become too old ends after its message', async () => {
    const { relay, provider, clock } = await stage((client) => serves(client))
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
    clock.advance(1801)
    expect(await sendOne(relay, 'b')).toMatchObject({ code: 250 })
    await eventually('QUIT', () => provider.heard[0]?.endsWith('QUIT\r\n'))
    expect(await sendOne(relay, 'c')).toMatchObject({ code: 250 })
    expect(provider.heard).toHaveLength(2)
  })
})

describe('a token that cannot be had', () => {
  it('a missing token keeps nobody from the provider once it can be had', async () => {
    const { relay, provider, tokens } = await stage((client) => serves(client))
    tokens.failure = failureAs('provider-setup', 'The registration is refused')
    for (let number = 0; number < 3; number += 1)
      await expect(begin(relay)).rejects.toMatchObject({ message: 'The registration is refused' })
    expect(provider.heard).toHaveLength(0)
    tokens.failure = undefined
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
  })

  it('a missing token is not asked for again at once while one connection serves', async () => {
    const { relay, asked, tokens, clock } = await stage((client) => serves(client), {
      provider: { limits: { connections: 2 } },
    })
    const first = await begin(relay)
    tokens.failure = failureAs('provider-unavailable', 'No token now')
    const [second, third] = [begin(relay), begin(relay)]
    await eventually('two that wait', async () => (await relay.state(mailbox)).waiting === 2)
    await first.send(message('a\r\n'))
    expect(await (await second).send(message('b\r\n'))).toMatchObject({ code: 250 })
    const last = await third
    expect(asked).toEqual(['token', 'token'])
    tokens.failure = undefined
    clock.advance(1)
    expect(await sendOne(relay, 'd')).toMatchObject({ code: 250 })
    expect(await last.send(message('c\r\n'))).toMatchObject({ code: 250 })
  })

  it('a missing token is the answer to all who wait for it, and not asked for by each of them', async () => {
    const { relay, provider, asked, tokens } = await stage((client) => serves(client), {
      provider: { limits: { connections: 3 } },
    })
    tokens.failure = failureAs('consent-needed', 'The consent has lapsed')
    const all = await Promise.allSettled(Array.from({ length: 9 }, () => begin(relay)))
    for (const { status } of all) expect(status).toBe('rejected')
    expect(asked.length).toBeLessThanOrEqual(3)
    expect(provider.heard).toHaveLength(0)
    tokens.failure = undefined
    expect(await sendOne(relay, 'a')).toMatchObject({ code: 250 })
  })
})
