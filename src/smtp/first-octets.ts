import { type Reply, say } from '../wire/reply.ts'

/** What a connection begins with. `unknown`: more octets will tell. */
export type Beginning = 'tls' | 'old-hello' | 'text' | 'unknown'

/** The type of a TLS record that holds a handshake, and the first octet of every version since SSL 3 (RFC 8446, section 5.1). */
const handshakeRecord = 0x16
const major = 0x03

/**
 * One octet proves nothing: a telnet program, a byte order mark and a letter of Latin-1 have their highest bit set as well as the hello of SSL 2, whose first
 * two octets are a length, whose third is 1, and whose next are a version (RFC 5246, appendix E.2).
 */
export function beginningOf(octets: Buffer): Beginning {
  const [first, second, third] = octets
  if (first === undefined) return 'unknown'
  if (first === handshakeRecord) {
    if (second === undefined) return 'unknown'
    return second === major ? 'tls' : 'text'
  }
  // Of less than 2,048 octets, as every real one is: it holds the names of some dozen ciphers.
  if (first < 0x80 || first > 0x87 || (third !== undefined && third !== 1)) return 'text'
  if (octets.length < 5) return 'unknown'
  const version = octets.readUInt16BE(3)
  return version === 0x0002 || version >> 8 === major ? 'old-hello' : 'text'
}

/** Octets enough for `beginningOf` and `foreignText`. */
export const enoughOctets = 5

/** Why a line that begins so is no command of SMTP; undefined where its beginning does not tell. */
export function foreignText(start: Buffer): Reply | undefined {
  const [first = 0, second = 0, , fourth] = start
  if (first < 0x80) return undefined
  // `FF FE` is one of UTF-16, and telnet's DONT as well: what is asked not to be done is one octet, and no NUL stands behind that.
  const isWide = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe && fourth === 0)
  if (isWide || start.subarray(0, 3).equals(byteOrderMark)) return foreign.byteOrderMark
  // RFC 854: IAC, then what is negotiated.
  return first === 0xff && second >= 0xf0 ? foreign.telnet : foreign.letters
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

const foreign = {
  byteOrderMark: say(500, '5.5.2 A byte order mark stands before the command: send ASCII without one'),
  telnet: say(500, '5.5.2 This is no telnet server: connect without telnet negotiation ("raw" in PuTTY)'),
  letters: say(500, '5.5.2 A command begins with a letter of ASCII'),
}
