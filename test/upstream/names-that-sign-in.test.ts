import { describe, expect, it } from 'vitest'
import { type Address, keyed } from '../../src/model/address.ts'
import { eventually } from '../support/eventually.ts'
import { ehlo, expectLine, greets, saysGoodbye } from '../support/provider-scripts.ts'
import type { Client, Script } from '../support/scripted-provider.ts'
import { useScriptedStage } from '../support/scripted-stage.ts'
import { begin, message } from '../support/upstream-messages.ts'

const stage = useScriptedStage()

const shared = 'billing@example.com'
const person: Address = 'till@example.com'

/** The name of an AUTH command. */
function userOf(line: string): string {
  const response = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
  return response.split('\x01')[0]?.replace('user=', '') ?? ''
}

/** Lets nobody in but these, and takes messages. */
function lets(
  accepted: () => readonly string[],
  heard: string[],
  refusal = '535 5.7.3 Authentication unsuccessful',
): Script {
  return async (client) => {
    await greets(client, [...ehlo, 'AUTH XOAUTH2'])
    const user = userOf(await client.line())
    heard.push(user)
    if (!accepted().includes(user)) {
      client.say(refusal)
      return saysGoodbye(client)
    }
    client.say('235 2.7.0 Accepted')
    await serves(client, heard)
  }
}

async function serves(client: Client, heard: string[]): Promise<void> {
  for (;;) {
    const line = await client.line()
    if (line === 'QUIT') {
      client.say('221 2.0.0 Goodbye')
      return client.hangUp()
    }
    heard.push(line)
    expectLine(await client.line(), /^RCPT TO:/)
    client.say('250 2.1.0 Fine', '250 2.1.5 Fine')
    if ((await client.line()) === 'RSET') {
      client.say('250 2.0.0 Fine')
      continue
    }
    client.say('354 Go ahead')
    await client.linesUntil(/^\.$/)
    client.say('250 2.0.0 Queued')
  }
}

describe('the name that signs in', () => {
  it('the person who consented signs in, while the message leaves from the mailbox', async () => {
    const heard: string[] = []
    const { relay } = await stage(
      lets(() => [person], heard),
      {
        mailboxes: [{ address: shared, signsInAs: person }],
      },
    )
    const transaction = await begin(relay, 'printer', shared)
    await transaction.send(message('Hello\r\n'))
    expect(heard).toEqual([person, `MAIL FROM:<${shared}>`])
  })

  it('the name that is set signs in where the mail server knows the person by another name', async () => {
    const heard: string[] = []
    const { relay } = await stage(
      lets(() => ['till@corp.example'], heard),
      {
        mailboxes: [{ address: person, saslUser: 'till@corp.example' }],
      },
    )
    await relay.verify(keyed(person))
    expect(heard).toEqual(['till@corp.example'])
  })

  it('the mailbox signs in where nobody consented, whoever is named', async () => {
    const heard: string[] = []
    const { relay } = await stage(
      lets(() => [shared], heard),
      {
        mailboxes: [{ address: shared, signsInAs: person }],
        appOnly: true,
      },
    )
    await relay.verify(keyed(shared))
    expect(heard).toEqual([shared])
  })

  it.each([
    ['535 5.7.3 Authentication unsuccessful'],
    ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.'],
  ])(
    'the mailbox signs in where the server refuses the person (%s), on the same token, and this is remembered',
    async (refusal) => {
      const heard: string[] = []
      const { relay, asked, store } = await stage(
        lets(() => [shared], heard, refusal),
        {
          mailboxes: [{ address: shared, signsInAs: person }],
        },
      )
      await relay.verify(keyed(shared))
      expect(heard).toEqual([person, shared])
      expect(asked).toEqual(['token'])
      await eventually(
        'what worked is kept',
        async () => (await store.mailboxes.find(shared))?.acceptedName === 'mailbox',
      )
      relay.drain(shared)
      heard.length = 0
      await relay.verify(keyed(shared))
      expect(heard).toEqual([shared])
    },
  )

  it('the name is found again when the server changes its mind', async () => {
    const heard: string[] = []
    const accepted = [shared]
    const { relay, store } = await stage(
      lets(() => accepted, heard),
      {
        mailboxes: [{ address: shared, signsInAs: person }],
      },
    )
    await store.mailboxes.noteAccepted(shared, 'mailbox')
    await relay.verify(keyed(shared))
    accepted[0] = person
    relay.drain(shared)
    await relay.verify(keyed(shared))
    expect(heard).toEqual([shared, shared, person])
    await eventually(
      'what worked is kept',
      async () => (await store.mailboxes.find(shared))?.acceptedName === 'person',
    )
  })

  it('each name is tried with each token, and none twice with the same', async () => {
    const heard: string[] = []
    const { relay, asked } = await stage(
      lets(() => [], heard),
      {
        mailboxes: [{ address: shared, signsInAs: person }],
        tokens: ['stale', 'fresh'],
      },
    )
    await expect(relay.verify(keyed(shared))).rejects.toMatchObject({
      code: 'provider-setup',
      message: expect.stringContaining(shared),
      fix: expect.stringContaining('--sasl-user'),
    })
    expect(heard).toEqual([person, shared, person, shared])
    expect(asked).toEqual(['token', 'fresh'])
  })
})

