/** Time is passed in, so that tests and forecasts own it. Both values are in milliseconds. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: for what people read and what outlives the process. */
  now(): number
  /** Never jumps: for lives and deadlines inside the process. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
