import type { Secret } from '../base/secret.ts'

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