describe('mailboxes that one person signs in for', () => {
  const mailboxes = ['a', 'b', 'c', 'd'].map((name) => ({
    address: `${name}@example.com` as const,
    signsInAs: person,
  }))

  it('mailboxes share the connections that the provider allows the person, and each gets its turn', async () => {
    const heard: string[] = []
    let open = 0
    let most = 0
    const counting: Script = async (client, connection) => {
      open += 1
      most = Math.max(most, open)
      try {
        await lets(() => [person], heard)(client, connection)
      } finally {
        open -= 1
      }
    }
    const { relay } = await stage(counting, { mailboxes, provider: { limits: { connections: 2 } } })
    const sendAll = mailboxes.flatMap(({ address }) =>
      [1, 2, 3, 4, 5].map(async (number) => {
        const transaction = await begin(relay, 'printer', address)
        return transaction.send(message(`${number}\r\n`))
      }),
    )
    for (const reply of await Promise.all(sendAll)) expect(reply).toMatchObject({ code: 250 })
    expect(most).toBeLessThanOrEqual(2)
    const senders = heard.filter((line) => line.startsWith('MAIL'))
    expect(senders).toHaveLength(20)
  })

  it('mailboxes share the rate and the recipients of a day', async () => {
    const { relay } = await stage(
      lets(() => [person], []),
      {
        mailboxes: [...mailboxes, { address: person }],
        provider: { limits: { connections: 5, recipientsPerDay: 3 } },
      },
    )
    for (const address of ['a@example.com', person, 'b@example.com'] as const)
      await (await begin(relay, 'printer', address)).send(message('Hello\r\n'))
    await expect(begin(relay, 'printer', 'c@example.com')).rejects.toMatchObject({ code: 'limit-reached' })
    expect(await relay.state('d@example.com')).toMatchObject({ recipientsLastDay: 3 })
  })

  it('mailboxes do not wait for each other when one of them is refused', async () => {
    const refused = 'a@example.com'
    let first = true
    const { relay } = await stage(
      async (client) => {
        await greets(client, [...ehlo, 'AUTH XOAUTH2'])
        await client.line()
        client.say(first ? '535 5.7.3 No' : '235 2.7.0 Accepted')
        await saysGoodbye(client)
      },
      { mailboxes },
    )
    await expect(relay.verify(keyed(refused))).rejects.toMatchObject({ code: 'provider-setup' })
    first = false
    await relay.verify(keyed('b@example.com'))
  })
})
