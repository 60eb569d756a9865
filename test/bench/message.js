// The messages that are sent: random lines of 76 characters, some of which begin with a dot, so that dot-stuffing is part of it.
import { createHash, randomBytes } from 'node:crypto'

const lineOctets = 78
const dotEvery = 50
const numberAt = 'Subject: bench '.length
const numberDigits = 10

/**
 * @typedef {object} Message
 * @property {Buffer} content the message itself
 * @property {Buffer} wire as it follows DATA: dot-stuffed, and with its end
 * @property {string} digest SHA-256 of the content
 */

/** A message of about as many octets. @returns {Message} */
export function makeMessage(octets) {
  const head = Buffer.from(`Subject: bench ${'0'.repeat(numberDigits)}\r\n\r\n`)
  const lines = Math.max(1, Math.round((octets - head.length) / lineOctets))
  const letters = Buffer.from(randomBytes(lines * 57).toString('base64'), 'latin1')
  const content = Buffer.alloc(head.length + lines * lineOctets)
  const wire = Buffer.alloc(content.length + Math.ceil(lines / dotEvery) + 3, '.')
  let at = head.copy(content)
  let wireAt = head.copy(wire)
  for (let line = 0; line < lines; line++) {
    letters.copy(content, at, line * 76, (line + 1) * 76)
    content.write('\r\n', at + 76, 'latin1')
    if (line % dotEvery === 0) {
      content[at] = 0x2e
      wireAt++
    }
    content.copy(wire, wireAt, at, at + lineOctets)
    at += lineOctets
    wireAt += lineOctets
  }
  wire.write('.\r\n', wireAt, 'latin1')
  return { content, wire, digest: sha256(content) }
}

/** The same with a number of its own in the subject. @param {Message} message; @returns {Message} */
export function numbered({ content, wire }, number) {
  const digits = String(number).padStart(numberDigits, '0')
  const own = { content: Buffer.from(content), wire: Buffer.from(wire) }
  own.content.write(digits, numberAt, 'latin1')
  own.wire.write(digits, numberAt, 'latin1')
  return { ...own, digest: sha256(own.content) }
}

function sha256(octets) {
  return createHash('sha256').update(octets).digest('hex')
}
