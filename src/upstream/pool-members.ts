import type { SignedIn } from './open-signed-in.ts'

/** One connection of a pool. */
export interface Member extends SignedIn {
  /** On the monotonic clock, in milliseconds. */
  openedAt: number
  /** How many it has taken. */
  messages: number
  /** It has served or rested. */
  warm: boolean
  /** Drained: it serves no other transaction. */
  last: boolean
  idleTimer?: NodeJS.Timeout
  /** Leased, and only its client is waited for. */
  silent?: Silence | undefined
}

export interface Silence {
  /** On the monotonic clock, in milliseconds. */
  since: number
  takeBack(): void
}

/** The connections of one mailbox, each in one of three places. */
export interface Members {
  /** The one that rested last stands last. */
  readonly idle: readonly Member[]
  readonly leased: ReadonlySet<Member>
  /** Idle or leased. */
  open(): number
  /** Those that are saying goodbye, too. */
  total(): number
  /** Those that the next in the line can hope for. */
  serving(): number
  move(member: Member, to: 'idle' | 'leased' | 'leaving'): void
  remove(member: Member): void
  /** The leased one whose client has been silent for the longest time. */
  longestSilence(): Silence | undefined
}

export function createMembers(): Members {
  const idle: Member[] = []
  const leased = new Set<Member>()
  const leaving = new Set<Member>()

  function remove(member: Member): void {
    const place = idle.indexOf(member)
    if (place !== -1) idle.splice(place, 1)
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
