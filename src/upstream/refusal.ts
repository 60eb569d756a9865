import { printable } from '../base/address.ts'
import { Failure, type FailureDetails } from '../base/failure.ts'
import { enhancedStatuses, statusOf } from '../wire/enhanced-status.ts'
import { isTransient, type Reply } from '../wire/reply.ts'
import { openingWait } from './opening-wait.ts'

/** A provider refused us before anybody's mail was at stake. 4xx passes (421 too), everything else is set-up, and old TLS is. */
export function refusal(reply: Reply, host: string, what: string): Failure {
  const message = `${host} refused ${what} (${statusOf(reply)})`
  const cause = new Error(`The provider said: ${wordsOf(reply)}`)
  // Exchange Online's way to refuse TLS 1.0 and 1.1. We speak none of them: something in between does.
  if (enhancedStatuses(reply).includes('4.7.66')) {
    return new Failure('provider-setup', `${message}: the TLS that reached it is too old`, {
      cause,
      fix: 'Find what stands between postern and the provider and speaks TLS in its place, and have it speak TLS 1.2 or newer.',
    })
  }
  if (isTransient(reply)) {
    return new Failure('provider-unavailable', message, {
      cause,
      fix: 'Try again later.',
      ...waitAfter(reply),
    })
  }
  return new Failure('provider-setup', message, {
    cause,
    fix: 'Check host and port of the provider, and whether it takes connections from this network.',
  })
}

/** For the details of a Failure. */
export function waitAfter(reply: Reply): Pick<FailureDetails, 'retryAfterSeconds'> {
  const seconds = openingWait(reply)
  return seconds === undefined ? {} : { retryAfterSeconds: seconds }
}

/**
 * What a provider said, for logs and pages: cut, on one line, and without long words. A server that repeats the line
 * it did not like would otherwise put a token there.
 */
export function wordsOf(reply: Reply): string {
  const text = Buffer.from(reply.lines.join(' / '), 'latin1').toString('utf8')
  return printable(text.replace(/[A-Za-z0-9+/=_-]{32,}/g, '[hidden]'), 200)
}
