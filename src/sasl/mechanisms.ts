import { failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { decodeUtf8, readClientText } from '../wire/input-buffer.ts'

/**
 * The server side of one mechanism (RFC 4422), called with each response of the client. `undefined`
 * (no initial response) is not an empty response.
 */
export type Exchange = (response: Buffer | undefined) => Outcome

export type Outcome =
  /** Sent to the client as `334` and its base64. */
  | { kind: 'challenge'; text: string }
  /**
   * `errorChallenge`: sent before the refusal when the credentials are wrong; the client answers it
   * with one line.
   */
  | { kind: 'credentials'; credentials: Credentials; errorChallenge?: string }
  /** The response is invalid for the mechanism. */
  | { kind: 'malformed' }

/** The credentials of a client, as parsed by its mechanism. They are verified elsewhere. */
export type Credentials =
  /**
   * `actsAs`: the authorization identity, where it differs from the user name (RFC 4616: authzid).
   */
  | { kind: 'password'; userName: string; password: Secret; actsAs?: string }
  /**
   * `digest`: HMAC-MD5 of the challenge under the password, in lower-case hexadecimal (RFC 2195).
   */
  | { kind: 'cram-md5'; userName: string; challenge: string; digest: string }
  /** `userName` may be empty: OAUTHBEARER needs none (RFC 7628, section 3.1). */
  | { kind: 'bearer'; userName: string; token: Secret }

const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/**
 * Decodes strict, canonical base64 (RFC 4648, sections 3 and 4): only octets of the alphabet,
 * padding at the end, and no stray bits under it. Old devices omit the padding, so all of it may be
 * missing, but not a part. Undefined for anything else, where the decoder of Node would skip what
 * it does not know.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!alphabet.test(text)) return undefined
  const octets = Buffer.from(text, 'base64')
  return withoutPadding(octets.toString('base64')) === withoutPadding(text) ? octets : undefined
}

export function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

function withoutPadding(text: string): string {
  return text.replace(/={1,2}$/, '')
}

/** A mechanism that clients may authenticate with. */
interface ClientMechanism {
  name: string
  /**
   * `makeChallenge`: returns a unique challenge of the form `<random.time@host>` (RFC 2195, section
   * 2).
   */
  begin(makeChallenge: () => string): Exchange
}

/** The mechanisms beside PLAIN and LOGIN, which are always enabled. */
export interface EnabledMechanisms {
  cramMd5: boolean
  bearer: boolean
}

/** The mechanisms for a client, in the order of the EHLO reply. */
export function mechanismsFor(enabled: EnabledMechanisms): readonly ClientMechanism[] {
  return [...always, ...(enabled.bearer ? withBearer : []), ...(enabled.cramMd5 ? [cramMd5] : [])]
}

const always: readonly ClientMechanism[] = [
  { name: 'PLAIN', begin: plainExchange },
  { name: 'LOGIN', begin: loginExchange },
]

const withBearer: readonly ClientMechanism[] = [
  { name: 'XOAUTH2', begin: xoauth2Exchange },
  { name: 'OAUTHBEARER', begin: oauthBearerExchange },
]

// Last, and only where a login uses it: most passwords are stored as hashes and cannot answer a
// challenge. A client that takes the first known mechanism finds PLAIN before it. Some clients
// (curl, smtplib of Python) prefer it wherever it stands, as the strongest, and curl then tries no
// other: so it is offered only to the networks of such logins.
const cramMd5: ClientMechanism = {
  name: 'CRAM-MD5',
  begin: (makeChallenge) => cramMd5Exchange(makeChallenge()),
}

/** PLAIN (RFC 4616), as initial response or after an empty challenge. */
export function plainExchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readPlain(response))
}

/** `[authzid] NUL authcid NUL passwd`. */
function readPlain(response: Buffer): Outcome {
  // Split before it is decoded: the user name may be UTF-8 and the password not.
  const [authorization, userName, password, ...more] = cutAtNul(response).map(readClientText)
  if (authorization === undefined || !userName || !password || more.length > 0) return { kind: 'malformed' }
  const identity = authorization === '' || authorization === userName ? {} : { actsAs: authorization }
  const credentials = { kind: 'password', userName, password: new Secret(password), ...identity } as const
  return { kind: 'credentials', credentials }
}

