import { findForbidden, mendedContent, messageEnds, withoutStuffing } from './message-ends.js'

/**
 * What a session was, told from both its directions by somebody who knows nothing of postern: which line each reply answers, and
 * which octets were a message.
 *
 * @typedef {object} SentMessage one that the client ended
 * @property {string} content latin1, dot-stuffing undone
 * @property {string[]} envelope the accepted lines, MAIL and then RCPT
 * @property {'accepted' | 'refused' | 'unknown'} outcome unknown: a 4xx, or no reply
 * @property {boolean} [guessed] the client left without its replies, so nobody can say what it was, or to whom it went
 *
 * @typedef {{ messages: SentMessage[], faults: string[] }} Reading
 *
 * @param {import('./play-session.js').Segment} segment
 * @param {boolean} [mends] whether the login asks for its line ends to be mended
 * @returns {Reading}
 */
export function readTranscript({ greets, sent, received }, mends = false) {
  const contentOf = mends ? mendedContent : withoutStuffing
  /** @type {Reading} */
  const reading = { messages: [], faults: [] }
  const replies = splitReplies(received, reading.faults)
  let turn = 0
  let at = 0
  let within = false
  /** @type {string[]} */
  let envelope = []

  // A client that does not begin as an SMTP client does is told why at most once.
  if (greets && replies[turn++]?.code !== 220) return over()
  for (;;) {
    const from = at
    const line = nextLine()
    if (line === undefined) return unanswerable()
    const reply = replies[turn++]
    if (reply === undefined) return leftBehind(from)
    if (reply.code === 421) return over()
    const verb = (/^[^ ]*/.exec(line)?.[0] ?? '').trimEnd().toUpperCase()
    const fits = expected[reply.code]
    if (reply.code < 400 && !fits?.(verb, within)) reading.faults.push(`${reply.code} answers ${show(line)}`)
    within = reply.code === 334
    if (reply.code === 220 || reply.code === 221) return over()
    if (reply.code === 250 && verb === 'RCPT') envelope.push(line)
    if (reply.code === 250 && verb !== 'RCPT' && verb !== 'NOOP') envelope = [line]
    if (reply.code === 354 && !message()) return unanswerable()
  }

  function nextLine() {
    const end = sent.indexOf('\r\n', at)
    if (end === -1 || findForbidden(sent.slice(at, end)) !== -1) return undefined
    const line = sent.slice(at, end)
    at = end + 2
    return line
  }

  /** @returns {boolean} whether commands follow it */
  function message() {
    const data = sent.slice(at)
    const end = messageEnds.strict(data)
    const seen = end ? data.slice(0, end.next) : data
    const bad = mends ? seen.indexOf('\0') : findForbidden(seen)
    if (!end || bad !== -1) return false
    at += end.next
    const reply = replies[turn++]
    const outcome =
      reply && reply.code < 300 ? 'accepted' : reply && reply.code >= 500 ? 'refused' : 'unknown'
    if (reply && reply.code >= 300 && reply.code < 400) reading.faults.push(`${reply.code} answers a message`)
    reading.messages.push({ content: contentOf(data.slice(0, end.length)), envelope, outcome })
    envelope = []
    return true
  }

  /** What a client sent and did not wait for may have been done all the same. @param {number} from where the first line without a reply begins */
  function leftBehind(from) {
    const rest = sent.slice(from)
    const lines = envelope.concat(rest.split('\r\n').filter((line) => /^(?:MAIL|RCPT) /i.test(line)))
    for (const { index } of rest.matchAll(/(?<=^|\r\n)DATA[ \t]*\r\n/gi)) {
      const data = rest.slice(rest.indexOf('\r\n', index) + 2)
      const end = messageEnds.strict(data)
      if (!end) continue
      const content = contentOf(data.slice(0, end.length))
      reading.messages.push({ content, envelope: lines, outcome: 'unknown', guessed: true })
    }
    return reading
  }

  /** Input that has no end, or none that is allowed: one refusal, and nothing after it. */
  function unanswerable() {
    const reply = replies[turn++]
    if (reply && reply.code < 400)
      reading.faults.push(`${reply.code} answers what has no end: ${show(sent.slice(at))}`)
    return over()
  }

  function over() {
    const more = replies.slice(turn).filter(({ code }) => code !== 421)
    if (more.length > 0)
      reading.faults.push(
        `${more.map(({ code }) => code).join(', ')} where nothing was to be answered any more`,
      )
    return reading
  }
}

/** Which line a positive reply may answer. @type {Record<number, (verb: string, within: boolean) => boolean>} */
const expected = {
  214: (verb, within) => !within && verb === 'HELP',
  220: (verb) => verb === 'STARTTLS',
  221: (verb) => verb === 'QUIT',
  235: (verb, within) => within || verb === 'AUTH',
  334: (verb, within) => within || verb === 'AUTH',
  250: (verb, within) => !within && /^(?:EHLO|HELO|NOOP|RSET|MAIL|RCPT)$/.test(verb),
  252: (verb, within) => !within && verb === 'VRFY',
  354: (verb, within) => !within && verb === 'DATA',
}

/** @param {string} received @param {string[]} faults */
function splitReplies(received, faults) {
  const replies = []
  const lines = received.split('\r\n')
  // Half a line may be left where the client reset the connection.
  lines.pop()
  let begun = ''
  for (const line of lines) {
    const [, code, separator] = /^([2-5]\d\d)([ -])[ -~]*$/.exec(line) ?? []
    if (code === undefined || (begun !== '' && begun !== code)) {
      faults.push(`a reply that cannot be read: ${show(line)}`)
      return replies
    }
    begun = separator === '-' ? code : ''
    if (begun === '') replies.push({ code: Number(code) })
  }
  return replies
}

/** @param {string} text */
function show(text) {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text)
}
