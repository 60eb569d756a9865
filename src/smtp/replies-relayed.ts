import { type Meaning, meaningOf } from '../governor/reply-meaning.ts'
import { type Reply, say } from '../wire/reply.ts'

/**
 * A provider's reply inside a transaction, as the client gets it: unchanged, except where it says something else than it means.
 *
 * - A used-up sending quota or rate comes with a permanent code (`554 5.2.0 ... SubmissionQuotaExceeded`, `550 5.4.5`), on which a queue
 *   would give the mail back though it may leave tomorrow.
 * - `530 5.7.57` ("client not authenticated"; 535 and 550 come as well) is about our sign-in at the provider, never about the client's.
 * - 421 says that whoever sends it closes the connection (RFC 5321, section 4.2.3), and postern does not close this one. 432 speaks of the
 *   client's password (RFC 4954, section 6). Both are 451 here; the provider's words stay.
 */
export function relayedReply(reply: Reply): Reply {
  const meaning = meaningOf(reply)
  const instead = meaning === undefined ? undefined : replacements[meaning]
  if (instead) return instead
  return reply.code === 421 || reply.code === 432 ? { ...reply, code: 451 } : reply
}

const quotaReached = say(
  451,
  '4.4.5 The provider has a sending limit, and it is reached: try again later [postern:LIMIT]',
)

const replacements: Partial<Record<Meaning, Reply>> = {
  quota: quotaReached,
  rate: quotaReached,
  throttled: quotaReached,
  'too-many-at-once': say(
    451,
    '4.3.2 The provider takes no more at the same time from this mailbox: try again shortly [postern:LIMIT]',
  ),
  'signed-out': say(
    451,
    '4.3.0 The mail provider refuses our set-up: ask the administrator of postern [postern:CONFIG]',
  ),
}
