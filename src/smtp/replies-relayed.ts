import { isPositive, type Reply, say } from '../wire/reply.ts'

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
  if (isPositive(reply)) return reply
  const text = reply.lines.join(' ')
  const status = /^\d\.\d{1,3}\.\d{1,3}(?= |$)/.exec(text)?.[0] ?? ''
  const meant = meanings.find(
    ({ codes, statuses, words }) =>
      codes.test(String(reply.code)) && statuses.test(status) && words.test(text),
  )
  if (meant) return meant.reply
  return reply.code === 421 || reply.code === 432 ? { ...reply, code: 451 } : reply
}

const quotaReached = say(
  451,
  '4.4.5 The provider has a sending limit, and it is reached: try again later [postern:LIMIT]',
)
const tooManyAtOnce = say(
  451,
  '4.3.2 The provider takes no more at the same time from this mailbox: try again shortly [postern:LIMIT]',
)
const providerForgotUs = say(
  451,
  '4.3.0 The mail provider refuses our set-up: ask the administrator of postern [postern:CONFIG]',
)

interface Meaning {
  codes: RegExp
  statuses: RegExp
  /** What the text has to hold. */
  words: RegExp
  reply: Reply
}

/** Exchange Online and Gmail, as far as their replies are known. */
const meanings: readonly Meaning[] = [
  { codes: /^554$/, statuses: /^5\.2\.0$/, words: /SubmissionQuotaExceeded/, reply: quotaReached },
  { codes: /^550$/, statuses: /^5\.4\.5$|^5\.2\.25\d$/, words: /^/, reply: quotaReached },
  { codes: /^5/, statuses: /^5\.2\.2$/, words: /submission quota (was )?exceeded/i, reply: quotaReached },
  {
    codes: /^550$/,
    statuses: /^5\.7\.1$/,
    words: /rate limited|SMTP relay limit exceeded/i,
    reply: quotaReached,
  },
  { codes: /^4/, statuses: /^4\.4\.2$/, words: /Message submission rate/i, reply: quotaReached },
  {
    codes: /^4/,
    statuses: /^4\.3\.2$/,
    words: /sender thread limit|concurrent connections? limit/i,
    reply: tooManyAtOnce,
  },
  { codes: /^5(30|35|50)$/, statuses: /^5\.7\.57$/, words: /^/, reply: providerForgotUs },
]
