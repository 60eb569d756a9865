import type { Address } from './address.ts'

/**
 * What becomes of a message that a person has to approve:
 *
 * - `waiting`: nobody has decided. Also where it was approved and its provider asked to try again.
 * - `sending`: approved, and on its way. Whoever stops in the middle leaves it so.
 * - `sent`: its provider has taken it, for at least one of its recipients.
 * - `refused`: a person did not want it sent.
 * - `expired`: nobody decided in time.
 * - `failed`: approved, and then refused by its provider, or because it may not be sent any more.
 * - `unknown`: it was on its way when postern stopped: nobody knows whether it arrived.
 */
export type HeldState = 'waiting' | 'sending' | 'sent' | 'refused' | 'expired' | 'failed' | 'unknown'

/** A message that waits for a person, or has until lately. */
export interface HeldMessage {
  id: string
  /** By which credential it came: `login ID`, `api-key ID`, or `owner`. */
  owner: string
  state: HeldState
  envelope: HeldEnvelope
  /** Of the message itself. */
  octets: number
  /** In how many parts it is kept. */
  parts: number
  createdAt: number
  /** Until then somebody may decide. */
  endsAt: number
  /** When it got into this state. */
  changedAt: number
  /** The process that has begun to send it. */
  sentBy?: string
  /** Who approved or refused it. */
  decidedBy?: string
  /** What came of sending it, so far. */
  outcome?: HeldOutcome
}

/** Everything that is needed to send it, and what people see of it. */
export interface HeldEnvelope {
  /** Who sent it, as logs name a login or an API key. */
  userName: string
  /** Where it came from. */
  source: string
  mailbox: Address
  mail: HeldCommand & { sender: string }
  /** The sender that its client gave, where it was replaced. */
  givenSender?: string
  recipients: readonly (HeldCommand & { recipient: string })[]
  /** Fields of its header, decoded; absent where there is none, or none that can be read. */
  subject?: string
  from?: string
  messageId?: string
}

interface HeldCommand {
  parameters: readonly { keyword: string; value?: string }[]
}

/** What the provider said to a message that was approved, or why it was not even asked. */
export interface HeldOutcome {
  at: number
  reply?: HeldReply
  recipients?: readonly { recipient: string; reply: HeldReply }[]
  /** A failure of the catalogue, in the place of replies. */
  failure?: { id: string; message: string; fix?: string }
}

export interface HeldReply {
  code: number
  text: string
}
