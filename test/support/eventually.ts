import { setTimeout as pause } from 'node:timers/promises'

/** Waits, at most so long, for something that another process brings about. @throws with `what` when it does not come */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitSeconds = 60,
): Promise<T> {
  const limit = performance.now() + limitSeconds * 1000
  while (performance.now() < limit) {
    const seen = await look()
    if (seen) return seen
    await pause(20)
  }
  throw new Error(`${what}: not seen within ${limitSeconds} s`)
}
