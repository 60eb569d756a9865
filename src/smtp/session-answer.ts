import type { Reply } from '../wire/reply.ts'
import type { Next, RefusedSender } from './session-events.ts'

/** What one part of the session says. Without `next`, the session goes on with the next command. */
export interface Answer {
  replies: readonly Reply[]
  next?: Next
  /** Counts against the limit of commands that mean nothing. */
  bad?: true
  refused?: RefusedSender
}

export function answer(reply: Reply): Answer {
  return { replies: [reply] }
}

export function bad(reply: Reply): Answer {
  return { replies: [reply], bad: true }
}

export function closeWith(reply: Reply): Answer {
  return { replies: [reply], next: { do: 'close' } }
}
