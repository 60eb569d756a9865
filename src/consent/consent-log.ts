import { printable } from '../base/address.ts'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { safeText } from '../providers/oauth/oauth-error.ts'
import { ConsentRefused } from './consent-refused.ts'
import type { CompletedConsent } from './service.ts'

/** A completed consent, and for the log which account signed in. */
export type SettledConsent = CompletedConsent & { account?: string }

/** Says in the log what came of a consent, whichever way it was given, and who really signed in. */
export async function logged(log: Log, settling: Promise<SettledConsent>): Promise<CompletedConsent> {
  try {
    const { account, ...completed } = await settling
    const who = account === undefined ? {} : { account: printable(account, 300) }
    log.info({ event: 'consent.completed', ...completed, ...who }, 'Consent completed')
    return completed
  } catch (error) {
    log.info({ event: 'consent.refused', ...described(error) }, 'Consent refused')
    throw error
  }
}

/** What the log may say of a refusal: its sentence and, of an answer that did not pass, which check it was. */
function described(error: unknown): object {
  const { code, message, cause } = asFailure(error)
  if (!(error instanceof ConsentRefused)) return { code, refusal: message }
  const { reason, mailbox, signedInAs, expected, account } = error
  const check = cause instanceof Error ? safeText(cause.message) : undefined
  return { code, reason, mailbox, signedInAs, account, expected, refusal: message, check }
}
