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
  const [first, second, third, fourth] = start
  if (first === undefined || lineEnds.has(first)) return undefined
  if (second === major && first >= firstRecord && first <= lastRecord) return foreign.tls
  // `FF FE` is one of UTF-16, and telnet's DONT as well: what is asked not to be done is one octet, and no NUL stands behind that.
  const isMarked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe && fourth === 0)
  if (isMarked || start.subarray(0, 3).equals(byteOrderMark)) return foreign.byteOrderMark
  if ((second === 0 && fourth === 0) || (first === 0 && third === 0)) return foreign.wide
  // RFC 854: IAC, then what is negotiated.
  if (first === 0xff && second !== undefined && second >= 0xf0) return foreign.telnet
  // What is printable may be a command that nobody knows; a NUL is told of where it is found, wherever it stands.
  return first === 0 || (first >= 0x20 && first < 0x7f) ? undefined : foreign.letters
}

/** Of TLS: change_cipher_spec, alert, handshake, application_data, heartbeat (RFC 8446, section 5.1; RFC 6520). */
const [firstRecord, lastRecord] = [0x14, 0x18]
const lineEnds: ReadonlySet<number> = new Set([0x0d, 0x0a])
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

const foreign = {
  byteOrderMark: say(500, '5.5.2 A byte order mark stands before the command: send ASCII without one'),
  wide: say(500, '5.5.2 This is UTF-16: send ASCII'),
  telnet: say(500, '5.5.2 This is no telnet server: connect without telnet negotiation ("raw" in PuTTY)'),
  tls: say(
    500,
    '5.5.2 This is TLS in the place of a command: it begins with a hello, at once or behind STARTTLS',
  ),
  letters: say(500, '5.5.2 A command begins with a letter of ASCII'),
}

// The registry of HTTP methods (RFC 9110, section 16.1; PRI begins HTTP/2), and what speaks HTTP without being in it.
const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI', 'QUERY'],
  ...['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'REPORT', 'ACL', 'BIND'],
  ...['REBIND', 'UNBIND', 'LINK', 'UNLINK', 'LABEL', 'MERGE', 'UPDATE', 'CHECKIN', 'CHECKOUT', 'UNCHECKOUT'],
  ...['MKACTIVITY', 'MKCALENDAR', 'MKREDIRECTREF', 'MKWORKSPACE', 'UPDATEREDIRECTREF', 'ORDERPATCH'],
  ...[
    'BASELINE-CONTROL',
    'VERSION-CONTROL',
    'PURGE',
    'NOTIFY',
    'SUBSCRIBE',
    'UNSUBSCRIBE',
    'M-SEARCH',
    'POLL',
  ],
  ...['BCOPY', 'BMOVE', 'BDELETE', 'BPROPFIND', 'BPROPPATCH', 'SOURCE'],
])

// No verb at all, but the header field that every request has (RFC 9112, section 3.2).
const hostField = 'HOST:'

/**
 * Whether a browser or another program was made to talk to us: the line begins with a method of HTTP or is its Host field. In any case of letters,
 * as SMTP takes its own commands. `line` may hold any octets: only its beginning is looked at.
 */
export function beginsLikeHttp(line: Buffer): boolean {
  const word = firstWord(line)
  return methods.has(word) || word.startsWith(hostField)
}

/** Whether it ends as a request does, in a name and a version such as ` HTTP/1.1`, whatever its method is. */
export function endsLikeHttp(line: Buffer): boolean {
  const end = line.toString('latin1', Math.max(0, line.length - longestEnd))
  return /[ \t](?:HTTP|RTSP|SIP|ICAP)\/\d(?:\.\d)?[ \t]*$/i.test(end)
}

/** The same for a line where base64 is expected: `HEAD` and `POST` may be some, but nothing with a blank is. */
export function isHttpInPlaceOfBase64(line: Buffer): boolean {
  const word = firstWord(line)
  return (word.length < line.length && methods.has(word)) || word.startsWith(hostField) || endsLikeHttp(line)
}

const longestWord = 24
const longestEnd = 32

function firstWord(line: Buffer): string {
  const [word = ''] = line.toString('latin1', 0, longestWord).split(/[ \t]/, 1)
  return word.toUpperCase()
}
