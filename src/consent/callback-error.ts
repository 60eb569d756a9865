import { printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { ConsentRefused } from './consent-refused.ts'

/**
 * What an error in the callback means (RFC 6749, section 4.1.2.1; OpenID Connect Core, section 3.1.2.6). The
 * provider's description is foreign text that anybody can put into a URL, so it is neither shown nor logged.
 */
export function refusalOfCallback(error: string, mailbox: string, providerName: string): ConsentRefused {
  switch (error) {
    case 'access_denied':
      return new ConsentRefused('declined', `${providerName} says that the consent was declined`, {
        fix: 'Start again and agree; if no such choice was offered, ask the administrator of the organisation to allow postern.',
        mailbox,
      })
    case 'consent_required':
    case 'interaction_required':
    case 'login_required':
    case 'account_selection_required':
      return new ConsentRefused('declined', `${providerName} wants more than was done: ${error}`, {
        fix: 'Start again and finish every step; ask the administrator of the organisation if one cannot be finished.',
        mailbox,
      })
    case 'temporarily_unavailable':
    case 'server_error':
      return new ConsentRefused('provider-unavailable', `${providerName} has a passing trouble: ${error}`, {
        fix: 'Start again in a few minutes.',
        mailbox,
      })
    default:
      return new ConsentRefused('provider-error', `${providerName} refused the request: ${named(error)}`, {
        fix: "Check the registration's client id, redirect URI and scopes at the provider.",
        mailbox,
      })
  }
}

/**
 * What it means that the code could not be exchanged. A Failure already says so itself; anything else is an answer that did
 * not pass the checks (`state`, `iss`, ID token), and its text stays inside as the cause.
 */
export function refusalOfExchange(error: unknown, mailbox: string, providerName: string): Failure {
  if (error instanceof Failure) return error
  return new ConsentRefused('provider-error', `The answer of ${providerName} did not pass the checks`, {
    fix: "Start again; if it stays so, check the provider's issuer and endpoints.",
    mailbox,
    cause: error,
  })
}

function named(error: string): string {
  return /^[a-z0-9_]{1,60}$/.test(error) ? error : `"${printable(error, 60)}"`
}
