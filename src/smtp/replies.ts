import type { Failure, FailureCode } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { type ReplyClass, replyClassOf } from '../providers/reply-class.ts'
import { enhancedStatuses, type Reply, say } from '../wire/reply.ts'

/** The phase in which something failed: 454 belongs to AUTH alone (RFC 4954, section 6). */
export type Phase =
  /** AUTH: the credentials are being verified. */
  | 'sign-in'
  /** AUTH: the credentials are verified, and the provider has to accept ours. */
  | 'proof'
  /** MAIL without AUTH: the network of the client is being checked. */
  | 'admission'
  | 'transaction'

/**
 * The reply to MAIL before AUTH. It names the remedy, because it appears in the log of a device
 * that cannot sign in.
 */
const signInToSend = say(
  530,
  '5.7.0 Sign in first: this needs a user name and password (for a device that has none: postern login add ADDRESS --no-password --network CIDR)',
)

/**
 * The only table from failures to replies of this server. Every text is our own: what a provider
 * says goes to the log, not to a client. Temporary failures are 4xx, so that a queue in front of
 * postern keeps the mail until the cause is repaired.
 */
const failureReplies: Record<FailureCode, Record<Phase, Reply>> = {
  'wrong-credentials': refused('5.7.1 This login is no longer valid'),
  // The same text as for a wrong password, so that the networks of a login are not disclosed.
  forbidden: refused('5.7.1 This login may not do that'),
  'sender-refused': everywhere(say(550, '5.7.1 This login may not send as this sender')),
  'consent-needed': temporary(
    '4.7.0',
    'Somebody has to sign in at the provider again: open the page of this mailbox in postern [postern:REAUTH]',
  ),
  'provider-unavailable': temporary(
    '4.4.1',
    'The mail provider cannot be reached, try again [postern:RETRY]',
  ),
  'provider-setup': temporary(
    '4.3.0',
    'The mail provider refuses our set-up: ask the administrator of postern [postern:CONFIG]',
  ),
  'limit-reached': {
    ...temporary('4.3.2', 'A limit is reached, try again later [postern:LIMIT]'),
    // The only limit before the client is authenticated.
    'sign-in': say(454, '4.7.0 Too many failed sign-ins from here, try again later [postern:LIMIT]'),
  },
  'outcome-unknown': everywhere(
    say(451, '4.4.2 The connection to the provider broke, and nobody knows whether the message arrived'),
  ),
  invalid: everywhere(say(501, '5.5.2 Cannot read that')),
  'not-found': temporary(
    '4.3.0',
    'The mailbox of this login is gone: ask the administrator of postern [postern:CONFIG]',
  ),
  'already-exists': temporary('4.3.0', 'Something went wrong here, try again [postern:RETRY]'),
  'store-unavailable': temporary('4.3.0', 'The store of postern does not answer, try again [postern:RETRY]'),
  configuration: temporary('4.3.0', 'postern is not set up: ask its administrator [postern:CONFIG]'),
  internal: temporary('4.3.0', 'Something went wrong here, try again [postern:RETRY]'),
}

export function replyForFailure(failure: Failure, phase: Phase): Reply {
  const reply = failureReplies[failure.code][phase]
  const isProven = phase === 'transaction' || phase === 'proof'
  return failure.told === undefined || !isProven ? reply : inOtherWords(reply, failure.told)
}

/** Puts the words between the enhanced status and the mark that programs look for. */
function inOtherWords({ code, lines: [line] }: Reply, words: string): Reply {
  const [status = ''] = line.split(' ', 1)
  const mark = line.endsWith(']') ? line.slice(line.lastIndexOf(' [')) : ''
  return say(code, `${asciiText(`${status} ${words}`)}${mark}`)
}

function refused(later: string): Record<Phase, Reply> {
  const atSignIn = say(535, '5.7.8 Wrong user name or password')
  return { 'sign-in': atSignIn, proof: atSignIn, admission: signInToSend, transaction: say(550, later) }
}

