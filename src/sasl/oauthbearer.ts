import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import { encodeBase64 } from './base64.ts'
import { readBearerToken } from './bearer-pairs.ts'
import type { Exchange, Outcome } from './exchange.ts'

/** What OAUTHBEARER says (RFC 7628, section 3.1). Host and port are optional there. */
export interface OAuthBearerFields {
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
  return { kind: 'credentials', credentials: { kind: 'bearer', userName, token }, errorChallenge }
}

// RFC 5801, section 4. Without channel binding there is only `n`: a client that says `y` or `p=` was told something else by somebody else.
const gs2Header = /^n,(?:a=((?:[^=,]|=2C|=3D)+))?,$/

// RFC 7628, section 3.2.2.
const errorChallenge = '{"status":"invalid_token","schemes":"bearer"}'

const unwritable = /[\p{Cc}\p{Cs}]/u

/** RFC 5801, section 4: in a GS2 header `=` and `,` are written as `=3D` and `=2C`. */
function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}
