import { connect } from 'node:net'
import { hostname } from 'node:os'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { asFailure, type Failure, type FailureCode, type FailureId, failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { addressList } from '../wire/header-addresses.ts'
import type { Context } from './context.ts'
import { dryRunBy, dryRunWords, readAll, sendBy } from './send.ts'
import { describeFailure } from './terminal.ts'

/** `postern sendmail`: the command line of sendmail, for programs that send by it. */
export function addSendmailVerb(program: Command, context: Context): void {
  program
    .command('sendmail')
    .argument('[words...]', 'as of sendmail: -t, -i, -f ADDRESS, -F NAME, -bs, recipients')
    .description('take a message from standard input, as sendmail does')
    .helpOption('--help', 'display help for command')
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', help)
    .action(async (words: string[]) => {
      try {
        context.exitCode = await runSendmail(readWords(words), context)
      } catch (error) {
        context.terminal.stderr.write(describeFailure(error, false))
        context.exitCode = sysexitOf(error)
      }
    })
}

const help = `
Sends at once; there is no queue. With --dry-run it says what would come of the message, and nothing is sent. Exits as sysexits.h has it: 0 sent, 64 wrong usage, 65 the message cannot be sent as it is,
67 a recipient is refused, 69 refused or not offered, 70 a fault, 75 try again later, 77 not allowed, 78 not set up.

Who can read the data directory of postern needs nothing else. Others give an API key with the scope send:ADDRESS:
  POSTERN_API_KEY or --key-file FILE, and POSTERN_API_URL or --url URL (default http://localhost:8587)
POSTERN_SENDMAIL_FROM is the sender of programs that know none with a domain, such as cron; POSTERN_SENDMAIL_TO gets what is for
a local user, such as root.

Example:
  printf 'To: you@example.net\\nSubject: hello\\n\\nhello\\n' | postern sendmail -t -i -f billing@example.com`

/** sysexits.h */
const exits = {
  usage: 64,
  dataError: 65,
  noUser: 67,
  unavailable: 69,
  software: 70,
  tryLater: 75,
  noPermission: 77,
  config: 78,
} as const

const exitsOfCodes: Record<FailureCode, number> = {
  'wrong-credentials': exits.noPermission,
  forbidden: exits.noPermission,
  'sender-refused': exits.noPermission,
  // A person can end these: whoever keeps mail keeps it.
  'consent-needed': exits.tryLater,
  'provider-unavailable': exits.tryLater,
  'provider-setup': exits.tryLater,
  'limit-reached': exits.tryLater,
  'outcome-unknown': exits.tryLater,
  'store-unavailable': exits.tryLater,
  invalid: exits.dataError,
  'not-found': exits.noPermission,
  'already-exists': exits.tryLater,
  configuration: exits.config,
  internal: exits.software,
}

const exitsOfFailures: Partial<Record<FailureId, number>> = {
  'sending.provider-refused': exits.unavailable,
  'sending.no-queue': exits.unavailable,
  'sending.no-recipients': exits.usage,
  'sending.no-address': exits.noUser,
  'limits.recipients-refused': exits.noUser,
  'command.bad-usage': exits.usage,
  'command.no-broker': exits.tryLater,
  'command.broker-silent': exits.tryLater,
}

function sysexitOf(error: unknown): number {
  const { id, code } = asFailure(error)
  return exitOf(id, code)
}

function exitOf(id: string, code: FailureCode): number {
  return exitsOfFailures[id as FailureId] ?? exitsOfCodes[code]
}

interface Asked {
  mode: 'message' | 'session' | 'queue' | 'other'
  /** Recipients from the header. */
  fromHeader: boolean
  /** A line with a dot alone does not end the message. */
  ignoresDots: boolean
  sender?: string
  fullName?: string
  recipients: string[]
  /** Nothing is sent: what would come of it is printed. */
  dryRun: boolean
  keyFile?: string
  url?: string
}

const withValue = 'ABCFLNORVXbdefhopqr'
/** Their value is behind them in the same word, or there is none. */
const attachedOnly = 'Adq'

/** @throws Failure `invalid` */
function readWords(words: readonly string[]): Asked {
  const asked: Asked = {
    ...{ mode: 'message', fromHeader: false, ignoresDots: false, recipients: [], dryRun: false },
  }
  const left = [...words]
  const next = (option: string): string => {
    const value = left.shift()
    if (value === undefined) throw wrong(`${option} lacks its value`)
    return value
  }
  while (left.length > 0) {
    const word = left.shift() as string
    if (word === '--') {
      asked.recipients.push(...left.splice(0))
    } else if (word === '--key-file') {
      asked.keyFile = next(word)
    } else if (word === '--dry-run') {
      asked.dryRun = true
    } else if (word === '--url') {
      asked.url = next(word)
    } else if (word.startsWith('--')) {
      throw wrong(`there is no option ${printable(word, 40)}`)
    } else if (word.startsWith('-') && word !== '-') {
      readLetters(word.slice(1), asked, next)
    } else asked.recipients.push(word)
  }
  return asked
}

function readLetters(letters: string, asked: Asked, next: (option: string) => string): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] as string
    if (withValue.includes(letter)) {
      const attached = letters.slice(at + 1)
      const value = attached !== '' || attachedOnly.includes(letter) ? attached : next(`-${letter}`)
      take(letter, value, asked)
      return
    }
    if (letter === 't') asked.fromHeader = true
    else if (letter === 'i') asked.ignoresDots = true
    else if (!'EGMSUcmnsvx'.includes(letter)) throw wrong(`there is no option -${printable(letter, 4)}`)
  }
}

