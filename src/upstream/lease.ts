import type { RecordedSend } from '../governor/governor.ts'
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
  waitsForClient(holder: LeaseHolder | undefined): void
  discard(): void
}

/** Who has a lease, and can be made to give it back. */
export interface LeaseHolder {
  reclaim(): void
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
  holder: LeaseHolder
}

/** The states of one connection of a pool. `createPool` has the table. */
type ConnectionState = 'opening' | 'idle' | 'leased' | 'closing' | 'gone'

/** Those of a connection that is signed in. */
type MemberState = Exclude<ConnectionState, 'opening' | 'gone'>

/** The connections of one mailbox that are signed in. */
export class Members {
  /** The most recently used last. */
  readonly #idle: Member[] = []
  readonly #leased = new Set<Member>()
  readonly #closing = new Set<Member>()

  get idle(): readonly Member[] {
    return this.#idle
  }

  get leased(): ReadonlySet<Member> {
    return this.#leased
  }

  /** Idle or leased. */
  open(): number {
    return this.#idle.length + this.#leased.size
  }

  /** Idle, leased or closing. */
  total(): number {
    return this.open() + this.#closing.size
  }

  /** Those that a waiting ticket can hope for. */
  serving(): number {
    let last = 0
    for (const member of this.#leased) if (member.last) last += 1
    return this.open() - last
  }

  move(member: Member, to: MemberState): void {
    this.remove(member)
    if (to === 'idle') this.#idle.push(member)
    else (to === 'leased' ? this.#leased : this.#closing).add(member)
  }

  remove(member: Member): void {
    const index = this.#idle.indexOf(member)
    if (index !== -1) this.#idle.splice(index, 1)
    this.#leased.delete(member)
    this.#closing.delete(member)
  }

  /** Of the leased connection whose client has been silent for longest. */
  longestSilence(): Silence | undefined {
    let longest: Silence | undefined
    for (const { silent } of this.#leased)
      if (silent && (longest === undefined || silent.since < longest.since)) longest = silent
    return longest
  }
}

/** What a lease of a pool's connection needs of the pool. */
export interface LeaseOwner {
  /** On the monotonic clock, in milliseconds. */
  now(): number
  /** The lease has ended, and its connection may be used again. */
  takeBack(member: Member): void
  /** The connection is destroyed. */
  forget(member: Member): void
}

/** The lease of a pool's connection. A class, because each message takes one. */
export class MemberLease implements Lease {
  readonly connection: SignedIn['connection']
  readonly capabilities: SignedIn['capabilities']
  readonly warm: boolean
  readonly waited: boolean
  readonly #owner: LeaseOwner
  readonly #member: Member
  readonly #recorded: RecordedSend
  #isSent = false
  #isOver = false

  constructor(owner: LeaseOwner, member: Member, recorded: RecordedSend, waited: boolean) {
    this.#owner = owner
    this.#member = member
    this.#recorded = recorded
    this.connection = member.connection
    this.capabilities = member.capabilities
    this.warm = member.warm
    this.waited = waited
  }

  waitsForClient(holder: LeaseHolder | undefined): void {
    if (!this.#isOver) this.#member.silent = holder && { since: this.#owner.now(), holder }
  }

  recordSent(): void {
    this.#isSent = true
    this.#recorded.sentNow()
  }

  release(messages: number): void {
    if (!this.#end()) return
    const member = this.#member
    member.silent = undefined
    member.messages += messages
    member.warm = true
    this.#owner.takeBack(member)
  }

  discard(): void {
    if (this.#end()) this.#owner.forget(this.#member)
  }

  /** False when the lease has ended before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    if (!this.#isSent) this.#recorded.undo()
    return true
  }
}
