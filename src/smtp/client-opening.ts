import type { Log } from '../base/log.ts'
import type { Limits } from '../model/limits.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { Certificates } from '../tls/certificates.ts'
import {
  explainHandshake,
  explainSlowHandshake,
  type HandshakeCause,
  type HandshakeTrouble,
} from '../tls/handshake-trouble.ts'
import { type Reply, say } from '../wire/reply.ts'
import type { ClientSocket } from './client-socket.ts'
import { isProxyHeader, proxyAdvice } from './proxy-header.ts'
import { replies } from './replies.ts'

/** The beginning of a connection, and its change to TLS. */
export interface ClientOpening {
  /** Runs before the greeting. `over`: the last reply before the connection is closed, if any. */
  begin(): Promise<'plain' | 'encrypted' | { over: Reply | undefined }>
  /** The handshake behind STARTTLS. False when it failed; the log has the reason. */
  startTls(): Promise<boolean>
  /** Whether STARTTLS is available. */
  offersTls: boolean
  /**
   * Inspects the first input behind an unencrypted greeting. True when it is TLS, which is logged;
   * undefined when it is too short to tell.
   */
  isLateTls(octets: Buffer): boolean | undefined
}

interface ClientOpeningDeps {
  client: ClientSocket
  listener: SmtpListener
  loopback: boolean
  certificates: Pick<Certificates, 'contextFor'> | undefined
  limits: Pick<Limits, 'greetingWaitMilliseconds'>
  /** Creates the child log on demand. */
  log: () => Log
  /** Logs why the connection was refused or TLS failed. */
  logRefusal: (about: { why?: string; fix?: string }, message: string) => void
  /** Called when TLS is on, with its version and cipher. */
  encrypted?: (how: string) => void
}

