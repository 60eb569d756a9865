import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands still until it is moved. Begins at noon of 1 May 2030, UTC. */
export function createManualClock(): Clock & { advance(seconds: number): void } {
  let passed = 0
  const start = Date.UTC(2030, 4, 1, 12)
  return {
    now: () => start + passed,
    monotonic: () => passed,
    advance(seconds) {
      passed += seconds * 1000
    },
  }
}
