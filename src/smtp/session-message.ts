import { isPositive, type Reply } from '../wire/reply.ts'
import { replies, replyInTransaction } from './replies.ts'
import { relayedReply } from './replies-relayed.ts'
import type { MessageCut, MessageOutcome } from './session-events.ts'

/** What the client gets for its message. A yes to a message whose end never came would be a yes to something else. */
export function replyToMessage(outcome: MessageOutcome, ended: boolean): Reply {
  if (outcome.kind === 'cut') return cutReplies[outcome.cut]
  if (outcome.kind === 'failed') return replyInTransaction(outcome.failure)
  return !ended && isPositive(outcome.reply) ? replies.messageLost : relayedReply(outcome.reply)
}

export const cutReplies: Record<MessageCut, Reply> = {
  'bare-newline': replies.bareNewline,
  'too-large': replies.tooLarge,
  'timed-out': replies.timedOut,
  'too-slow': replies.tooSlow,
}
