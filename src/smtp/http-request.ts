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
