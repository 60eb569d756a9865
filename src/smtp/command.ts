import { printable, withoutEnding } from '../base/text.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import { decodeUtf8, readClientText } from '../wire/input-buffer.ts'
import { type Reply, say } from '../wire/reply.ts'
import { beginsLikeHttp, endsLikeHttp, foreignText } from './client-opening.ts'
import {
  isAscii,
  isPostmaster,
  type ParameterFlaw,
  type ReadParameters,
  readGivenSender,
  readMailParameters,
  readPath,
  readRecipientParameters,
} from './command-arguments.ts'

/**
 * A parsed command line. `MAIL` and `RCPT` hold only what the grammar allows, except a sender with
 * a flaw.
 */
export type Command =
  | { verb: 'EHLO' | 'HELO'; client: string }
  /**
   * `initial`: the initial response, still in base64; `=` is an empty one (RFC 4954, section 4).
   */
  | { verb: 'AUTH'; mechanism: string; initial?: string }
  | ({ verb: 'MAIL' } & GivenMail)
  | ({ verb: 'RCPT' } & GivenRecipient)
  | { verb: 'STARTTLS' | 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'BDAT' | 'VRFY' | 'HELP' }
  /** An SMTP command that is never served, and never relayed. */
  | { verb: 'unsupported' }
  /** A browser or another HTTP client was made to connect here. */
  | { verb: 'cross-protocol' }
  | { verb: 'unknown' }
  /** A known command with a syntax error; `of` decides whether 530 comes first. */
  | { verb: 'malformed'; of: string; reply: Reply }

/** A MAIL command, with the flaws that make it unfit to be sent on as it is. */
export interface GivenMail {
  mail: MailCommand
  senderFlaw?: SenderFlaw
  parameterFlaws: readonly ParameterFlaw[]
  /** Keywords of unknown parameters. */
  dropped: readonly string[]
}

/**
 * The sender cannot be sent on. Logins whose sender is replaced ignore that; all others get
 * `reply`. Without `reply` the sender is blank, and may be taken for the null sender.
 */
interface SenderFlaw {
  reply?: Reply
}

export interface GivenRecipient {
  recipient: RecipientCommand
  /**
   * Further recipients of the same command, for a login that asks for that: they get one reply
   * together.
   */
  further?: readonly RecipientCommand[]
  parameterFlaws: readonly ParameterFlaw[]
  dropped: readonly string[]
}

const bare: ReadonlySet<string> = new Set(['STARTTLS', 'DATA', 'RSET', 'QUIT'])
const unsupported: ReadonlySet<string> = new Set([
  'EXPN',
  'ETRN',
  'TURN',
  'ATRN',
  'SEND',
  'SAML',
  'SOML',
  'XCLIENT',
  'XFORWARD',
  'PROXY',
  'BURL',
])
/**
 * Parses one line without its CRLF (RFC 5321, section 4.1.1). Verbs in any case; blanks at the end
 * are tolerated.
 */
export function parseCommand(line: Buffer): Command {
  const refused = refusalByBeginning(line)
  if (refused !== undefined) return refused
  const decoded = decodeUtf8(line)
  const text = withoutEnding(decoded ?? readClientText(line), ' \t')
  const blank = text.indexOf(' ')
  const word = (blank === -1 ? text : text.slice(0, blank)).toUpperCase()
  const rest = blank === -1 ? '' : withoutBlanksBefore(text.slice(blank + 1))
  if (decoded === undefined && !mayBeLatin1.has(word)) return notUtf8(word === 'RCPT' ? word : '')
  if (unsupported.has(word)) return { verb: 'unsupported' }
  if (bare.has(word)) return parseBare(word as 'STARTTLS' | 'DATA' | 'RSET' | 'QUIT', rest)
  switch (word) {
    case 'EHLO':
    case 'HELO':
      return parseHello(word, rest)
    case 'AUTH':
      return parseAuth(rest)
    case 'MAIL':
      return parseMail(rest, decoded !== undefined)
    case 'RCPT':
      return parseRecipient(rest)
    case 'NOOP':
    case 'VRFY':
    case 'HELP':
    case 'BDAT':
      return { verb: word }
    default:
      return { verb: endsLikeHttp(line) ? 'cross-protocol' : 'unknown' }
  }
}

/**
 * Refuses a line by its first octets. A line that begins with a frequent verb is never refused
 * here.
 */
function refusalByBeginning(line: Buffer): Command | undefined {
  const start = line.toString('latin1', 0, 64)
  const blank = start.indexOf(' ')
  const word = (blank === -1 ? start : start.slice(0, blank)).toUpperCase()
  // An AUTH line may be much longer than others: a mechanism has to be named before the rest of it
  // is decoded.
  if (word === 'AUTH') return namesMechanism.test(start) ? undefined : noMechanism
  if (frequent.has(word)) return undefined
  if (beginsLikeHttp(line)) return { verb: 'cross-protocol' }
  const foreign = foreignText(line)
  return foreign && { verb: 'malformed', of: '', reply: foreign }
}

const frequent: ReadonlySet<string> = new Set([
  'EHLO',
  'HELO',
  'MAIL',
  'RCPT',
  'DATA',
  'RSET',
  'NOOP',
  'QUIT',
])
const namesMechanism = /^AUTH +[\w-]{1,20}(?:[ \t]|$)/i

