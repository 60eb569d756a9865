/** Time is passed in, so that tests and forecasts own it. Both values are in milliseconds. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: for what people read and what outlives the process. */
  now(): number
  /** Never goes back: for lives and deadlines inside the process. */
  monotonic(): number
}

/** What two clocks of one machine may differ by without anything having happened. */
const differenceMilliseconds = 1000

/**
 * The monotonic clock of a system stands still while the machine is suspended, and its providers'
 * clocks do not. Here it goes on by as much as the wall clock is ahead of it: of two ages, the
 * larger one counts. A wall clock that is set back changes nothing; one that is set forward makes
 * things older than they are, which costs a token that is fetched again, and not one that is dead.
 */
export function countingSuspends({ now, monotonic }: Clock): Clock {
  let last = { wall: now(), steady: monotonic() }
  let asleep = 0

  return {
    now,
    monotonic() {
      const current = { wall: now(), steady: monotonic() }
      const ahead = current.wall - last.wall - (current.steady - last.steady)
      // Until it is more, it adds up: a wall clock that gains on the other one is not overlooked
      // either.
      if (Math.abs(ahead) >= differenceMilliseconds) {
        asleep += Math.max(0, ahead)
        last = current
      }
      return current.steady + asleep
    },
  }
}

export const systemClock: Clock = countingSuspends({
  now: () => Date.now(),
  monotonic: () => performance.now(),
})

/**
 * How far back may be forgotten. What the wall clock says is not believed at once, because with a wrong one everything would go: of what
 * there is, one step's worth goes in the time of a step, counted on the monotonic clock, and twice as much with each further step that it
 * still says so.
 */
export function createPacedForgetting(
  stepMilliseconds: number,
  { monotonic }: Pick<Clock, 'monotonic'> = systemClock,
): (before: number, oldest: number) => number {
  let bound = Number.NEGATIVE_INFINITY
  let nextAt = Number.NEGATIVE_INFINITY
  let behind = 0
  return (before, oldest) => {
    if (monotonic() >= nextAt) {
      bound = oldest + stepMilliseconds * 2 ** Math.min(behind, 20)
      behind = bound < before ? behind + 1 : 0
      nextAt = monotonic() + stepMilliseconds
    }
    return Math.min(before, bound)
  }
}
