import { type Failure, type FailureContext, failure } from '../base/failure.ts'
import { type ReplyClass, replyClassOf } from '../providers/reply-class.ts'
import { enhancedStatuses, isTransient, type Reply, statusOf, wordsOf } from '../wire/reply.ts'

/**
 * A provider refused us before any message was at stake.
 * @param what a command; absent: the connection itself
 */
export function refusal(reply: Reply, host: string, what?: string): Failure {
  const known = { host, status: statusOf(reply), said: wordsOf(reply), ...waitAfter(reply) }
  if (what === undefined)
    return passes(reply)
      ? failure('upstream.connection-refused-for-now', known)
      : failure('upstream.connection-refused', known)
  return passes(reply)
    ? failure('upstream.refused-for-now', { ...known, what })
    : failure('upstream.refused', { ...known, what })
}

/**
 * 4xx passes (421 too), and so does a limit that is reached, whatever its code says; everything else
 * is a matter of set-up. Exchange Online refuses TLS 1.0 and 1.1 by 4.7.66: we speak neither, so
 * something in between does, and will tomorrow.
 */
export function passes(reply: Reply): boolean {
  if (isTransient(reply)) return !enhancedStatuses(reply).includes('4.7.66')
  const meaning = replyClassOf(reply)
  return meaning === 'quota' || meaning === 'throttled'
}

/** For the context of a Failure. */
export function waitAfter(reply: Reply): Pick<FailureContext, 'retryAfterSeconds'> {
  const seconds = openingWait(reply)
  return seconds === undefined ? {} : { retryAfterSeconds: seconds }
}

/**
 * How long a provider that refuses a connection or a sign-in wants no further attempt, in seconds.
 * Undefined when its reply does not tell. The governor never waits less than that: a client that
 * comes back sooner is refused for longer.
 */
export function openingWait(reply: Reply): number | undefined {
  const text = reply.lines.join(' ')
  const [status] = enhancedStatuses(reply)
  const told = rows.find((row) => row.code === reply.code && row.status === status && row.words.test(text))
  if (told) return told.seconds
  const meaning = replyClassOf(reply)
  return meaning === undefined ? undefined : general[meaning]
}

interface Row {
  code: number
  status: string
  words: RegExp
  seconds: number
}

/** Replies that only come while a connection is opened. */
const rows: readonly Row[] = [
  // Gmail, after about a hundred sign-ins in quick succession.
  { code: 454, status: '4.7.0', words: /too many login attempts/i, seconds: 900 },
  // Gmail, to a network address or an EHLO name that it does not like.
  { code: 421, status: '4.7.0', words: /closing connection/i, seconds: 300 },
  // Yahoo.
  { code: 535, status: '5.7.0', words: /#AUTH005/, seconds: 3600 },
]

/**
 * Replies that may come at any time. For set-up the governor has waits of its own: it may be
 * repaired any moment.
 */
const general: Partial<Record<ReplyClass, number>> = {
  quota: 3600,
  throttled: 3600,
  rate: 60,
  'too-many-at-once': 30,
  deferred: 900,
}
