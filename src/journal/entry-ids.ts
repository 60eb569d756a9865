import { randomBytes } from 'node:crypto'

/**
 * Ids that sort as things happened, also when the clock is set back or two happen at once: twelve hexadecimal digits of milliseconds, four of a count, eight that
 * no other process has.
 */
export function createEntryIds(): (at: number) => string {
  const own = randomBytes(4).toString('hex')
  let last = { at: 0, count: 0 }
  return (at) => {
    last = at > last.at ? { at, count: 0 } : { at: last.at, count: last.count + 1 }
    // After 65,536 of one millisecond the next one has begun.
    if (last.count > 0xffff) last = { at: last.at + 1, count: 0 }
    return `${hex(last.at, 12)}${hex(last.count, 4)}${own}`
  }
}

/** No entry of this moment or a later one has an earlier id. */
export function firstIdAt(at: number): string {
  const most = 2 ** 48 - 1
  return `${hex(Math.min(Math.max(Math.floor(at), 0), most), 12)}${'0'.repeat(12)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
