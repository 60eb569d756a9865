import type { Address } from '../base/address.ts'
import type { Channel } from './notice.ts'

/** What the doors may ask of notices. Made by `createNotices`. */
export interface Notices {
  /** Those that are set. */
  channels: readonly Channel['name'][]
  /** Looks from now on for what people have to know. Without a channel nobody looks. */
  start(): void
  /** Makes a consent link and sends it by every channel: it is in no answer. Resolves when one of them has taken it.
   * @throws Failure `configuration` without a channel, `provider-unavailable` when none took it, or as `ConsentService.createLink` */
  sendConsentLink(mailbox: string, requestedBy: string): Promise<SentLink>
  /** Resolves when what was under way has ended. */
  close(): Promise<void>
}

export interface SentLink {
  id: string
  mailbox: Address
  /** ISO 8601. */
  expiresAt: string
  deliveries: readonly { channel: Channel['name']; failure?: string }[]
}
