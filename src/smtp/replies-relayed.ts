import { type Reply, say } from '../wire/reply.ts'

/**
 * A provider's reply inside a transaction, as the client gets it: unchanged, except where it says the opposite of what it means.
 * Exchange Online and Gmail answer a used-up sending quota with a permanent code (`554 5.2.0 ... SubmissionQuotaExceeded`,
 * `550 5.4.5`, `550 5.2.25x`), on which a queue would give the mail back though it may leave tomorrow. And `530 5.7.57`
 * ("client not authenticated") is about our sign-in at the provider, never about the client's.
 */
export function relayedReply(reply: Reply): Reply {
  const text = reply.lines.join(' ')
  const status = /^\d\.\d{1,3}\.\d{1,3}(?= |$)/.exec(text)?.[0] ?? ''
  if (isQuota(reply.code, status, text)) return quotaReached
  if (reply.code === 530 && status === '5.7.57') return providerForgotUs
  return reply
}

const quotaReached = say(
  451,
  '4.4.5 The provider has a sending limit, and it is reached: try again later [postern:LIMIT]',
)
const providerForgotUs = say(
  451,
  '4.3.0 The mail provider refuses our set-up: ask the administrator of postern [postern:CONFIG]',
)

function isQuota(code: number, status: string, text: string): boolean {
  if (code === 554) return status === '5.2.0' && text.includes('SubmissionQuotaExceeded')
  return code === 550 && (status === '5.4.5' || /^5\.2\.25\d$/.test(status))
}
