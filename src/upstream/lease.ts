import type { SignedIn } from './open-signed-in.ts'

/** The right to one connection for one transaction. Ends by `giveBack` or `discard`; a second end is ignored. */
export interface Lease extends SignedIn {
  /** It has served or rested before, so it may have died unseen. */
  readonly warm: boolean
  /** `messages`: how many were sent in this transaction. A connection that is no longer alive is not kept. */
  giveBack(messages: number): void
  discard(): void
}
