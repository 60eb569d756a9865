import { decodeBase64 } from '#built/sasl/mechanisms.js'
import { parseCommand } from '#built/smtp/command.js'
import { formatMail, formatRecipient, parseCapabilities } from '#built/wire/envelope.js'
import { createInputBuffer } from '#built/wire/input-buffer.js'
import { createMessageScanner, undoDotStuffing } from '#built/wire/message-scanner.js'
import { createReplyParser } from '#built/wire/reply.js'
import { findForbidden, messageEnds, withoutStuffing } from './message-ends.js'

// What each parser makes of an input, as text; with an exception for what it must never make of one.

const everyOffer = {
  size: 1,
  pipelining: true,
  eightBitMime: true,
  smtpUtf8: true,
  dsn: true,
  enhancedStatusCodes: true,
  chunking: true,
  startTls: true,
  mechanisms: [],
}
const replyLimits = { upstreamReplyLineOctets: 60, upstreamReplyOctets: 200, upstreamReplyLines: 6 }

/** What the grammar lets through is one command when it is written again. @param {Buffer} line */
export function readCommand(line) {
  const command = parseCommand(line)
  // A sender with a flaw is never written: a login has it replaced, or it is refused.
  const written =
    command.verb === 'MAIL' && !command.senderFlaw
      ? formatMail(command.mail, everyOffer)
      : command.verb === 'RCPT'
        ? formatRecipient(command.recipient, everyOffer)
        : undefined
  const text = written?.toString('latin1') ?? 'x\r\n'
  if (!/^[ -~\x80-\xff]+\r\n$/.test(text)) throw new Error(`written as ${JSON.stringify(text)}`)
  return JSON.stringify(command)
}

/** @param {readonly Buffer[]} pieces */
export function readLines(pieces) {
  const input = createInputBuffer()
  let seen = ''
  for (const piece of pieces) {
    input.push(piece)
    for (let taken = input.takeLine(8); taken.kind !== 'more'; taken = input.takeLine(8)) {
      seen += `${taken.kind} ${taken.kind === 'line' ? taken.line.toString('latin1') : ''}\n`
      if (taken.kind !== 'line') return seen
      if (findForbidden(taken.line.toString('latin1')) !== -1 || taken.line.length > 8)
        throw new Error(`took ${JSON.stringify(seen)}`)
    }
  }
  return seen
}

/** Through buffer and scanner, compared with what the RFC says. @param {readonly Buffer[]} pieces */
export function readMessage(pieces) {
  const input = createInputBuffer()
  const scanner = createMessageScanner()
  const whole = Buffer.concat(pieces).toString('latin1')
  const end = messageEnds.strict(whole)
  const clean = findForbidden(end ? whole.slice(0, end.next) : whole.replace(/\r$/, '')) === -1
  let message = ''
  for (const piece of pieces) {
    input.push(piece)
    const scan = input.takeData(scanner)
    if (scan.kind === 'refused') return verdict(!clean, 'refused')
    message += Buffer.concat(scan.octets).toString('latin1')
    if (!whole.startsWith(message) || findForbidden(message) !== -1)
      throw new Error(`handed out ${JSON.stringify(message)}`)
    if (scan.kind !== 'end') continue
    const content = undoDotStuffing(Buffer.from(message, 'latin1')).toString('latin1')
    return verdict(
      clean && message.length === end?.length && content === withoutStuffing(message),
      `end ${message}`,
    )
  }
  return verdict(clean && !end, 'more')
}

/** What the scanner does by itself and what it does with SIMD are the same, to the slice. @param {readonly Buffer[]} pieces */
export function readBothWays(pieces) {
  const byItself = createMessageScanner({ messageOctets: Number.POSITIVE_INFINITY, pieceOctets: 0 })
  const withSimd = createMessageScanner({ messageOctets: 0, pieceOctets: 0 })
  let message = ''
  for (const piece of pieces) {
    const scan = byItself.scan(piece)
    const other = withSimd.scan(piece)
    if (slicesOf(scan) !== slicesOf(other) || byItself.octets() !== withSimd.octets())
      throw new Error(`${slicesOf(scan)}, but with SIMD ${slicesOf(other)}`)
    if (scan.kind === 'refused') return 'refused'
    for (const octets of scan.octets) message += octets.toString('latin1')
    if (scan.kind === 'end') return `end ${message} ${byItself.octets()}`
  }
  return `more ${message} ${byItself.octets()}`
}

/** @param {import('#built/wire/message-scanner.js').Scan} scan */
function slicesOf(scan) {
  if (scan.kind === 'refused') return scan.kind
  let slices = scan.kind
  for (const { byteOffset, length } of scan.octets) slices += ` ${byteOffset}+${length}`
  return scan.kind === 'end' ? `${slices} rest ${scan.rest.byteOffset}+${scan.rest.length}` : slices
}

/** @param {boolean} right @param {string} said */
function verdict(right, said) {
  if (!right) throw new Error(`said ${JSON.stringify(said)}`)
  return said
}

/** @param {readonly Buffer[]} pieces */
export function readReplies(pieces) {
  const parser = createReplyParser(replyLimits)
  return JSON.stringify(pieces.flatMap((piece) => parser.push(piece)))
}

/** @param {readonly Buffer[]} pieces */
export function readCapabilities(pieces) {
  const lines = Buffer.concat(pieces).toString('latin1').split('-')
  return JSON.stringify(parseCapabilities({ code: 250, lines: ['hello', ...lines] }))
}

/** Canonical, or not read at all. @param {string} text */
export function readBase64(text) {
  const octets = decodeBase64(text)
  const unpadded = text.replace(/=+$/, '')
  if (octets && octets.toString('base64').replace(/=+$/, '') !== unpadded)
    throw new Error(`read as ${octets.toString('hex')}`)
  return octets?.toString('hex') ?? ''
}

/** The same response three times, and once with none before it. @param {ReturnType<typeof import('#built/sasl/mechanisms.js').mechanismsFor>[number]} mechanism @param {Buffer} response */
export function exchange(mechanism, response) {
  const prompted = mechanism.begin(() => '<1.2@localhost>')
  const steps = [prompted(undefined), prompted(response), prompted(response)]
  const direct = mechanism.begin(() => '<1.2@localhost>')
  return JSON.stringify([...steps, direct(response)])
}
