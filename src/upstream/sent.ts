import type { Reply } from '../wire/reply.ts'

/** What became of a message. */
export interface Sent {
  /** The provider's last word. */
  reply: Reply
  /** The provider still holds the envelope: it refused before the transaction ended. */
  stillOpen: boolean
}
