import type { Clock } from '../base/clock.ts'
import type { Reply } from '../wire/reply.ts'

/** Hosts that offer CHUNKING and turn a chunk away: they get DATA. */
export interface ChunkRefusals {
  has(host: string): boolean
  add(host: string, reply: Reply): void
}

/**
 * Answers to BDAT that are about the command and not about the message (RFC 5321, section 4.2.2), and for how many seconds
 * they are believed. Whoever does not know BDAT today will not know it tomorrow. But 503 is also what one that knows it says when it has
 * lost the transaction (RFC 3030, section 2), and 501 and 504 may be about one chunk: these count for a while only.
 */
const believedSeconds = new Map([
  [500, Number.POSITIVE_INFINITY],
  [502, Number.POSITIVE_INFINITY],
  [501, 3600],
  [503, 3600],
  [504, 3600],
])

/** Remembers them as long as the process runs: a provider's software may be another after the next start. */
export function createChunkRefusals(clock: Pick<Clock, 'monotonic'>): ChunkRefusals {
  const until = new Map<string, number>()
  return {
    has: (host) => clock.monotonic() < (until.get(host) ?? Number.NEGATIVE_INFINITY),
    add(host, { code }) {
      const end = clock.monotonic() + (believedSeconds.get(code) ?? 0) * 1000
      until.set(host, Math.max(end, until.get(host) ?? end))
    },
  }
}

/** Whether a reply to BDAT turns the command away. */
export function turnsChunkAway({ code }: Reply): boolean {
  return believedSeconds.has(code)
}
