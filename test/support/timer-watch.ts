import { createHook } from 'node:async_hooks'

export interface TimerWatch {
  /** Where each timer was set that has neither fired nor been cleared. */
  live(): string[]
  stop(): void
}

/** Follows every timer that is set by code below a folder, such as `src/upstream`; an `unref` hides none. */
export function watchTimers(folder: string): TimerWatch {
  const live = new Map<number, string>()
  const hook = createHook({
    init(id, type) {
      if (type !== 'Timeout') return
      const origin = new Error().stack?.split('\n').find((line) => line.includes(`/${folder}/`))
      if (origin !== undefined) live.set(id, origin.trim())
    },
    destroy: (id) => void live.delete(id),
  }).enable()
  return { live: () => [...live.values()], stop: () => void hook.disable() }
}
