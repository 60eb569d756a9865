/** A signal that fires after so many seconds, or with its parent. `clear` when the work is done. */
export interface TimeLimit {
  signal: AbortSignal
  clear(): void
}

// Not AbortSignal.any with AbortSignal.timeout: some versions of Node let those be collected before they fire.
export function createTimeLimit(seconds: number, parent?: AbortSignal): TimeLimit {
  const controller = new AbortController()
  const fire = () => controller.abort()
  const timer = setTimeout(fire, seconds * 1000).unref()
  if (parent?.aborted) fire()
  parent?.addEventListener('abort', fire, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      parent?.removeEventListener('abort', fire)
    },
  }
}
