import { timingSafeEqual } from 'node:crypto'

/** Compares two hashes, or two random tokens, in a time that does not depend on where they differ. Their lengths are no secret. */
export function sameHash(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
