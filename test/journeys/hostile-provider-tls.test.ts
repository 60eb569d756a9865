import { createAuthority } from '../support/certificates.ts'
import { answers, type HostileRow, playHostileRows } from '../support/hostile-rows.ts'
import { saysGoodbye, xoauth2 } from '../support/hostile-scripts.ts'
import { ehloReply, expectLine, greets, takesMessage } from '../support/provider-scripts.ts'
import type { Client } from '../support/scripted-provider.ts'
import { wrongCertificates } from '../support/wrong-certificates.ts'

async function hearsStartTls(client: Client, offers: readonly string[] = []): Promise<void> {
  await greets(client, ['STARTTLS', ...offers])
  expectLine(await client.line(), /^STARTTLS$/)
}

/** Under TLS, with other offers there than in the clear. */
async function startsTls(client: Client, before: readonly string[], then: readonly string[]): Promise<void> {
  await hearsStartTls(client, before)
  client.say('220 Go ahead')
  await client.startTls()
  expectLine(await client.line(), /^EHLO \S+$/)
  client.say(...ehloReply(then))
}

const beforeTls: readonly HostileRow[] = [
  {
    what: 'offers no STARTTLS, but AUTH in the clear',
    tls: 'starttls',
    async script(client) {
      await greets(client, xoauth2)
      await client.gone()
    },
    answered: answers.wrongSetUp,
    heard: /^EHLO \S+\r\n$/,
  },
  ...['502 5.5.1 Unknown', '530 5.7.0 Not for you'].map((refusal) => ({
    what: `refuses STARTTLS for good: ${refusal}`,
    tls: 'starttls' as const,
    async script(client: Client) {
      await hearsStartTls(client)
      client.say(refusal)
      await client.gone()
    },
    answered: answers.wrongSetUp,
    heard: /^EHLO \S+\r\nSTARTTLS\r\n$/,
  })),
  {
    what: 'refuses STARTTLS for now',
    tls: 'starttls',
    async script(client) {
      await hearsStartTls(client)
      client.say('454 4.7.0 TLS not available')
      await client.gone()
    },
    answered: answers.retrySignIn,
    heard: /^EHLO \S+\r\nSTARTTLS\r\n$/,
  },
  {
    what: 'puts a reply behind the 220 to STARTTLS, in the clear',
    tls: 'starttls',
    async script(client) {
      await hearsStartTls(client)
      client.say('220 Go ahead', '250 AUTH PLAIN')
      await client.gone()
    },
    answered: answers.retrySignIn,
    heard: /^EHLO \S+\r\nSTARTTLS\r\n$/,
  },
  {
    what: 'answers plain text to the beginning of TLS',
    tls: 'starttls',
    async script(client) {
      await hearsStartTls(client)
      client.say('220 Go ahead')
      await client.octets(5)
      client.say(...ehloReply(xoauth2))
      await client.gone()
    },
    answered: answers.wrongSetUp,
  },
  {
    what: 'offers XOAUTH2 in the clear only',
    tls: 'starttls',
    async script(client) {
      await startsTls(client, xoauth2, ['AUTH PLAIN LOGIN'])
      await client.gone().catch(() => {})
    },
    answered: answers.wrongSetUp,
    heard: /^EHLO \S+\r\nSTARTTLS\r\nEHLO \S+\r\nQUIT\r\n$/,
  },
  {
    what: 'offers CHUNKING in the clear only, and so gets DATA',
    tls: 'starttls',
    async script(client) {
      await startsTls(client, ['CHUNKING', ...xoauth2], xoauth2)
      expectLine(await client.line(), /^AUTH XOAUTH2 \S+$/)
      client.say('235 2.7.0 Accepted')
      await takesMessage(client)
      await saysGoodbye(client)
    },
    answered: answers.sent,
    trusted: true,
    heard: /\r\nDATA\r\n/,
  },
]

const own = await createAuthority()
const wrong = wrongCertificates(own, await createAuthority('another authority')).map(
  async ({ what, issue, says }) => {
    const certificate = await issue()
    return (['implicit', 'starttls'] as const).map(
      (tls): HostileRow => ({
        what: `has a certificate ${what} (${tls})`,
        tls,
        certificate,
        async script(client) {
          if (tls === 'starttls') {
            await hearsStartTls(client)
            client.say('220 Go ahead')
            await client.startTls()
          }
          await client.gone()
        },
        answered: answers.wrongSetUp,
        heard: tls === 'implicit' ? /^$/ : /^EHLO \S+\r\nSTARTTLS\r\n$/,
        logged: says,
      }),
    )
  },
)
const certificates = (await Promise.all(wrong)).flat()

playHostileRows([...beforeTls, ...certificates], {}, own)
