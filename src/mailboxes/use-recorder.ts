import { LRUCache } from 'lru-cache'
import type { Log } from '../base/log.ts'

const intervalMilliseconds = 60_000

/**
 * Notes when a credential was used and from where, at most once a minute for each, and never in the way of the use itself: a
 * write to disk that is slow or fails costs nobody a sign-in.
 */
export function createUseRecorder(
  record: (id: string, at: number, source?: string) => Promise<void>,
  log: Log,
) {
  const recorded = new LRUCache<string, number>({ max: 10_000 })
  return (id: string, now: number, source?: string): void => {
    const use = `${id} ${source ?? ''}`
    if (now - (recorded.get(use) ?? Number.NEGATIVE_INFINITY) < intervalMilliseconds) return
    recorded.set(use, now)
    record(id, now, source).catch((error: unknown) => {
      log.warn({ event: 'credential.use-not-recorded', id, err: error }, 'A use could not be recorded')
    })
  }
}
