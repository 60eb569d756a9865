import { answers, type HostileRow, playHostileRows } from '../support/hostile-rows.ts'
import { serves, signal, signsIn, xoauth2 } from '../support/hostile-scripts.ts'
import { greets } from '../support/provider-scripts.ts'
import type { Client } from '../support/scripted-provider.ts'

/** The first connection is poisoned while it rests in the pool; the client goes on only then. */
function poisonsIdle(
  octets: string,
  ends: (client: Client) => Promise<void>,
): Pick<HostileRow, 'script' | 'submission'> {
  const poisoned = signal()
  return {
    async script(client, connection) {
      if (connection > 0) return serves(client)
      await signsIn(client)
      client.send(octets)
      await ends(client)
      poisoned.send()
    },
    submission: { before: { MAIL: () => poisoned.sent } },
  }
}

const signIns: readonly HostileRow[] = [
  ...[
    { refusal: '502 5.5.1 Unknown', answered: answers.wrongSetUp },
    { refusal: '421 4.3.2 Later', answered: answers.retrySignIn },
  ].map(({ refusal, answered }) => ({
    what: `refuses EHLO: ${refusal}`,
    async script(client: Client) {
      client.say('220 ready')
      await client.line()
      client.say(refusal)
      await client.gone()
    },
    answered,
    heard: /^EHLO \S+\r\n(QUIT\r\n)?$/,
  })),
  {
    what: 'offers PLAIN and LOGIN only',
    async script(client) {
      await greets(client, ['AUTH PLAIN LOGIN'])
      await client.gone()
    },
    answered: answers.wrongSetUp,
    heard: /^EHLO \S+\r\nQUIT\r\n$/,
  },
  {
    what: 'answers AUTH with challenges for ever',
    async script(client) {
      await greets(client, xoauth2)
      for (;;) {
        await client.line()
        client.say('334 ')
      }
    },
    answered: answers.retrySignIn,
    trusted: true,
    heard: /^EHLO \S+\r\nAUTH XOAUTH2 \S+\r\n\r\nQUIT\r\n$/,
  },
  ...['235 2.7.0 Accepted\r\n250 and more\r\n', '235 2.7.0 Accepted\r\n\x00\xff', '250 2.0.0 OK\r\n'].map(
    (octets) => ({
      what: `answers AUTH with ${JSON.stringify(octets)}`,
      async script(client: Client) {
        await greets(client, xoauth2)
        await client.line()
        client.send(octets)
        await client.gone()
      },
      answered: answers.retrySignIn,
      trusted: true as const,
      heard: /^EHLO \S+\r\nAUTH XOAUTH2 \S+\r\n(QUIT\r\n)?$/,
    }),
  ),
  {
    what: 'says 421 to AUTH',
    async script(client) {
      await greets(client, xoauth2)
      await client.line()
      client.say('421 4.3.2 Going')
      client.hangUp()
    },
    answered: answers.retrySignIn,
    trusted: true,
  },
]

const idling: readonly HostileRow[] = [
  {
    what: 'says something while it is idle',
    ...poisonsIdle('250 2.0.0 Hello\r\n', (client) => client.gone()),
  },
  { what: 'begins to say something while it is idle', ...poisonsIdle('2', (client) => client.gone()) },
  { what: 'says goodbye while it is idle', ...poisonsIdle('421 4.4.2 Idle\r\n', (client) => client.gone()) },
  { what: 'resets the connection while it is idle', ...poisonsIdle('', async (client) => client.reset()) },
  {
    what: 'floods while it is idle',
    ...poisonsIdle('', (client) => client.flood('250-more\r\n'.repeat(6000))),
  },
].map((row) => ({ ...row, answered: answers.sent, trusted: true }))

playHostileRows([...signIns, ...idling])
