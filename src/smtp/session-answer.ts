import type { Reply } from '../wire/reply.ts'
import type { Next, OwnRefusal, RefusedSender } from './session-events.ts'

/** What one part of the session says. Without `next`, the session goes on with the next command. */
export interface Answer {
  replies: readonly Reply[]
  next?: Next
  /** Counts against the limit of commands that mean nothing. */
  bad?: true
  refused?: RefusedSender
  refusals?: readonly OwnRefusal[]
  dropped?: readonly string[]
}

/** A reply of our own. */
export function answer(reply: Reply): Answer {
  return reply.code < 400 ? pass(reply) : { replies: [reply], refusals: [{ reply }] }
}

export function bad(reply: Reply): Answer {
  return { ...answer(reply), bad: true }
}

export function closeWith(reply: Reply): Answer {
  return { ...answer(reply), next: { do: 'close' } }
}

/** A reply that is told of elsewhere: the provider's, that of a failure, or one that follows from what was refused before. */
export function pass(reply: Reply): Answer {
  return { replies: [reply] }
}

export function passAndClose(reply: Reply): Answer {
  return { replies: [reply], next: { do: 'close' } }
}

/** A refusal of our own, for those who look after postern. */
export function refusalsIn(reply: Reply): Pick<Answer, 'refusals'> {
  return reply.code >= 400 ? { refusals: [{ reply }] } : {}
}
