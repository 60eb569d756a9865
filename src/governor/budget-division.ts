import type { BudgetKind, Claim, ClaimOfOther, RevisedClaims, SeenClaims } from '../store/budget-store.ts'

/*
 * How much of a budget each of several processes has. All of them together never have more than its
 * limit; a process that wants more than it has waits until others give up what they do not use, or
 * what is more than their fair share.
 */

/** What this process needs of one budget. */
export interface Need {
  kind: BudgetKind
  limit: number
  /** What it uses, and cannot give up now. */
  held: number
  /** What it would use. */
  wanted: number
  /** How long what a process has goes on counting after it has gone, in milliseconds. */
  counts: number
}

export interface Division {
  claim: Claim
  /** How much of it may be used: less where some is to be given up as soon as it is not held. */
  usable: number
  /** What it has while nobody wants more. */
  even: number
  /** What the others have. */
  elsewhere: number
  changes: boolean
  lapsed: RevisedClaims['lapsed']
  tell: boolean
}

/** How long what there is not enough of for everybody stays with one process, in milliseconds. */
const turnMilliseconds = 2000

/** @param process this one's id */
export function divided(need: Need, { now, processes, own, others }: SeenClaims, process: string): Division {
  const { kind, limit, held } = need
  const before = own.find((claim) => claim.kind === kind)
  const had = before?.amount ?? 0
  const ofKind = others.filter((claim) => claim.kind === kind)
  const counting = ofKind.filter(({ goneFor }) => goneFor <= need.counts)
  const lapsed = ofKind.filter((one) => !counting.includes(one))
  const elsewhere = counting.reduce((sum, { amount }) => sum + amount, 0)
  const wanted = Math.min(limit, need.wanted)
  const mine = { process, wanted, amount: had, since: before?.since ?? now }
  const alive = counting.filter(({ goneFor }) => goneFor <= 0)
  const othersWant = alive.some((one) => one.wanted > one.amount)
  const even = Math.max(1, Math.floor(limit / Math.max(1, processes)))
  const target = othersWant
    ? fairShare(mine, alive, limit, now)
    : Math.min(limit, Math.max(wanted, held, even))
  const amount = Math.max(held, Math.min(target, Math.max(0, limit - elsewhere)))
  const begins = amount > 0 !== had > 0 || (amount === 0 && wanted > 0 !== (before?.wanted ?? 0) > 0)
  const claim = { kind, amount, wanted, since: begins ? now : mine.since }
  const lacked = (before?.wanted ?? 0) - had
  return {
    claim,
    usable: Math.min(target, amount),
    even,
    elsewhere,
    changes: before === undefined || begins || before.amount !== amount || before.wanted !== wanted,
    lapsed,
    // One that only seemed to be gone has to claim anew.
    tell: lapsed.length > 0 || (wanted > amount && wanted - amount > lacked) || (amount < had && othersWant),
  }
}

type Wanting = Pick<ClaimOfOther, 'process' | 'wanted' | 'amount' | 'since'>

/**
 * Everybody gets what he wants, as long as nobody has more who wants less; what cannot be divided
 * goes to one, and then to another.
 */
function fairShare(mine: Wanting, others: readonly Wanting[], limit: number, now: number): number {
  const all = [mine, ...others]
  const level = waterLevel(
    all.map(({ wanted }) => wanted),
    limit,
  )
  if (mine.wanted <= level) return mine.wanted
  const left = limit - all.reduce((sum, { wanted }) => sum + Math.min(wanted, level), 0)
  const isBefore = level > 0 ? hasMore : hasTurn(now)
  const before = others.filter((other) => other.wanted > level && isBefore(other, mine))
  return before.length < left ? level + 1 : level
}

/** The most that everybody can have who wants it. */
function waterLevel(wanted: readonly number[], limit: number): number {
  let left = limit
  let level = 0
  const rising = [...wanted].sort((one, other) => one - other)
  for (const [index, most] of rising.entries()) {
    const each = Math.floor(left / (rising.length - index))
    if (most > each) return Math.max(level, each)
    level = most
    left -= most
  }
  return level
}

/** Nobody is without: whoever has it keeps it. */
function hasMore(one: Wanting, other: Wanting): boolean {
  return one.amount === other.amount ? one.process < other.process : one.amount > other.amount
}

/** Some are without: after its turn whoever has one gives it to whoever has waited for longest. */
function hasTurn(now: number): (one: Wanting, other: Wanting) => boolean {
  const place = ({ amount, since }: Wanting) => {
    if (amount === 0) return 1
    return now - since < turnMilliseconds ? 0 : 2
  }
  return (one, other) => {
    const places = place(one) - place(other)
    if (places !== 0) return places < 0
    if (one.since === other.since) return one.process < other.process
    return place(one) === 1 ? one.since < other.since : one.since > other.since
  }
}
