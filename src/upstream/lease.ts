import type { SignedIn } from './open-signed-in.ts'

/** The right to one connection for one transaction. Ends by `giveBack` or `discard`; a second end is ignored. */
export interface Lease extends Pick<SignedIn, 'connection' | 'capabilities'> {
  /** It has served or rested before, so it may have died unseen. */
  readonly warm: boolean
  /** It was not there at once: its client may have gone meanwhile. */
  readonly waited: boolean
  /** `messages`: how many were sent in this transaction. A connection that is no longer alive is not kept. */
  giveBack(messages: number): void
  /** The end of the message leaves now: it counts for the rate, whatever becomes of it. One that ends without costs nothing of it. */
  departs(): void
  /** From now on only the client is waited for. If that lasts too long while others wait for a connection, `takeBack` is called, and has to end the lease.
   * Undefined: the provider has the word again. */
  waitsForClient(takeBack: (() => void) | undefined): void
  discard(): void
}