function withoutBlanksBefore(text: string): string {
  return text.startsWith(' ') ? text.replace(/^ +/, '') : text
}

/**
 * Host name and sender of a device are what a person typed into it, in any character set. The host
 * name is not used, and the sender may be replaced.
 */
const mayBeLatin1: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'MAIL'])

function parseBare(verb: 'STARTTLS' | 'DATA' | 'RSET' | 'QUIT', rest: string): Command {
  return rest === '' ? { verb } : malformed(verb, `${verb} takes no parameter`)
}

function parseHello(verb: 'EHLO' | 'HELO', client: string): Command {
  if (client === '' || /\p{Cc}/u.test(client)) {
    return malformed(verb, `Say who you are: ${verb} and a host name`)
  }
  return { verb, client }
}

function parseAuth(rest: string): Command {
  const [mechanism = '', initial, ...more] = rest.split(' ').filter((word) => word !== '')
  if (!/^[\w-]{1,20}$/.test(mechanism) || more.length > 0) return noMechanism
  const named = { verb: 'AUTH', mechanism: mechanism.toUpperCase() } as const
  return initial === undefined ? named : { ...named, initial }
}

function parseMail(rest: string, isUtf8: boolean): Command {
  const [begin] = /^FROM ?: */i.exec(rest) ?? []
  if (begin === undefined) return unreadableSender
  const text = rest.slice(begin.length)
  const path = readPath(text)
  const isSender = path !== undefined && !isPostmaster(path.address)
  const given = isSender ? path : readGivenSender(text)
  if (given === undefined) return unreadableSender
  const read = readMailParameters(given)
  if (read.kind !== 'parameters') return refusedParameters('MAIL', read)
  // The null sender is `<>` (RFC 5321, section 4.5.5). Devices without a configured sender send
  // blanks between the brackets.
  const isBlank = given.address === '' && !text.startsWith('<>')
  const mail = { sender: isBlank ? ' ' : given.address, parameters: read.parameters }
  const reply = isSender ? refusalOfSender(mail, isUtf8) : unreadableSender.reply
  const senderFlaw = reply || isBlank ? { senderFlaw: reply ? { reply } : {} } : {}
  return { verb: 'MAIL', mail, ...senderFlaw, parameterFlaws: read.flaws, dropped: read.dropped }
}

function refusalOfSender({ sender, parameters }: MailCommand, isUtf8: boolean): Reply | undefined {
  if (!isUtf8) return notUtf8('MAIL').reply
  const isWritable = isAscii(sender) || parameters.some(({ keyword }) => keyword === 'SMTPUTF8')
  return isWritable ? undefined : needsUtf8
}

function parseRecipient(rest: string): Command {
  const path = /^TO ?: */i.test(rest) ? readPath(rest.replace(/^TO ?: */i, '')) : undefined
  if (path === undefined || path.address === '') {
    return malformed('RCPT', 'Cannot read the recipient: say RCPT TO:<name@example.com>', '5.1.3')
  }
  const read = readRecipientParameters(path)
  if (read.kind !== 'parameters') return refusedParameters('RCPT', read)
  const recipient = { recipient: path.address, parameters: read.parameters }
  return { verb: 'RCPT', recipient, parameterFlaws: read.flaws, dropped: read.dropped }
}

function refusedParameters(of: string, read: Exclude<ReadParameters, { kind: 'parameters' }>): Command {
  if (read.kind === 'invalid') return malformed(of, read.why)
  return {
    verb: 'malformed',
    of,
    reply: say(555, `5.5.4 ${read.what} is not offered here, and the message would go without it`),
  }
}

/** RFC 6531, section 3.2. */
export const needsUtf8 = say(553, '5.6.7 An address with non-ASCII characters needs SMTPUTF8')

const noMechanism = malformed('AUTH', 'Say AUTH, a mechanism, and at most one initial response')

const unreadableSender = malformed(
  'MAIL',
  'Cannot read the sender: say MAIL FROM:<name@example.com>',
  '5.1.7',
)

function notUtf8(of: string): Malformed {
  return malformed(of, 'The command is not valid UTF-8', '5.5.2')
}

type Malformed = Command & { verb: 'malformed' }

function malformed(of: string, why: string, status = '5.5.4'): Malformed {
  return { verb: 'malformed', of, reply: say(501, `${status} ${why}`) }
}

/** Commands that hold only names and addresses: logged as a whole. */
const wholly: ReadonlySet<string> = new Set(['HELO', 'EHLO', 'MAIL', 'RCPT', 'PROXY'])
const byName: ReadonlySet<string> = new Set([
  ...[
    'AUTH',
    'STARTTLS',
    'DATA',
    'BDAT',
    'RSET',
    'NOOP',
    'QUIT',
    'VRFY',
    'EXPN',
    'HELP',
    'ETRN',
    'TURN',
    'ATRN',
  ],
  ...['SEND', 'SAML', 'SOML', 'XCLIENT', 'XFORWARD', 'BURL'],
])

/** A command for the log. An unknown command may be a password, so nothing of it is logged. */
export function shownCommand(line: Buffer): string | undefined {
  const text = line.toString('utf8', 0, 400)
  const [word = ''] = text.slice(0, 10).split(/[ \t]/, 1)
  const verb = word.toUpperCase()
  if (wholly.has(verb)) return printable(text, 254)
  return byName.has(verb) ? verb : undefined
}
