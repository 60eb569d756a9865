import type { Credentials } from './credentials.ts'

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
