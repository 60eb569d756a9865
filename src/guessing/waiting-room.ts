import type { Gone } from '../base/async.ts'
import { clientGone, stopping } from '../base/failure.ts'

/** Where attempts wait, so many at a time at most, and so many of one source. */
export interface WaitingRoom {
  /** Resolves with true after the wait; with false at once when there is no place.
   * @throws Failure `provider-unavailable` when postern stops meanwhile, `invalid` when the client goes */
  wait(source: string, milliseconds: number, gone?: Gone): Promise<boolean>
  /** Ends every wait. */
  close(): void
}

export function createWaitingRoom({ places, perSource }: { places: number; perSource: number }): WaitingRoom {
  const leave = new Set<() => void>()
  /** Only sources of which somebody waits. */
  const bySource = new Map<string, number>()
  let closed = false

  function count(source: string, more: 1 | -1): void {
    const left = (bySource.get(source) ?? 0) + more
    if (left === 0) bySource.delete(source)
    else bySource.set(source, left)
  }

  return {
    wait(source, milliseconds, gone) {
      if (closed) return Promise.reject(stopping())
      if (gone?.aborted) return Promise.reject(clientGone())
      if (leave.size >= places || (bySource.get(source) ?? 0) >= perSource) return Promise.resolve(false)
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer)
          gone?.removeEventListener('abort', end)
          leave.delete(end)
          count(source, -1)
          if (closed) reject(stopping())
          else if (gone?.aborted) reject(clientGone())
          else resolve(true)
        }
        const timer = setTimeout(end, Math.max(0, milliseconds)).unref()
        gone?.addEventListener('abort', end)
        leave.add(end)
        count(source, 1)
      })
    },
    close() {
      closed = true
      for (const end of leave) end()
    },
  }
}
