import { stopping } from '../base/failure.ts'

/** Where attempts wait, so many at a time at most. */
export interface WaitingRoom {
  /** Resolves with true after the wait; with false at once when every place is taken.
   * @throws Failure `provider-unavailable` when postern stops meanwhile */
  wait(milliseconds: number): Promise<boolean>
  /** Ends every wait. */
  close(): void
}

export function createWaitingRoom(places: number): WaitingRoom {
  const leave = new Set<() => void>()
  let closed = false

  return {
    wait(milliseconds) {
      if (closed) return Promise.reject(stopping())
      if (leave.size >= places) return Promise.resolve(false)
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer)
          leave.delete(end)
          if (closed) reject(stopping())
          else resolve(true)
        }
        const timer = setTimeout(end, Math.max(0, milliseconds)).unref()
        leave.add(end)
      })
    },
    close() {
      closed = true
      for (const end of leave) end()
    },
  }
}
