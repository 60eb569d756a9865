/** How a connection stands whose client has proven nothing: it has shown nothing yet, what it has shown is being looked at, or that was no proof. */
export type Standing = 'fresh' | 'checking' | 'refused'

/** What a crowd has to know of its members. */
export interface Stranger {
  /** When it came. */
  readonly since: number
  /** When the look at it began. */
  readonly checkedSince: number
}

/** The order in which strangers make room. */
const order: readonly Standing[] = ['refused', 'fresh', 'checking']

/** Connections that are limited together. A class, as every source that is connected has one or two. */
export class Crowd<Member extends Stranger> {
  #size = 0
  // Whoever has proven itself is in none of these. A Set keeps the order in which they came to it.
  readonly #standing: Record<Standing, Set<Member>> = {
    refused: new Set(),
    fresh: new Set(),
    checking: new Set(),
  }

  size(): number {
    return this.#size
  }

  strangers(): number {
    const { refused, fresh, checking } = this.#standing
    return refused.size + fresh.size + checking.size
  }

  proven(): number {
    return this.#size - this.strangers()
  }

  checking(): number {
    return this.#standing.checking.size
  }

  firstChecked(): Member | undefined {
    return first(this.#standing.checking)
  }

  /** The one who makes room first, of those who came at `before` at the latest. */
  first(before = Number.POSITIVE_INFINITY): Member | undefined {
    for (const standing of order) {
      const member = first(this.#standing[standing])
      if (member !== undefined && member.since <= before) return member
    }
    return undefined
  }

  /** The same among those who are not looked at just now. */
  firstAtRest(before: number): Member | undefined {
    const member = this.first(before)
    return member !== undefined && this.#standing.checking.has(member) ? undefined : member
  }

  add(member: Member): void {
    this.#size++
    this.#standing.fresh.add(member)
  }

  /** `to` undefined: it has proven itself. */
  move(member: Member, from: Standing, to: Standing | undefined): void {
    this.#standing[from].delete(member)
    if (to !== undefined) this.#standing[to].add(member)
  }

  /** `from` undefined: it had proven itself. */
  remove(member: Member, from: Standing | undefined): void {
    this.#size--
    if (from !== undefined) this.#standing[from].delete(member)
  }
}

function first<Member>(members: ReadonlySet<Member>): Member | undefined {
  return members.values().next().value
}
