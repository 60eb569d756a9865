import { describe, expect, it } from 'vitest'
import { type Division, divided, type Need } from '../../src/governor/budget-division.ts'
import type { ClaimOfOther, SeenClaims } from '../../src/store/budget-store.ts'

const now = 1_000_000

function claim(process: string, amount: number, wanted: number, since = now, goneFor = -2000): ClaimOfOther {
  return { kind: 'connections', process, amount, wanted, since, goneFor }
}

/** What one process gets, of the claims that there are; its own is that of `process`. */
function divide(
  process: string,
  need: Partial<Need>,
  claims: readonly ClaimOfOther[],
  seen: Partial<SeenClaims> = {},
): Division {
  return divided(
    { kind: 'connections', limit: 3, held: 0, wanted: 0, counts: 0, ...need },
    {
      now,
      processes: 3,
      own: claims.filter((one) => one.process === process),
      others: claims.filter((one) => one.process !== process),
      hours: [],
      ...seen,
    },
    process,
  )
}

describe('what a process has while nobody wants more', () => {
  it.each([
    ['alone, all of it', 1, [], 3],
    ['one of three, a third', 3, [], 1],
    ['one of ten, one where there is one', 10, [claim('b', 1, 0)], 1],
    ['nothing where the others have all', 3, [claim('b', 3, 3)], 0],
  ])('%s', (_, processes, claims, amount) => {
    expect(divide('a', {}, claims, { processes }).claim.amount).toBe(amount)
  })

  it('it takes what it wants, and nobody has', () => {
    expect(divide('a', { wanted: 2 }, [claim('b', 1, 0)])).toMatchObject({ claim: { amount: 2 }, usable: 2 })
  })

  it('what it has beyond its part and does not use for a while, it gives up', () => {
    expect(divide('a', { wanted: 0 }, [claim('a', 3, 3)]).claim).toMatchObject({ amount: 1, wanted: 0 })
    expect(divide('a', { wanted: 0, held: 2 }, [claim('a', 3, 3)]).claim).toMatchObject({ amount: 2 })
  })
})

describe('what a process has while another one wants more', () => {
  it('it keeps its fair share, and what it holds until that is given back', () => {
    const claims = [claim('a', 3, 3), claim('b', 0, 3)]
    const division = divide('a', { wanted: 3, held: 3 }, claims)
    expect(division).toMatchObject({ claim: { amount: 3 }, usable: 2, tell: false })
    const given = divide('a', { wanted: 3, held: 2 }, claims)
    expect(given).toMatchObject({ claim: { amount: 2 }, usable: 2, tell: true })
  })

  it('all that it does not use goes to the other', () => {
    const claims = [claim('a', 2, 2), claim('b', 1, 3)]
    expect(divide('a', { wanted: 0 }, claims)).toMatchObject({ claim: { amount: 0 }, tell: true })
  })

  it('it takes no more than its fair share of what is free', () => {
    const claims = [claim('b', 1, 3), claim('c', 0, 3)]
    expect(divide('a', { wanted: 3 }, claims).claim).toMatchObject({ amount: 1, wanted: 3 })
  })

  it('what cannot be divided goes to the one who has waited for longest, after a turn of its holder', () => {
    const one = { limit: 1, wanted: 1 }
    const claims = (since: number) => [
      claim('a', 1, 1, since),
      claim('b', 0, 1, now - 100),
      claim('c', 0, 1, now - 200),
    ]
    const shares = (since: number) =>
      ['a', 'b', 'c'].map((process) => divide(process, one, claims(since)).usable)
    expect(shares(now - 1000)).toEqual([1, 0, 0])
    // What c waits for is not free yet.
    expect(shares(now - 3000)).toEqual([0, 0, 0])
    expect(
      divide('c', one, [claim('a', 0, 1), claim('b', 0, 1, now - 100), claim('c', 0, 1, now - 200)]).usable,
    ).toBe(1)
    expect(
      divide('b', one, [claim('a', 0, 1), claim('b', 0, 1, now - 100), claim('c', 0, 1, now - 200)]).usable,
    ).toBe(0)
  })
})

describe('a process that is gone', () => {
  it('has nothing any more, as soon as what it did no longer counts', () => {
    const gone = [claim('b', 3, 3, now, 500)]
    expect(divide('a', { wanted: 3, counts: 1000 }, gone)).toMatchObject({ claim: { amount: 0 }, lapsed: [] })
    expect(divide('a', { wanted: 3, counts: 400 }, gone)).toMatchObject({
      claim: { amount: 3 },
      lapsed: [{ process: 'b' }],
      tell: true,
    })
  })

  it('and wants nothing', () => {
    expect(
      divide('a', { wanted: 1, counts: 1000 }, [claim('a', 2, 1), claim('b', 1, 3, now, 500)]).claim.amount,
    ).toBe(1)
    expect(
      divide('a', { wanted: 2, counts: 1000 }, [claim('a', 2, 2), claim('b', 1, 3, now, 500)]).claim.amount,
    ).toBe(2)
  })
})

it('whatever is asked in whichever order, all together never have more than the limit, and nobody is without for ever', () => {
  let state = 7
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    // The low bits of such a number are in a short row.
    return Math.floor((state / 2 ** 31) * below)
  }
  for (let round = 0; round < 300; round += 1) {
    const limit = 1 + random(6)
    const names = ['a', 'b', 'c', 'd'].slice(0, 1 + random(4))
    const claims = new Map<string, ClaimOfOther>()
    const held = new Map<string, number>()
    const hadOne = new Set<string>()
    let time = now
    for (let step = 0; step < 120; step += 1) {
      const name = names[random(names.length)] ?? 'a'
      const before = claims.get(name)
      const usable = Math.min(held.get(name) ?? 0, before?.amount ?? 0)
      const division = divide(name, { limit, held: usable, wanted: limit }, [...claims.values()], {
        now: time,
        processes: names.length,
      })
      claims.set(name, { ...division.claim, process: name, goneFor: -1 })
      // It uses all that it may, and gives back what it may not.
      held.set(name, division.usable)
      if (division.usable > 0) hadOne.add(name)
      time += random(1500)
      const all = [...claims.values()].reduce((sum, { amount }) => sum + amount, 0)
      expect(all).toBeLessThanOrEqual(limit)
    }
    expect(hadOne.size).toBe(names.length)
  }
})
