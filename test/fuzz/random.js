/**
 * Numbers that look random and are the same again for the same seeds (mulberry32): every session and every input is made
 * from the run's seed and its own number, so that each can be had again without the others.
 *
 * @typedef {ReturnType<typeof createRandom>} Random
 *
 * @param {number[]} seeds whole numbers
 */
export function createRandom(...seeds) {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) ^ (mixed >>> 15), 0x2545f491)

  /** From 0 to below 1. */
  function fraction() {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  return {
    fraction,
    /** From 0 to below `end`. @param {number} end */
    below: (end) => Math.floor(fraction() * end),
    /** @param {number} probability */
    chance: (probability) => fraction() < probability,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[Math.floor(fraction() * list.length)]),
    /** One of several, each with its weight. @template T @param {readonly (readonly [number, T])[]} choices @returns {T} */
    weighed(choices) {
      let left = fraction() * choices.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, choice] of choices) {
        left -= weight
        if (left < 0) return choice
      }
      return /** @type {readonly [number, T]} */ (choices.at(-1))[1]
    },
  }
}

/** A seed for a run that was given none. */
export function newSeed() {
  return Math.floor(Math.random() * 2 ** 31)
}
