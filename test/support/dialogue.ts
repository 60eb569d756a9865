import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FailureCode } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { encodeBase64, oauthBearerResponse, xoauth2Response } from '../../src/sasl/mechanisms.ts'
import { type Reply, say } from '../../src/wire/reply.ts'
import { connectLineClient, type LineClient } from './line-client.ts'
import type { ScriptedAnswer } from './recording-relay.ts'
import { openSmtpServer, type SmtpStage, type StageSettings } from './smtp-stage.ts'

/**
 * Runs a dialogue file against the server over real sockets. One line, one thing:
 *
 *     # a remark
 *     given> messageOctets=10           a limit of the server; `given> tls`, `given> smtpUtf8=no` (the provider's offer)
 *     given> offers cramMd5 bearer      what clients may use beside PLAIN and LOGIN; also `withoutPassword`
 *     provider> 250 2.1.5 ok            the provider's next answer; `fails consent-needed`, `refuses MAIL 550 no`, `refuses DATA 550 no`
 *     client> EHLO printer              a line; lines that follow each other leave in one write
 *     client~ a\r\n.\r\n                octets, with escapes, and no CRLF of its own
 *     client ends | resets              half-closes, or resets the connection
 *     client starts TLS
 *     server< 250 ... AUTH PLAIN LOGIN  a whole reply, its lines joined by blanks: this beginning, `...` for anything
 *     server closes                     with nothing more said
 *     provider< RESET                   what the provider was asked next
 *
 * Written in base64: `{base64 text}`, `{unpadded text}`, `{latin1 text}` (of its Latin-1 octets), `{plain user password}`, `{cram user password}`
 * (the answer to the challenge before it), `{xoauth2 user token}`, `{oauthbearer user token}`; `\\0` is a NUL in a text.
 * `{3 times x}` is `xxx`. At the end the provider must have been asked nothing else.
 */
export async function runDialogue(path: string, settings: StageSettings): Promise<void> {
  const lines = readFileSync(path, 'utf8').split('\n')
  const limits = givenLimits(lines)
  const offers = givenOffers(lines)
  const stage = await openSmtpServer({ ...(lines.includes('given> tls') ? settings : {}), limits, offers })
  applyOffers(lines, stage)
  const client = connectLineClient(stage.endpoint)
  try {
    await play(lines, { stage, client, ca: settings.tls?.cert ?? '', challenge: '' })
  } finally {
    client.close()
    await stage.server.stop(0)
  }
}

interface Scene {
  stage: SmtpStage
  client: LineClient
  ca: string
  /** What the server's last 334 asked, decoded. */
  challenge: string
}

async function play(lines: readonly string[], scene: Scene): Promise<void> {
  let unsent: Buffer[] = []
  let number = 0
  for (const line of lines) {
    number++
    const [, who = '', text = ''] = /^(client>|client~) ?(.*)$/.exec(line) ?? []
    if (who === 'client>') unsent.push(Buffer.from(`${fill(text, scene.challenge)}\r\n`))
    else if (who === 'client~') unsent.push(withEscapes(fill(text, scene.challenge)))
    else {
      if (unsent.length > 0) scene.client.send(Buffer.concat(unsent))
      unsent = []
      try {
        await perform(line, scene)
      } catch (error) {
        throw new Error(`line ${number}, "${line}": ${(error as Error).message}`)
      }
    }
  }
  const left = scene.stage.relay.asked
  if (left.length > 0) throw new Error(`The provider was also asked: ${left.join(' | ')}`)
}

async function perform(line: string, scene: Scene): Promise<void> {
  const { stage, client, ca } = scene
  const [, who = '', text = ''] = /^(\w+[<>]|\w+)(?: (.*))?$/.exec(line) ?? []
  if (line === '' || line.startsWith('#') || who === 'given>') return
  if (who === 'provider>') return void stage.relay.answers.push(readAnswer(text))
  if (who === 'server<') {
    const reply = await client.reply()
    scene.challenge = Buffer.from(reply.lines[0], 'base64').toString()
    return expectReply(reply, text)
  }
  if (who === 'provider<') return expectAsked(stage, fill(text))
  if (line === 'server closes') return expectNothing(await client.rest())
  if (line === 'client ends') return client.endInput()
  if (line === 'client resets') return client.reset()
  if (line === 'client starts TLS') return client.startTls(ca)
  throw new Error('this line cannot be read')
}

