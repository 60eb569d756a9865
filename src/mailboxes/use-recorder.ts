import { LRUCache } from 'lru-cache'
import type { Log } from '../base/log.ts'

const intervalMilliseconds = 60_000

/**
 * Notes when a credential was used, at most once a minute for each, and never in the way of the use itself: a
 * write to disk that is slow or fails costs nobody a sign-in.
 */
export function createUseRecorder(record: (id: string, at: number) => Promise<void>, log: Log) {
  const recorded = new LRUCache<string, number>({ max: 1000 })

  return (credential: { id: string; lastUsedAt?: number }, now: number): void => {
    const last = Math.max(recorded.get(credential.id) ?? 0, credential.lastUsedAt ?? 0)
    if (now - last < intervalMilliseconds) return
    recorded.set(credential.id, now)
    record(credential.id, now).catch((error: unknown) => {
      log.warn(
        { event: 'credential.use-not-recorded', id: credential.id, err: error },
        'A use could not be recorded',
      )
    })
  }
}
