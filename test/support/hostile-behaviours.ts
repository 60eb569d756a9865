import { ehloReply, expectLine, takesEnvelope } from './provider-scripts.ts'
import type { Client, Script } from './scripted-provider.ts'

/** A point of the dialogue where it is the provider's turn. */
export interface Stage {
  at: string
  /** Behaves until then. */
  reach(client: Client): Promise<void>
  /** What a right answer begins with: a code, but for the handshake. */
  opening: string
}

/** What a provider can do instead of answering. */
export interface Behaviour {
  what: string
  /** Only its limit ends this. */
  lasts?: true
  act(client: Client, opening: string): Promise<void>
}

const offers = ['PIPELINING', '8BITMIME', 'AUTH XOAUTH2']

/** The begin of a handshake record that holds a ServerHello of 16,380 octets (RFC 8446, sections 4 and 5.1). */
const serverHello = '\x16\x03\x03\x40\x00\x02\x00\x3f\xfc'

async function greets(client: Client): Promise<void> {
  client.say('220 provider.example ready')
}

async function hearsEhlo(client: Client): Promise<void> {
  expectLine(await client.line(), /^EHLO \S+$/)
}

async function hearsStartTls(client: Client): Promise<void> {
  await greets(client)
  await hearsEhlo(client)
  client.say(...ehloReply(['STARTTLS']))
  expectLine(await client.line(), /^STARTTLS$/)
}

async function beginsTls(client: Client): Promise<void> {
  await hearsStartTls(client)
  client.say('220 Go ahead')
}

async function hearsAuth(client: Client, more: readonly string[] = []): Promise<void> {
  await beginsTls(client)
  await client.startTls()
  await hearsEhlo(client)
  client.say(...ehloReply([...offers, ...more]))
  expectLine(await client.line(), /^AUTH XOAUTH2 \S+$/)
}

async function hearsMail(client: Client): Promise<void> {
  await hearsAuth(client)
  client.say('235 2.7.0 Accepted')
  expectLine(await client.line(), /^MAIL FROM:/)
}

async function hearsData(client: Client): Promise<void> {
  await hearsAuth(client)
  client.say('235 2.7.0 Accepted')
  await takesEnvelope(client)
  expectLine(await client.line(), /^DATA$/)
}

async function hearsMessage(client: Client): Promise<void> {
  await hearsData(client)
  client.say('354 Go ahead')
  await client.octets(1000)
}

async function hearsEnd(client: Client): Promise<void> {
  await hearsData(client)
  client.say('354 Go ahead')
  await client.linesUntil(/^\.$/)
}

/** All of them with STARTTLS, where the way is longest. */
export const stages = {
  greeting: { at: 'the greeting', opening: '220', reach: async () => {} },
  ehlo: {
    at: 'EHLO',
    opening: '250',
    async reach(client) {
      await greets(client)
      await hearsEhlo(client)
    },
  },
  startTls: { at: 'STARTTLS', opening: '220', reach: hearsStartTls },
  handshake: {
    at: 'the TLS handshake',
    opening: serverHello,
    async reach(client) {
      await beginsTls(client)
      // What came sooner would stand behind the 220 in the clear.
      await client.octets(5)
    },
  },
  ehloAgain: {
    at: 'EHLO under TLS',
    opening: '250',
    async reach(client) {
      await beginsTls(client)
      await client.startTls()
      await hearsEhlo(client)
    },
  },
  auth: { at: 'AUTH', opening: '235', reach: hearsAuth },
  challenge: {
    at: 'the answer to a challenge',
    opening: '535',
    async reach(client) {
      await hearsAuth(client)
      client.say('334 eyJzdGF0dXMiOiI0MDAifQ==')
      expectLine(await client.line(), /^(AQ==)?$/)
    },
  },
  mail: { at: 'MAIL', opening: '250', reach: hearsMail },
  recipient: {
    at: 'RCPT',
    opening: '250',
    async reach(client) {
      await hearsMail(client)
      expectLine(await client.line(), /^RCPT TO:/)
      client.say('250 2.1.0 Sender fine')
    },
  },
  data: { at: 'DATA', opening: '354', reach: hearsData },
  message: { at: 'the middle of a message', opening: '250', reach: hearsMessage },
  end: { at: 'the end of a message', opening: '250', reach: hearsEnd },
  chunk: {
    at: 'a chunk',
    opening: '250',
    async reach(client) {
      await hearsAuth(client, ['CHUNKING'])
      client.say('235 2.7.0 Accepted')
      await takesEnvelope(client)
      expectLine(await client.line(), /^BDAT \d+ LAST$/)
    },
  },
  quit: {
    at: 'QUIT',
    opening: '221',
    async reach(client) {
      await hearsEnd(client)
      client.say('250 2.0.0 Queued')
      expectLine(await client.line(), /^QUIT$/)
    },
  },
} satisfies Record<string, Stage>

export const behaviours: readonly Behaviour[] = [
  { what: 'says nothing', lasts: true, act: (client) => client.gone() },
  {
    what: 'drips a reply, octet by octet',
    lasts: true,
    act: (client, opening) => client.drip(`${opening}-drip\r\n`),
  },
  {
    what: 'says half a reply and nothing more',
    lasts: true,
    async act(client, opening) {
      client.send(`${opening}-half\r\n${opening} a lin`)
      await client.gone()
    },
  },
  {
    what: 'says half a reply and closes',
    async act(client, opening) {
      client.send(`${opening}-half\r\n${opening} a lin`)
      client.hangUp()
    },
  },
  { what: 'closes', act: async (client) => client.hangUp() },
  { what: 'resets the connection', act: async (client) => client.reset() },
  {
    what: 'sends a reply without end',
    act: (client, opening) => client.flood(`${opening}-more\r\n`.repeat(6000)),
  },
  {
    what: 'sends a line without end',
    act: (client, opening) => client.flood(`${opening} `.padEnd(65_536, 'x')),
  },
  {
    what: 'sends replies without end',
    act: (client, opening) => client.flood(`${opening} more\r\n`.repeat(6000)),
  },
  { what: 'sends octets without meaning', act: (client) => client.flood('\0\r\xff\n'.repeat(16_384)) },
  {
    what: 'mixes codes in one reply',
    async act(client, opening) {
      client.say(`${opening}-yes`, '550 or rather no')
      await client.gone()
    },
  },
]

/** Behaves until a stage, and not there. `reached` is called in between. */
export function misbehavesAt(stage: Stage, behaviour: Behaviour, reached = () => {}): Script {
  return async (client) => {
    await stage.reach(client)
    reached()
    await behaviour.act(client, stage.opening)
  }
}