/** What is not named here, sendmail has for its queue and its log: nothing that is sent here depends on it. */
function take(letter: string, value: string, asked: Asked): void {
  if (letter === 'f' || letter === 'r') asked.sender = value
  else if (letter === 'F') asked.fullName = value
  else if (letter === 'o' && value.startsWith('i')) asked.ignoresDots = true
  else if (letter === 'q') asked.mode = 'queue'
  else if (letter === 'b') asked.mode = modes[value] ?? 'other'
}

const modes: Readonly<Record<string, Asked['mode']>> = { m: 'message', s: 'session', p: 'queue' }

function wrong(what: string): Failure {
  return failure('command.bad-usage', { what })
}

async function runSendmail(asked: Asked, context: Context): Promise<number> {
  if (asked.mode === 'session') return session(context)
  if (asked.mode !== 'message') throw failure('sending.no-queue')
  const { sendmailFrom, sendmailTo } = context.environment
  const given = await readAll(context.terminal.stdin)
  const message = messageOf(given, asked, {
    ...(sendmailFrom !== undefined && { from: sendmailFrom }),
    ...(sendmailTo !== undefined && { to: sendmailTo }),
  })
  const outgoing = {
    type: 'message/rfc822',
    query: envelopeQuery(message.sender, message.recipients),
    body: message.octets,
  }
  if (asked.dryRun) {
    const dryRun = await dryRunBy(context, asked, outgoing)
    context.terminal.stdout.write(dryRunWords(dryRun))
    const [problem] = dryRun.problems
    return problem ? exitOf(problem.failure, problem.code) : 0
  }
  const sent = await sendBy(context, asked, outgoing)
  if ('state' in sent) return 0
  for (const { recipient, reply } of sent.refused)
    context.terminal.stderr.write(
      `postern: ${printable(recipient, 254)} is refused by the provider (${reply.code} ${reply.text}); to the others the message was sent\n`,
    )
  return sent.refused.length > 0 ? exits.noUser : 0
}

function envelopeQuery(sender: string | undefined, recipients: readonly string[]): string {
  const query = new URLSearchParams()
  if (sender !== undefined) query.set('from', sender)
  for (const recipient of recipients) query.append('to', recipient)
  return `?${query}`
}

interface Prepared {
  sender: string | undefined
  recipients: string[]
  octets: Buffer
}

interface Instead {
  /** Of a sender without a domain. */
  from?: string
  /** Of recipients without one. */
  to?: string
}

/**
 * The message as it is sent: its lines end in CRLF, `Bcc:` is taken out, and what a header needs is
 * added where it lacks.
 */
