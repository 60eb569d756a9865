import type { FailureCode } from '../base/failure.ts'

/** After sysexits.h, so that cron and mail programs know what to do: 75 try again later, 78 configuration. */
export const exitCodes: Record<FailureCode, number> = {
  'wrong-credentials': 1,
  forbidden: 1,
  'sender-refused': 1,
  'consent-needed': 1,
  'provider-unavailable': 75,
  'provider-setup': 1,
  'limit-reached': 75,
  'outcome-unknown': 75,
  invalid: 1,
  'not-found': 1,
  'already-exists': 1,
  'store-unavailable': 75,
  configuration: 78,
  internal: 1,
}

export const usageError = 2
