/** The state of an unauthenticated connection: not tried yet, authenticating, or failed. */
export type AuthState = 'fresh' | 'checking' | 'refused'

/** What a group knows of its members. */
export interface GroupMember {
  /** When it connected. */
  readonly since: number
  /** When its authentication began. */
  readonly checkedSince: number
}

/** The order of eviction. */
const order: readonly AuthState[] = ['refused', 'fresh', 'checking']

/** Connections that are limited together. A class, because each connected source has one or two. */
export class ConnectionGroup<Member extends GroupMember> {
  #size = 0
  // Authenticated connections are in none of these. A Set keeps the order of insertion.
  readonly #byState: Record<AuthState, Set<Member>> = {
    refused: new Set(),
    fresh: new Set(),
    checking: new Set(),
  }

  size(): number {
    return this.#size
  }

  unauthenticated(): number {
    const { refused, fresh, checking } = this.#byState
    return refused.size + fresh.size + checking.size
  }

  authenticated(): number {
    return this.#size - this.unauthenticated()
  }

  checking(): number {
    return this.#byState.checking.size
  }

  firstChecked(): Member | undefined {
    return first(this.#byState.checking)
  }

  /** The first to be evicted, of those that connected at `before` at the latest. */
  first(before = Number.POSITIVE_INFINITY): Member | undefined {
    for (const state of order) {
      const member = first(this.#byState[state])
      if (member !== undefined && member.since <= before) return member
    }
    return undefined
  }

  /** The same, unless it is authenticating. */
  firstAtRest(before: number): Member | undefined {
    const member = this.first(before)
    return member !== undefined && this.#byState.checking.has(member) ? undefined : member
  }

  add(member: Member): void {
    this.#size++
    this.#byState.fresh.add(member)
  }

  /** `to` undefined: it is authenticated. */
  move(member: Member, from: AuthState, to: AuthState | undefined): void {
    this.#byState[from].delete(member)
    if (to !== undefined) this.#byState[to].add(member)
  }

  /** `from` undefined: it was authenticated. */
  remove(member: Member, from: AuthState | undefined): void {
    this.#size--
    if (from !== undefined) this.#byState[from].delete(member)
  }
}

function first<Member>(members: ReadonlySet<Member>): Member | undefined {
  return members.values().next().value
}