function temporary(status: string, text: string): Record<Phase, Reply> {
  const atSignIn = say(454, `4.7.0 ${text}`)
  const later = say(451, `${status} ${text}`)
  return { 'sign-in': atSignIn, proof: atSignIn, admission: later, transaction: later }
}

function everywhere(reply: Reply): Record<Phase, Reply> {
  return { 'sign-in': reply, proof: reply, admission: reply, transaction: reply }
}

/** The constant replies. */
export const replies = {
  ok: say(250, '2.0.0 OK'),
  /** A server that does not verify addresses answers 252 (RFC 5321, section 7.3). */
  cannotVerify: say(252, '2.5.2 Cannot look an address up here: send to it, and its provider answers'),
  help: say(
    214,
    '2.0.0 This is postern: sign in with the user name and password of a login. What is refused, and why: see its pages, or postern --help',
  ),
  goodbye: say(221, '2.0.0 Goodbye'),
  signedIn: say(235, '2.7.0 Signed in'),
  wrongCredentials: failureReplies['wrong-credentials']['sign-in'],
  senderAccepted: say(250, '2.1.0 Sender accepted'),
  sendMessage: say(354, 'Send the message, end it with a line that holds only a dot'),
  readyForTls: say(220, '2.0.0 Ready to start TLS'),

  signInFirst: say(530, '5.7.0 Sign in first'),
  signInToSend,
  startTlsFirst: say(538, '5.7.11 Signing in needs TLS here: say STARTTLS first'),
  helloFirst: say(503, '5.5.1 Say EHLO first'),
  signedInAlready: say(503, '5.5.1 Already signed in'),
  mechanismUnknown: say(504, '5.5.4 Sign in with PLAIN or LOGIN'),
  cancelled: say(501, '5.7.0 Sign-in cancelled'),
  badBase64: say(501, '5.5.2 Cannot read that: not base64'),
  badResponse: say(501, '5.5.2 Cannot read that: not what the mechanism expects'),
  tlsNotHere: say(502, '5.5.1 TLS is not available here'),
  tlsAlready: say(503, '5.5.1 TLS is on already'),

  mailFirst: say(503, '5.5.1 Say MAIL first'),
  mailAlready: say(503, '5.5.1 A transaction is open: finish it or say RSET'),
  recipientFirst: say(503, '5.5.1 Say RCPT first'),
  noRecipients: say(554, '5.5.1 No valid recipients'),
  recipientRefused: say(550, '5.7.1 This login may not send to this recipient'),
  tooManyRecipients: say(452, '4.5.3 Too many recipients in one message'),
  utf8NotHere: say(555, '5.5.4 SMTPUTF8 is not offered here'),
  tooLarge: say(552, '5.3.4 The message is larger than is allowed here'),
  bareNewline: say(550, '5.5.2 A CR or LF that is not part of CRLF, or a NUL, in the message'),
  messageLost: say(451, '4.3.0 The message was not taken to its end, try again'),

  bareNewlineInCommand: say(500, '5.5.2 A CR or LF that is not part of CRLF, or a NUL, in a command'),
  lineTooLong: say(500, '5.5.2 The line is too long'),
  authLineTooLong: say(500, '5.5.6 The line is too long'),
  unknownCommand: say(500, '5.5.1 Unknown command'),
  unsupportedCommand: say(502, '5.5.1 This command is not served here'),
  noChunking: say(502, '5.5.1 BDAT is not offered here'),
  notHttp: say(554, '5.5.1 This is a mail server'),
  tooEarly: say(554, '5.5.1 Wait for the greeting before you speak'),

  tooManyBadCommands: say(421, '4.7.0 Too many commands that mean nothing'),
  tooManySignInFailures: say(421, '4.7.0 Too many failed sign-ins'),
  notFrontEnd: say(554, '5.7.1 Only the front ends of this server may connect here: connect to one of them'),
  /**
   * Temporary, so that a queue behind the front end keeps the mail until the front end is repaired.
   */
  noProxyHeader: say(421, '4.3.5 A front end has to send a PROXY header first: ask the administrator'),
  tooManyConnections: say(421, '4.3.2 Too many connections, try again later'),
  evicted: say(421, '4.7.0 Too many connections, and nobody has signed in on this one'),
  timedOut: say(421, '4.4.2 Nothing heard for too long'),
  notSignedIn: say(421, '4.4.2 Nobody has signed in here in the time that there is for it'),
  tooSlow: say(421, '4.4.2 The message took longer than is allowed here'),
  closing: say(421, '4.3.2 Closing for a while, try again'),
} as const satisfies Record<string, Reply>