export function createClientOpening(deps: ClientOpeningDeps): ClientOpening {
  const { client, listener, loopback, log, logRefusal } = deps
  const certificates = listener.tls === 'none' ? undefined : deps.certificates

  return {
    offersTls: certificates !== undefined,
    startTls: () => shakeHands('starttls'),

    async begin() {
      if (listener.tls === 'implicit') return beginImplicit()
      // Clients on this machine cannot begin with TLS here, so their greeting is not delayed.
      if (certificates === undefined && loopback) return 'plain'
      const isKnown = (octets: Buffer) => beginningOf(octets) !== 'unknown'
      const first = await client.peek(deps.limits.greetingWaitMilliseconds, isKnown)
      const beginning = beginningOf(first)
      if (beginning === 'tls' || beginning === 'old-hello') return beginWithTls(beginning)
      // Clients on this machine may speak before the greeting; their input is served in order.
      if (first.length === 0 || loopback) return 'plain'
      const advice = isProxyHeader(first) ? { fix: proxyAdvice } : {}
      logRefusal(advice, 'a client that did not wait for the greeting was refused')
      return { over: foreignText(first) ?? replies.tooEarly }
    },

    isLateTls(octets) {
      const beginning = beginningOf(octets)
      if (beginning === 'unknown') return undefined
      // Version 1 of the PROXY protocol is a text line, which the session refuses as such.
      if (octets[0] === carriageReturn && isProxyHeader(octets))
        logRefusal({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
      if (beginning === 'text') return false
      logRefusal({ fix: certificates === undefined ? needsCertificate : tooLate }, 'a client speaks TLS here')
      return true
    },
  }

  async function beginImplicit(): Promise<'encrypted' | typeof silence> {
    const isEnough = ({ length }: Buffer) => length >= enoughOctets
    const first = await client.peek(deps.limits.greetingWaitMilliseconds, isEnough)
    if (!isProxyHeader(first)) return (await shakeHands('implicit')) ? 'encrypted' : silence
    logRefusal({ fix: proxyAdvice }, 'a front end speaks the PROXY protocol here')
    return silence
  }

  async function beginWithTls(beginning: 'tls' | 'old-hello'): Promise<'encrypted' | typeof silence> {
    if (certificates !== undefined && beginning === 'tls') {
      return (await shakeHands('recognised')) ? 'encrypted' : silence
    }
    const fix = certificates === undefined ? needsCertificate : tooOld
    logRefusal({ fix }, 'a client began with TLS that is not spoken here')
    return silence
  }

  async function shakeHands(cause: HandshakeCause): Promise<boolean> {
    if (certificates === undefined) return false
    const handshake = await client.startTls(certificates.contextFor(listener))
    switch (handshake.kind) {
      case 'done':
        log().debug({ protocol: handshake.protocol, cipher: handshake.cipher }, 'TLS is on')
        deps.encrypted?.(`${handshake.protocol} with ${handshake.cipher}`)
        return true
      case 'failed':
        failed(explainHandshake(handshake.error, cause))
        return false
      case 'timed-out':
        failed(explainSlowHandshake(cause))
        return false
      case 'interrupted':
        return false
    }
  }

  function failed({ why, fix }: HandshakeTrouble): void {
    logRefusal({ why, fix }, 'TLS with a client failed')
  }
}

const carriageReturn = 0x0d

const silence = { over: undefined }

const needsCertificate =
  'Name a certificate in POSTERN_TLS_CERT_FILE ("postern tls make" makes one), or switch TLS off in the client.'
const tooLate =
  'It waited for longer than POSTERN_GREETING_WAIT_MILLISECONDS before it began: choose STARTTLS in the client, or give it an address of POSTERN_SMTPS_LISTEN.'
const tooOld = 'Its hello is that of SSL 2, which nobody speaks any more (RFC 6176): update the client.'

/** What a connection begins with. `unknown`: more octets are needed. */
export type Beginning = 'tls' | 'old-hello' | 'text' | 'unknown'

/**
 * The type of a TLS handshake record, and the first octet of every version since SSL 3 (RFC 8446,
 * section 5.1).
 */
const handshakeRecord = 0x16
const major = 0x03

/**
 * Recognises a TLS handshake. One octet is not enough: telnet, a byte order mark and Latin-1
 * letters have their highest bit set as well as the hello of SSL 2, which has a length in its first
 * two octets, 1 in the third, and then a version (RFC 5246, appendix E.2).
 */
export function beginningOf(octets: Buffer): Beginning {
  const [first, second, third] = octets
  if (first === undefined) return 'unknown'
  if (first === handshakeRecord) {
    if (second === undefined) return 'unknown'
    return second === major ? 'tls' : 'text'
  }
  // A real hello has less than 2,048 octets: it holds the names of some dozen ciphers.
  if (first < 0x80 || first > 0x87 || (third !== undefined && third !== 1)) return 'text'
  if (octets.length < 5) return 'unknown'
  const version = octets.readUInt16BE(3)
  return version === 0x0002 || version >> 8 === major ? 'old-hello' : 'text'
}

/** How many octets `beginningOf` and `foreignText` need. */
export const enoughOctets = 5

/**
 * The refusal of a line that begins in another protocol or encoding; undefined where its beginning
 * does not tell.
 */
export function foreignText(start: Buffer): Reply | undefined {
  const [first, second, third, fourth] = start
  if (first === undefined || lineEnds.has(first)) return undefined
  if (second === major && first >= firstRecord && first <= lastRecord) return foreign.tls
  // `FF FE` is a byte order mark of UTF-16, and DONT of telnet, which is followed by one octet and
  // not by NUL.
  const isMarked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe && fourth === 0)
  if (isMarked || start.subarray(0, 3).equals(byteOrderMark)) return foreign.byteOrderMark
  if ((second === 0 && fourth === 0) || (first === 0 && third === 0)) return foreign.wide
  // IAC and a command of telnet (RFC 854).
  if (first === 0xff && second !== undefined && second >= 0xf0) return foreign.telnet
  // A printable octet may begin an unknown command. A NUL is refused elsewhere.
  return first === 0 || (first >= 0x20 && first < 0x7f) ? undefined : foreign.letters
}

/**
 * Types of TLS records: change_cipher_spec, alert, handshake, application_data, heartbeat (RFC
 * 8446, section 5.1; RFC 6520).
 */
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

// Methods of HTTP (RFC 9110, section 16.1; PRI begins HTTP/2), and of its relatives.
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

// Not a method, but the header field that every request has (RFC 9112, section 3.2).
const hostField = 'HOST:'

/**
 * Whether a line is HTTP: it begins with a method or is its Host field, in upper or lower case. A
 * browser can be made to connect here. `line` may hold any octets: only its beginning is looked at.
 */
export function beginsLikeHttp(line: Buffer): boolean {
  const word = firstWord(line)
  return methods.has(word) || word.startsWith(hostField)
}

/**
 * Whether it ends as a request line does, in a name and a version such as ` HTTP/1.1`, whatever its
 * method.
 */
export function endsLikeHttp(line: Buffer): boolean {
  const end = line.toString('latin1', Math.max(0, line.length - longestEnd))
  return /[ \t](?:HTTP|RTSP|SIP|ICAP)\/\d(?:\.\d)?[ \t]*$/i.test(end)
}

/**
 * The same for a line where base64 is expected: `HEAD` and `POST` may be base64, but nothing with a
 * blank is.
 */
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
