import { keyed } from '#built/model/address.js'
import { createSmtpSession } from '#built/smtp/session.js'

/** @type {import('#built/mailboxes/sender-policy.js').Submitter} */
const submitter = {
  userName: 'me@example.com',
  mailboxes: [{ ...keyed('me@example.com'), aliases: [] }],
  senders: [],
  rewriteSender: false,
}

const offered = {
  pipelining: true,
  eightBitMime: true,
  smtpUtf8: false,
  dsn: true,
  enhancedStatusCodes: true,
}

const limits = {
  commandLineOctets: 4_096,
  authLineOctets: 12_288,
  messageOctets: 0,
  heldOctets: 5_000_000,
  recipientsPerMessage: 1_000_000,
  badCommands: Number.POSITIVE_INFINITY,
  signInFailures: 5,
}

/** A session that has signed in, and all of these lines are there when it asks for the first. @param {string} text */
export function playPipelined(text) {
  const lines = text.split('\r\n').map((line) => Buffer.from(line))
  const session = createSmtpSession({
    hostname: 'localhost',
    limits,
    capabilities: () => offered,
    limitsOf: () => undefined,
    authMethods: () => ({ cramMd5: false, bearer: false, withoutPassword: false }),
    makeChallenge: () => '<1.2@localhost>',
    startTls: false,
    encrypted: false,
    plainAuth: true,
  })
  session.greet()
  session.step({ kind: 'line', line: Buffer.from('EHLO a') })
  session.step({ kind: 'line', line: Buffer.from('AUTH PLAIN AG1lAHBhc3M=') })
  let step = session.step({ kind: 'signed-in', submitter })
  for (let taken = 0; step.next.do !== 'close'; ) {
    const line = lines[taken]
    if (step.next.do.startsWith('line') || step.next.do === 'reset') {
      if (line !== undefined) taken++
      else if (step.next.do !== 'line-if-here') return
    }
    step = session.step(eventFor(step.next, line))
  }
}

/** @param {import('#built/smtp/session-events.js').Next} next @param {Buffer | undefined} line @returns {import('#built/smtp/session-events.js').SessionEvent} */
function eventFor(next, line) {
  switch (next.do) {
    case 'begin':
    case 'add-recipients':
      return {
        kind: 'recipients-answered',
        open: true,
        replies: next.recipients.map(() => ({ code: 250, lines: ['2.1.5 OK'] })),
      }
    case 'promise':
      return { kind: 'promised' }
    case 'message':
      return {
        kind: 'message-over',
        outcome: { kind: 'answered', reply: { code: 250, lines: ['2.0.0 OK'] } },
        ended: true,
      }
    default:
      return line === undefined ? { kind: 'run-ended' } : { kind: 'line', line }
  }
}