/** As `replyForFailure`; for a sender that the login may not use, with the reason. */
export function replyInTransaction(failure: Failure): Reply {
  if (failure.code === 'sender-refused') return senderRefused(failure.message, failure.fix)
  return replyForFailure(failure, 'transaction')
}

/** The greeting, with the name of this server (RFC 5321, section 4.2). */
export function greeting(hostname: string): Reply {
  return say(220, `${hostname} ESMTP postern`)
}

/**
 * Names the refused sender and, in `fix`, the command that would allow it; the command is given
 * whole or not at all, because a part of it would allow something else.
 */
export function senderRefused(reason: string, fix = ''): Reply {
  const whole = `5.7.1 ${reason}. ${fix}`.trimEnd()
  return say(550, asciiText(whole) === whole ? whole : asciiText(`5.7.1 ${reason}`))
}

/**
 * The refusal of one recipient among several of a command: our words stand before those of the
 * provider.
 */
export function inGroup({ code, lines }: Reply, recipient: string): Reply {
  const status = enhancedStatuses({ code, lines })[0] ?? `${Math.floor(code / 100)}.1.0`
  const words = `${status} The message goes to none of the addresses of this command, because of ${recipient}:`
  return { code, lines: [asciiText(words), ...lines] }
}

/**
 * Our own text with foreign parts, as a reply line: ASCII (RFC 5321, section 4.2), within 512
 * octets.
 */
function asciiText(text: string): string {
  return printable(text, 480).replace(/[^ -~]/g, '?')
}

/**
 * A provider's reply in a transaction, as the client gets it: unchanged, except where its code
 * misleads.
 *
 * - A sending quota or rate that is used up comes with a permanent code (`554 5.2.0 ...
 *   SubmissionQuotaExceeded`, `550 5.4.5`), for which a queue would bounce mail that can leave
 *   tomorrow.
 * - 530 and 535 ("authentication required"; at Exchange Online also `550 5.7.57`) are about our
 *   sign-in at the provider, never about the client's.
 * - 421 announces that the connection is closed (RFC 5321, section 4.2.3), but postern keeps its
 *   own. 432 is about the client's password (RFC 4954, section 6). Both become 451 with the
 *   provider's words.
 */
export function relayedReply(reply: Reply): Reply {
  const meaning = replyClassOf(reply)
  const instead = meaning === undefined ? undefined : replacements[meaning]
  if (instead) return instead
  return reply.code === 421 || reply.code === 432 ? { ...reply, code: 451 } : reply
}

const quotaReached = say(
  451,
  '4.4.5 The provider has a sending limit, and it is reached: try again later [postern:LIMIT]',
)

const replacements: Partial<Record<ReplyClass, Reply>> = {
  quota: quotaReached,
  rate: quotaReached,
  throttled: quotaReached,
  'too-many-at-once': say(
    451,
    '4.3.2 The provider takes no more at the same time from this mailbox: try again shortly [postern:LIMIT]',
  ),
  'signed-out': say(
    451,
    '4.3.0 The mail provider refuses our set-up: ask the administrator of postern [postern:CONFIG]',
  ),
}