function cutAtNul(octets: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let from = 0
  for (let at = octets.indexOf(0); at !== -1; at = octets.indexOf(0, from)) {
    fields.push(octets.subarray(from, at))
    from = at + 1
  }
  return [...fields, octets.subarray(from)]
}

/**
 * LOGIN (draft-murchison-sasl-login). The challenges are exact, because some devices compare their
 * base64 (`VXNlcm5hbWU6`, `UGFzc3dvcmQ6`). A user name as initial response is accepted; an empty
 * initial response counts as none.
 */
export function loginExchange(): Exchange {
  let asked = false
  let userName: string | undefined

  return (response) => {
    if (response === undefined || (!asked && response.length === 0)) {
      asked = true
      return { kind: 'challenge', text: 'Username:' }
    }
    if (response.includes(0)) return { kind: 'malformed' }
    const text = readClientText(response)
    if (userName === undefined) {
      asked = true
      userName = text
      return { kind: 'challenge', text: 'Password:' }
    }
    return { kind: 'credentials', credentials: { kind: 'password', userName, password: new Secret(text) } }
  }
}

/**
 * CRAM-MD5 (RFC 2195). `challenge` must be unique, or an old response could be replayed. The server
 * speaks first, so an initial response is invalid (RFC 4954, section 4).
 */
export function cramMd5Exchange(challenge: string): Exchange {
  let asked = false

  return (response) => {
    if (asked && response !== undefined) return readAnswer(response, challenge)
    asked = true
    return response === undefined ? { kind: 'challenge', text: challenge } : { kind: 'malformed' }
  }
}

/**
 * `user SP digest`. A user name may hold blanks, a digest never does, so they are split at the last
 * blank.
 */
function readAnswer(response: Buffer, challenge: string): Outcome {
  const found = /^([^\0]+) ([0-9A-Fa-f]{32})$/.exec(readClientText(response))
  const [, userName, digest] = found ?? []
  if (userName === undefined || digest === undefined) return { kind: 'malformed' }
  const credentials = { kind: 'cram-md5', userName, challenge, digest: digest.toLowerCase() } as const
  return { kind: 'credentials', credentials }
}

/**
 * The initial response of XOAUTH2 for a provider, in base64: `user=` user ^A `auth=Bearer ` token
 * ^A ^A, as Google and Microsoft document it.
 * @throws Failure `invalid` when user or token hold a control character: ^A would begin a field of
 * its own
 */
export function xoauth2Response(user: string, token: Secret): Secret {
  const parts = [user, token.reveal()]
  if (parts.some((part) => part === '' || unwritable.test(part))) {
    throw failure('sign-in.control-characters')
  }
  return new Secret(encodeBase64(`user=${user}\x01auth=Bearer ${token.reveal()}\x01\x01`))
}

/**
 * The answer to an error challenge: an empty line. It discloses nothing and lets the server send
 * its final reply; `*` is not known to every server.
 */
export const xoauth2ErrorAnswer = ''

/**
 * XOAUTH2 of a client, with an API key as the token: as initial response, or after an empty
 * challenge.
 */
export function xoauth2Exchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readXoauth2(response))
}

function readXoauth2(response: Buffer): Outcome {
  const [first = '', ...rest] = decodeUtf8(response)?.split('\x01') ?? []
  const userName = /^user=(.+)$/s.exec(first)?.[1]
  const token = readBearerToken(rest)
  if (userName === undefined || unwritable.test(userName) || token === undefined) return { kind: 'malformed' }
  return {
    kind: 'credentials',
    credentials: { kind: 'bearer', userName, token },
    errorChallenge: xoauth2ErrorChallenge,
  }
}

// As Google documents it, without a scope, because API keys have none that a client could request.
const xoauth2ErrorChallenge = '{"status":"401","schemes":"bearer"}'

const unwritable = /[\p{Cc}\p{Cs}]/u

/** The fields of OAUTHBEARER (RFC 7628, section 3.1). Host and port are optional. */
interface OAuthBearerFields {
  user: string
  token: Secret
  host?: string
  port?: number
}

/**
 * The initial response of OAUTHBEARER for a provider (RFC 7628, section 3.1), in base64: the GS2
 * header with the user as authorization identity, then key and value pairs, each ended by ^A, then
 * one more ^A.
 * @throws Failure `invalid` when a field holds a control character: ^A would begin a field of its
 * own
 */