function expectReply(reply: Reply, pattern: string): void {
  const heard = `${reply.code} ${reply.lines.join(' ')}`
  const parts = pattern.split('...').map((part) => part.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  if (!new RegExp(`^${parts.join('.*')}`).test(heard)) throw new Error(`the server said "${heard}"`)
}

function expectNothing(rest: string): void {
  if (rest !== '') throw new Error(`the server also said ${JSON.stringify(rest)}`)
}

/** What a client's end causes comes a moment later; what a reply answers has been asked before it. */
async function expectAsked({ relay }: SmtpStage, expected: string): Promise<void> {
  const deadline = performance.now() + 5_000
  while (relay.asked.length === 0 && performance.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const asked = relay.asked.shift() ?? 'nothing'
  if (asked !== expected) throw new Error(`the provider was asked "${asked}"`)
}

function readAnswer(text: string): ScriptedAnswer {
  const [word = '', second = '', ...others] = text.split(' ')
  if (word === 'fails') return { fails: second as FailureCode }
  if (word !== 'refuses') return say(Number(word), [second, ...others].join(' '))
  const reply = say(Number(others[0]), others.slice(1).join(' '))
  return second === 'MAIL' ? { refusesMail: reply } : { refusesUnread: reply }
}

function fill(text: string, challenge = ''): string {
  return text
    .replace(/\{(base64|unpadded|latin1) ([^}]*)\}/g, (_, how: string, plain: string) => inBase64(how, plain))
    .replace(
      /\{(plain|cram|xoauth2|oauthbearer) (\S+) (\S+)\}/g,
      (_, how: string, user: string, proof: string) => response(how, user, proof, challenge),
    )
    .replace(/\{(\d+) times (.)\}/g, (_, count: string, letter: string) => letter.repeat(Number(count)))
}

function inBase64(how: string, text: string): string {
  const octets = Buffer.from(text.replaceAll('\\0', '\0'), how === 'latin1' ? 'latin1' : 'utf8')
  const text64 = octets.toString('base64')
  return how === 'unpadded' ? text64.replaceAll('=', '') : text64
}

function response(how: string, user: string, proof: string, challenge: string): string {
  if (how === 'plain') return encodeBase64(`\0${user}\0${proof}`)
  if (how === 'xoauth2') return xoauth2Response(user, new Secret(proof)).reveal()
  if (how === 'oauthbearer') return oauthBearerResponse({ user, token: new Secret(proof) }).reveal()
  return encodeBase64(`${user} ${createHmac('md5', proof).update(challenge).digest('hex')}`)
}

/** `\r`, `\n`, `\0`, and any octet as `\xfc`. */
function withEscapes(text: string): Buffer {
  const pieces = text.split(/(\\[rn0]|\\x[0-9a-f]{2})/).map((piece) => {
    if (piece.startsWith('\\x')) return Buffer.from(piece.slice(2), 'hex')
    return Buffer.from({ '\\r': '\r', '\\n': '\n', '\\0': '\0' }[piece] ?? piece)
  })
  return Buffer.concat(pieces)
}

function givenOffers(lines: readonly string[]): Record<string, boolean> {
  const words = lines.flatMap((line) => /^given> offers (.+)$/.exec(line)?.[1]?.split(' ') ?? [])
  return Object.fromEntries(words.map((word) => [word, true]))
}

function givenLimits(lines: readonly string[]): Record<string, number> {
  const given = lines.map((line) => /^given> (\w+)=([\d.]+)$/.exec(line)).filter((found) => found !== null)
  return Object.fromEntries(given.map(([, name = '', value]) => [name, Number(value)]))
}

function applyOffers(lines: readonly string[], { relay }: SmtpStage): void {
  for (const line of lines) {
    const found = /^given> (\w+)=no$/.exec(line)
    if (found?.[1] === 'size') delete relay.offer.size
    else if (found?.[1] !== undefined) Object.assign(relay.offer, { [found[1]]: false })
  }
}
