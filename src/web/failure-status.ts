import type { FailureCode } from '../base/failure.ts'

/** The HTTP door's one table from what can go wrong to a status (RFC 9110, section 15). */
export const failureStatus: Record<FailureCode, number> = {
  'wrong-credentials': 401,
  forbidden: 403,
  'sender-refused': 403,
  // The request is right and stays right: what it conflicts with is the state of the mailbox, and a person can change that.
  'consent-needed': 409,
  'provider-unavailable': 503,
  'provider-setup': 502,
  'limit-reached': 429,
  'outcome-unknown': 504,
  invalid: 400,
  'not-found': 404,
  'already-exists': 409,
  'store-unavailable': 503,
  configuration: 409,
  internal: 500,
}
