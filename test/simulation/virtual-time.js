// A clock that is moved from one event to the next, so that hours pass in seconds.

/** @typedef {{ at: number, order: number, run: () => void }} Event */

export class VirtualTime {
  /** @type {Event[]} a binary heap: none is earlier than its parent */
  #events = []
  #order = 0
  #passed = 0
  #start = Date.UTC(2030, 4, 1)

  /** @type {import('#built/base/clock.js').Clock} */
  clock = { now: () => this.#start + this.#passed, monotonic: () => this.#passed }

  /** Milliseconds since the beginning. */
  get passed() {
    return this.#passed
  }

  /** @param {number} milliseconds from now @param {() => void} run */
  after(milliseconds, run) {
    const event = { at: this.#passed + Math.max(0, milliseconds), order: this.#order, run }
    this.#order += 1
    const events = this.#events
    let place = events.push(event) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = /** @type {Event} */ (events[parent])
      if (!isBefore(event, above)) break
      events[place] = above
      place = parent
    }
    events[place] = event
  }

  /** @param {number} milliseconds @returns {Promise<void>} */
  pause(milliseconds) {
    return new Promise((resolve) => this.after(milliseconds, () => resolve(undefined)))
  }

  /** Runs everything that happens until then. @param {number} until milliseconds since the beginning */
  async runUntil(until) {
    for (let next = this.#events[0]; next !== undefined && next.at <= until; next = this.#events[0]) {
      this.#passed = Math.max(this.#passed, next.at)
      this.#take().run()
      // What follows from it at once, through any number of promises.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#passed = until
  }

  /** @returns {Event} the earliest; there is one */
  #take() {
    const events = this.#events
    const [first] = /** @type {[Event]} */ (events)
    const last = /** @type {Event} */ (events.pop())
    if (events.length === 0) return first
    let place = 0
    for (let child = 1; child < events.length; child = 2 * place + 1) {
      let below = /** @type {Event} */ (events[child])
      const beside = events[child + 1]
      if (beside && isBefore(beside, below)) {
        below = beside
        child += 1
      }
      if (!isBefore(below, last)) break
      events[place] = below
      place = child
    }
    events[place] = last
    return first
  }
}

/** @param {Event} one @param {Event} other */
function isBefore(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}

/** The same numbers for the same seed (mulberry32). @param {number} seed @returns {() => number} from 0 to 1 */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
