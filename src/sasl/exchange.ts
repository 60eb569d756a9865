import type { Secret } from '../base/secret.ts'

/**
 * The server's side of one mechanism (RFC 4422), stepped with each response of the client. `undefined` (nothing was
 * sent with AUTH) is not an empty response.
 */
export type Exchange = (response: Buffer | undefined) => Outcome

export type Outcome =
  /** Goes to the client as `334` and its base64. */
  | { kind: 'challenge'; text: string }
  /** `errorChallenge`: what the mechanism says before the refusal, when the credentials turn out wrong; the client answers it with one line. */
  | { kind: 'credentials'; credentials: Credentials; errorChallenge?: string }
  /** The response does not follow the mechanism's grammar. */
  | { kind: 'malformed' }

/** What a client said to prove who it is, as its mechanism reads it. Whether it is true is decided elsewhere. */
export type Credentials =
  /** `actsAs`: for whom, where that is somebody else by its name (RFC 4616: authzid). */
  | { kind: 'password'; userName: string; password: Secret; actsAs?: string }
  /** `digest`: HMAC-MD5 of the challenge under the password, in hexadecimal of small letters (RFC 2195). */
  | { kind: 'cram-md5'; userName: string; challenge: string; digest: string }
  /** `userName` may be empty: OAUTHBEARER needs none (RFC 7628, section 3.1). */
  | { kind: 'bearer'; userName: string; token: Secret }

const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/**
 * Strict, canonical base64 (RFC 4648, sections 3 and 4): no octet outside the alphabet, padding last, and no stray bits under it.
 * Old devices leave the padding away, so all of it may be missing; half of it never. Undefined for anything else: Node's own decoder
 * skips what it does not know.
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
