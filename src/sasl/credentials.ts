import type { Secret } from '../base/secret.ts'

/** What a client said to prove who it is, as its mechanism reads it. Whether it is true is decided elsewhere. */
export type Credentials =
  /** `actsAs`: for whom, where that is somebody else by its name (RFC 4616: authzid). */
  | { kind: 'password'; userName: string; password: Secret; actsAs?: string }
  /** `digest`: HMAC-MD5 of the challenge under the password, in hexadecimal of small letters (RFC 2195). */
  | { kind: 'cram-md5'; userName: string; challenge: string; digest: string }
  /** `userName` may be empty: OAUTHBEARER needs none (RFC 7628, section 3.1). */
  | { kind: 'bearer'; userName: string; token: Secret }