function messageOf(
  given: Buffer,
  { fromHeader, ignoresDots, sender: asked, fullName, recipients: named }: Omit<Asked, 'mode'>,
  instead: Instead,
  now = new Date(),
): Prepared {
  const text = given.toString('latin1').replace(/\r\n?|\n/g, '\r\n')
  const whole = ignoresDots ? text : untilDot(text)
  const lines = whole.replace(/^From .*\r\n/, '')
  const { head, body } = parted(lines)
  const fields = head
    .split(/(?<=\r\n)(?![ \t])/)
    .filter((line) => line !== '')
    .map((line) => ({ name: line.slice(0, line.indexOf(':')).trim().toLowerCase(), line }))
  const valuesOf = (name: string) =>
    fields.filter((field) => field.name === name).map(({ line }) => line.slice(line.indexOf(':') + 1))
  const inHeader = ['to', 'cc', 'bcc'].flatMap((name) => valuesOf(name).flatMap(addressesIn))
  const recipients = [...named.flatMap(addressesIn), ...(fromHeader ? inHeader : [])].map((one) =>
    one.includes('@') ? one : (instead.to ?? one),
  )
  if (recipients.length === 0) throw failure('sending.no-recipients')
  const [author] = valuesOf('from').flatMap((value) => addressList(decoded(value)))
  const wanted = asked === undefined || asked === '<>' ? asked : asked.replace(/^<(.*)>$/, '$1')
  const candidates = [wanted, author?.address].filter((one) => one?.includes('@'))
  const sender =
    wanted === '<>' || wanted === '' ? '' : (candidates[0] ?? instead.from ?? wanted ?? author?.address)
  const kept = fields.filter(({ name }) => {
    if (name === 'bcc') return false
    return name !== 'from' || author?.address.includes('@') || instead.from === undefined
  })
  const has = (name: string) => kept.some((field) => field.name === name)
  const from = author?.address.includes('@') ? author.address : sender || instead.from
  const added = [
    ...(has('from') || from === undefined
      ? []
      : [`From: ${mailboxWords(fullName ?? author?.name, from)}\r\n`]),
    ...(has('date') ? [] : [`Date: ${now.toUTCString().replace('GMT', '+0000')}\r\n`]),
    ...(has('message-id') ? [] : [`Message-ID: <${messageId(now)}>\r\n`]),
  ]
  const sentHead = [...added, ...kept.map(({ line }) => line)].join('')
  const ended = body === '' || body.endsWith('\r\n') ? body : `${body}\r\n`
  return {
    sender,
    recipients: [...new Set(recipients)],
    octets: Buffer.from(`${sentHead}\r\n${ended}`, 'latin1'),
  }
}

function untilDot(text: string): string {
  const end = text.startsWith('.\r\n') ? 0 : text.indexOf('\r\n.\r\n')
  if (end === 0) return ''
  return end === -1 ? text : text.slice(0, end + 2)
}

/** What begins with no field is a body without a header. */
function parted(text: string): { head: string; body: string } {
  if (!/^[!-9;-~]+[ \t]*:/.test(text)) return { head: '', body: text.replace(/^\r\n/, '') }
  let end = 0
  const field = /(?:[!-9;-~]+[ \t]*:[^\r\n]*|[ \t][^\r\n]*)\r\n/y
  for (;;) {
    field.lastIndex = end
    if (!field.test(text)) break
    end = field.lastIndex
  }
  const rest = text.slice(end)
  return { head: text.slice(0, end), body: rest.startsWith('\r\n') ? rest.slice(2) : rest }
}

function addressesIn(value: string): string[] {
  return addressList(decoded(value)).flatMap(({ name, address }) => {
    if (address !== '') return [address]
    return name.trim() === '' || /:$/.test(name.trim()) ? [] : [name.trim()]
  })
}

function decoded(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8').replaceAll('\r\n', '')
}

function mailboxWords(name: string | undefined, address: string): string {
  const words = name?.replace(/[\r\n\0]/g, ' ').trim()
  if (!words) return `<${address}>`
  const shown = /^[\x20-\x7e]*$/.test(words)
    ? `"${words.replace(/["\\]/g, '\\$&')}"`
    : `=?UTF-8?B?${Buffer.from(words).toString('base64')}?=`
  return `${shown} <${address}>`
}

function messageId(now: Date): string {
  const unique = `${now.getTime().toString(36)}.${process.pid.toString(36)}.${Math.random().toString(36).slice(2)}`
  return `${unique}@${hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'localhost'}`
}

/** A session of SMTP on standard input and output, with the SMTP server at the other end. */
async function session(context: Context): Promise<number> {
  const { config } = await context.config()
  const listener = config.smtpListen.find(({ tls }) => tls !== 'implicit')
  if (listener === undefined) throw failure('sending.no-plain-listener')
  const host = ['0.0.0.0', '::'].includes(listener.host) ? '127.0.0.1' : listener.host
  const socket = connect({ host, port: listener.port })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (cause) => reject(failure('command.broker-silent', { cause })))
  })
  const { stdin, stdout } = context.terminal
  await Promise.all([pipeline(stdin, socket), pipeline(socket, stdout, { end: false })])
  return 0
}