export function oauthBearerResponse(fields: OAuthBearerFields): Secret {
  const pairs = [
    ...(fields.host === undefined ? [] : [`host=${fields.host}`]),
    ...(fields.port === undefined ? [] : [`port=${fields.port}`]),
    `auth=Bearer ${fields.token.reveal()}`,
  ]
  const empty = fields.user === '' || fields.token.reveal() === ''
  if (empty || [fields.user, ...pairs].some((part) => unwritable.test(part))) {
    throw failure('sign-in.control-characters-in-host')
  }
  return new Secret(encodeBase64(`n,a=${saslName(fields.user)},\x01${pairs.join('\x01')}\x01\x01`))
}

/** The answer to an error challenge: one ^A (RFC 7628, section 3.2.3), in base64. */
export const oauthBearerErrorAnswer = 'AQ=='

/**
 * OAUTHBEARER of a client, with an API key as the token: as initial response, or after an empty
 * challenge.
 */
export function oauthBearerExchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readOAuthBearer(response))
}

function readOAuthBearer(response: Buffer): Outcome {
  const [header = '', ...rest] = decodeUtf8(response)?.split('\x01') ?? []
  const found = gs2Header.exec(header)
  const token = readBearerToken(rest)
  if (found === null || unwritable.test(header) || token === undefined) return { kind: 'malformed' }
  const userName = (found[1] ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')
  return {
    kind: 'credentials',
    credentials: { kind: 'bearer', userName, token },
    errorChallenge: oauthBearerErrorChallenge,
  }
}

// The GS2 header (RFC 5801, section 4). Without channel binding only `n` is valid: `y` and `p=`
// mean that the client was offered something else by an attacker.
const gs2Header = /^n,(?:a=((?:[^=,]|=2C|=3D)+))?,$/

// RFC 7628, section 3.2.2.
const oauthBearerErrorChallenge = '{"status":"invalid_token","schemes":"bearer"}'

/** In a GS2 header `=` and `,` are written as `=3D` and `=2C` (RFC 5801, section 4). */
function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/**
 * The bearer token of a response that was split at ^A: key and value pairs, each ended by ^A, then
 * one more (RFC 7628, section 3.1; the same in XOAUTH2). Unknown keys are ignored. Undefined for a
 * syntax error.
 */
function readBearerToken(parts: readonly string[]): Secret | undefined {
  const pairs = parts.slice(0, -2).map((part) => pairForm.exec(part))
  if (parts.length < 3 || parts.at(-1) !== '' || parts.at(-2) !== '') return undefined
  if (pairs.includes(null)) return undefined
  const [auth, ...more] = pairs.filter((pair) => pair?.[1] === 'auth')
  const token = more.length > 0 ? undefined : bearerForm.exec(auth?.[2] ?? '')?.[1]
  return token === undefined ? undefined : new Secret(token)
}

const pairForm = /^([A-Za-z]+)=([\t\r\n -~]*)$/
// b64token (RFC 6750, section 2.1). The scheme is case-insensitive (RFC 9110, section 11.1).
const bearerForm = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * The error challenge of a server that refused a token (RFC 7628, section 3.2.2; the same in
 * XOAUTH2).
 */
export interface ErrorChallenge {
  /** `invalid_token`, `insufficient_scope`, ..., or an HTTP status at some servers. */
  status: string
  scope?: string
  schemes?: string
}

/**
 * Parses the text of a 334 reply to the token. Undefined when it is not an error challenge. For
 * explanations only: the final reply decides.
 */
export function readErrorChallenge(text: string): ErrorChallenge | undefined {
  const octets = decodeBase64(text.trim())
  const challenge = octets && parseObject(octets.toString('utf8'))
  const status = field(challenge, 'status')
  if (status === undefined) return undefined
  const scope = field(challenge, 'scope')
  const schemes = field(challenge, 'schemes')
  return { status, ...(scope === undefined ? {} : { scope }), ...(schemes === undefined ? {} : { schemes }) }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Own properties only, so that no key has another meaning; a status may be text or a number. */
function field(challenge: object | undefined, name: string): string | undefined {
  if (!challenge || !Object.hasOwn(challenge, name)) return undefined
  const value: unknown = Reflect.get(challenge, name)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
