import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Address } from '../model/address.ts'
import type { HeldMessage, HeldReply, HeldState } from '../model/held-message.ts'
import type { Hold } from '../upstream/submission.ts'

/**
 * Messages of logins and API keys that need a person's approval: each is held, sealed, until somebody
 * has decided, for a day at most. Made by `createApprovals`. Everything that is needed for it is
 * loaded with the first of them.
 */
export interface Approvals {
  /**
   * Begins a transaction whose message is held instead of sent.
   * @throws Failure `limit-reached`
   */
  hold: Hold
  /** Those that wait, and those that ended lately, the newest first. */
  list(): Promise<HeldStatus[]>
  /** @throws Failure `not-found` */
  show(id: string): Promise<HeldStatus>
  /** How many wait. */
  waiting(): Promise<number>
  /**
   * Sends it now. Where its provider asks to try later, it waits on.
   * @throws Failure `not-found`; `already-exists` where it does not wait any more, or somebody else
   * sends it now; others as `Relay.begin`
   */
  approve(id: string, by: Actor): Promise<HeldStatus>
  /** @throws Failure as `approve` */
  refuse(id: string, by: Actor): Promise<HeldStatus>
  /**
   * The message that a link is for: whoever has the link may decide. It counts for nothing when
   * somebody has decided.
   * @throws Failure `not-found`
   */
  ofLink(link: string): Promise<HeldStatus>
  /** The link of a message, for the channels for notices alone: whoever sent it must never see it. */
  linkOf(id: string): Secret
}

/** For pages, API and command. */
export interface HeldStatus {
  id: string
  state: HeldState
  /** The login or API key, as logs name it. */
  userName: string
  /** Its id; absent for a login. */
  apiKey?: string
  mailbox: Address
  sender: string
  recipients: readonly string[]
  subject?: string
  /** Of its header. */
  from?: string
  octets: number
  createdAt: string
  endsAt: string
  changedAt: string
  decidedBy?: string
  /** What its provider said, or why it was not asked. */
  reply?: HeldReply
  accepted?: readonly { recipient: string; reply: HeldReply }[]
  refused?: readonly { recipient: string; reply: HeldReply }[]
  failure?: { id: string; message: string; fix?: string }
}

/** By the credential that a message came by, as it is kept. */
export function ownerOf({ login, apiKey }: Pick<Submitter, 'login' | 'apiKey'>): HeldMessage['owner'] {
  if (login !== undefined) return `login ${login}`
  return apiKey === undefined ? 'owner' : `api-key ${apiKey}`
}
