import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { decodeUtf8 } from '../wire/client-text.ts'
import { decodeBase64, type Exchange, encodeBase64, type Outcome } from './exchange.ts'

/**
 * What postern says to a provider: the initial client response of XOAUTH2, in base64 and ready for the wire:
 * `user=` user ^A `auth=Bearer ` token ^A ^A, as Google and Microsoft publish it.
 * @throws Failure `invalid` when user or token hold a control character: ^A would begin a field of its own
 */
export function xoauth2Response(user: string, token: Secret): Secret {
  const parts = [user, token.reveal()]
  if (parts.some((part) => part === '' || unwritable.test(part))) {
    throw new Failure('invalid', 'A user name or token with control characters cannot be used to sign in', {
      fix: 'Check the address of the mailbox and what the token endpoint answers.',
    })
  }
  return new Secret(encodeBase64(`user=${user}\x01auth=Bearer ${token.reveal()}\x01\x01`))
}

/**
 * What the client answers to an error challenge: an empty line. It gives nothing away and lets the server send its
 * final reply; `*` would do too, but not every server knows it.
 */
export const xoauth2ErrorAnswer = ''

/** What a client says to postern: XOAUTH2 with an API key as the token, beside AUTH or after an empty challenge. */
export function xoauth2Exchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readXoauth2(response))
}

function readXoauth2(response: Buffer): Outcome {
  const [first = '', ...rest] = decodeUtf8(response)?.split('\x01') ?? []
  const userName = /^user=(.+)$/.exec(first)?.[1]
  const token = readBearerToken(rest)
  if (userName === undefined || unwritable.test(userName) || token === undefined) return { kind: 'malformed' }
  return {
    kind: 'credentials',
    credentials: { kind: 'bearer', userName, token },
    errorChallenge: xoauth2ErrorChallenge,
  }
}

// As Google publishes it, without a scope: an API key has none that a client could ask for elsewhere.
const xoauth2ErrorChallenge = '{"status":"401","schemes":"bearer"}'

const unwritable = /[\p{Cc}\p{Cs}]/u

/** What OAUTHBEARER says (RFC 7628, section 3.1). Host and port are optional there. */
interface OAuthBearerFields {
  user: string
  token: Secret
  host?: string
  port?: number
}

/**
 * What postern says to a provider: the initial client response of OAUTHBEARER (RFC 7628, section 3.1), in base64 and ready for the wire: the GS2 header
 * with the user as authorization identity, then key and value pairs, each ended by ^A, then one more.
 * @throws Failure `invalid` when a field holds a control character: ^A would begin a field of its own
 */
export function oauthBearerResponse(fields: OAuthBearerFields): Secret {
  const pairs = [
    ...(fields.host === undefined ? [] : [`host=${fields.host}`]),
    ...(fields.port === undefined ? [] : [`port=${fields.port}`]),
    `auth=Bearer ${fields.token.reveal()}`,
  ]
  const empty = fields.user === '' || fields.token.reveal() === ''
  if (empty || [fields.user, ...pairs].some((part) => unwritable.test(part))) {
    throw new Failure(
      'invalid',
      'A user name, host or token with control characters cannot be used to sign in',
      {
        fix: 'Check the address of the mailbox, the provider and what the token endpoint answers.',
      },
    )
  }
  return new Secret(encodeBase64(`n,a=${saslName(fields.user)},\x01${pairs.join('\x01')}\x01\x01`))
}

/** What the client answers to an error challenge: one ^A (RFC 7628, section 3.2.3), in base64. */
export const oauthBearerErrorAnswer = 'AQ=='

/** What a client says to postern: OAUTHBEARER with an API key as the token, beside AUTH or after an empty challenge. */
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

// RFC 5801, section 4. Without channel binding there is only `n`: a client that says `y` or `p=` was told something else by somebody else.
const gs2Header = /^n,(?:a=((?:[^=,]|=2C|=3D)+))?,$/

// RFC 7628, section 3.2.2.
const oauthBearerErrorChallenge = '{"status":"invalid_token","schemes":"bearer"}'

/** RFC 5801, section 4: in a GS2 header `=` and `,` are written as `=3D` and `=2C`. */
function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/**
 * The bearer token of a response that was cut at its ^A: key and value pairs, each ended by one, then one more (RFC 7628, section 3.1; XOAUTH2
 * alike). Keys that are not known are passed over. Undefined when it does not follow the grammar.
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
// RFC 6750, section 2.1: b64token. The scheme is a name of HTTP, so its case means nothing (RFC 9110, section 11.1).
const bearerForm = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Why a token was refused, as the server says in its error challenge (RFC 7628, section 3.2.2; XOAUTH2 alike). */
export interface ErrorChallenge {
  /** `invalid_token`, `insufficient_scope`, ..., or an HTTP status at some servers. */
  status: string
  scope?: string
  schemes?: string
}

/**
 * Reads the text of a 334 reply that came after the token was sent. Undefined when it is not such a challenge:
 * it is for explanations only, the final reply decides.
 */
export function readErrorChallenge(text: string): ErrorChallenge | undefined {
  const octets = decodeBase64(text.trim())
  const said = octets && parseObject(octets.toString('utf8'))
  const status = field(said, 'status')
  if (status === undefined) return undefined
  const scope = field(said, 'scope')
  const schemes = field(said, 'schemes')
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

/** Own fields only, so that no name means anything else; a status may be text or a number. */
function field(said: object | undefined, name: string): string | undefined {
  if (!said || !Object.hasOwn(said, name)) return undefined
  const value: unknown = Reflect.get(said, name)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
