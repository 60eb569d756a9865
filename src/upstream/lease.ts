import type { SignedIn } from './open-signed-in.ts'

/**
 * The right to one connection for one transaction. Ends by `release` or `discard`; a second end is
 * ignored.
 */
export interface Lease extends Pick<SignedIn, 'connection' | 'capabilities'> {
  /** The connection has been used or idle before, so it may have died unnoticed. */
  readonly warm: boolean
  /** The connection was not available at once, so the client may have gone meanwhile. */
  readonly waited: boolean
  /**
   * Returns the connection to the pool. A connection that is no longer alive is not kept.
   * @param messages how many were sent in this transaction
   */
  release(messages: number): void
  /**
   * The end of the message leaves now: it counts for the rate, whatever becomes of it. A lease that
   * ends without this call costs nothing of the rate.
   */
  recordSent(): void
  /**
   * From now on only the client is waited for. If that lasts too long while others wait for a
   * connection, `reclaim` is called, which has to end the lease. Undefined: the provider is waited
   * for again.
   */
  waitsForClient(reclaim: (() => void) | undefined): void
  discard(): void
}

/**
 * Sends RSET (RFC 5321, section 4.1.1.5) and releases the lease. Never throws: a connection that
 * does not accept it is not kept.
 */
export async function resetLease(lease: Lease, messages: number, replySeconds: number): Promise<void> {
  if (!lease.connection.alive) return lease.discard()
  try {
    const reply = await lease.connection.command('RSET\r\n', replySeconds)
    if (reply.code === 250) lease.release(messages)
    else lease.discard()
  } catch {
    lease.discard()
  }
}

/** One connection of a pool. */
export interface Member extends SignedIn {
  /** On the monotonic clock, in milliseconds. */
  openedAt: number
  /** How many messages it has carried. */
  messages: number
  /** It has been used or idle before. */
  warm: boolean
  /** The pool was drained: the connection serves no other transaction. */
  last: boolean
  idleTimer?: NodeJS.Timeout
  /** Set while the connection is leased and only the client is waited for. */
  silent?: Silence | undefined
}

interface Silence {
  /** On the monotonic clock, in milliseconds. */
  since: number
  reclaim(): void
}

/** The states of one connection of a pool. `createPool` has the table. */
type ConnectionState = 'opening' | 'idle' | 'leased' | 'closing' | 'gone'

/** Those of a connection that is signed in. */
type MemberState = Exclude<ConnectionState, 'opening' | 'gone'>

/** The connections of one mailbox that are signed in. */
interface Members {
  /** The most recently used last. */
  readonly idle: readonly Member[]
  readonly leased: ReadonlySet<Member>
  /** Idle or leased. */
  open(): number
  /** Idle, leased or closing. */
  total(): number
  /** Those that a waiting ticket can hope for. */
  serving(): number
  move(member: Member, to: MemberState): void
  remove(member: Member): void
  /** Of the leased connection whose client has been silent for longest. */
  longestSilence(): Silence | undefined
}

export function createMembers(): Members {
  const idle: Member[] = []
  const leased = new Set<Member>()
  const leaving = new Set<Member>()

  function remove(member: Member): void {
    const index = idle.indexOf(member)
    if (index !== -1) idle.splice(index, 1)
    leased.delete(member)
    leaving.delete(member)
  }

  return {
    idle,
    leased,
    open: () => idle.length + leased.size,
    total: () => idle.length + leased.size + leaving.size,
    serving() {
      let last = 0
      for (const member of leased) if (member.last) last += 1
      return idle.length + leased.size - last
    },
    move(member, to) {
      remove(member)
      if (to === 'idle') idle.push(member)
      else (to === 'leased' ? leased : leaving).add(member)
    },
    remove,
    longestSilence() {
      let longest: Silence | undefined
      for (const { silent } of leased)
        if (silent && (longest === undefined || silent.since < longest.since)) longest = silent
      return longest
    },
  }
}
