import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { safeText } from '../providers/oauth/oauth-error.ts'
import { ConsentRefused } from './consent-refused.ts'
import type { CompletedConsent } from './service.ts'

/** Says in the log what came of a consent, whichever way it was given. */
export async function logged(log: Log, completing: Promise<CompletedConsent>): Promise<CompletedConsent> {
  try {
    const completed = await completing
    log.info({ event: 'consent.completed', ...completed }, 'Consent completed')
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
  const { reason, mailbox, signedInAs, expected } = error
  const check = cause instanceof Error ? safeText(cause.message) : undefined
  return { code, reason, mailbox, signedInAs, expected, refusal: message, check }
}
