import { type Meaning, meaningOf } from '../governor/reply-meaning.ts'
import { enhancedStatuses } from '../wire/enhanced-status.ts'
import type { Reply } from '../wire/reply.ts'

/**
 * How long a provider that refuses a connection or a sign-in wants to be left alone, in seconds; undefined where its reply does not tell. The
 * governor never waits less than that: whoever comes back at once is refused for longer.
 */
export function openingWait(reply: Reply): number | undefined {
  const text = reply.lines.join(' ')
  const [status] = enhancedStatuses(reply)
  const told = rows.find((row) => row.code === reply.code && row.status === status && row.words.test(text))
  if (told) return told.seconds
  const meaning = meaningOf(reply)
  return meaning === undefined ? undefined : general[meaning]
}

interface Row {
  code: number
  status: string
  words: RegExp
  seconds: number
}

/** What is only said to those who open a connection. */
const rows: readonly Row[] = [
  // Gmail, after about a hundred sign-ins in quick succession.
  { code: 454, status: '4.7.0', words: /too many login attempts/i, seconds: 900 },
  // Gmail, to a network address or a name in EHLO that it does not like.
  { code: 421, status: '4.7.0', words: /closing connection/i, seconds: 300 },
  // Yahoo.
  { code: 535, status: '5.7.0', words: /#AUTH005/, seconds: 3600 },
]

/** What may be said at any time. Set-up has the governor's own waits: it may be repaired any moment. */
const general: Partial<Record<Meaning, number>> = {
  rate: 60,
  'too-many-at-once': 30,
  deferred: 900,
}
