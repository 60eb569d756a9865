import type { Gone } from '../base/async.ts'
import { clientGone } from '../base/failure.ts'

/** How many of one source wait for the outcome of the same attempt. */
const mostOfSource = 100

/**
 * Of attempts that are the same in everything, one is made at a time: whether it was right or wrong, those behind it know without work of their
 * own. Resolves, when it is this one's turn, with how to end it; with undefined at once when too many of its source wait.
 * @throws Failure `invalid` when the client goes
 */
export type SameAtOnce = (attempt: string, source: string, gone?: Gone) => Promise<(() => void) | undefined>

export function createSameAtOnce(): SameAtOnce {
  /** Who waits, for each attempt that is under way. */
  const underway = new Map<string, Set<() => void>>()
  const waitingOf = new Map<string, number>()

  return async (attempt, source, gone) => {
    const waiting = underway.get(attempt)
    if (waiting === undefined) {
      underway.set(attempt, new Set())
      return () => end(attempt)
    }
    const others = waitingOf.get(source) ?? 0
    if (others >= mostOfSource) return undefined
    waitingOf.set(source, others + 1)
    try {
      await turnIn(waiting, gone)
    } finally {
      const left = (waitingOf.get(source) ?? 1) - 1
      if (left === 0) waitingOf.delete(source)
      else waitingOf.set(source, left)
    }
    return () => end(attempt)
  }

  function end(attempt: string): void {
    const waiting = underway.get(attempt)
    const [next] = waiting ?? []
    if (next) next()
    else underway.delete(attempt)
  }
}

function turnIn(waiting: Set<() => void>, gone: Gone | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (gone?.aborted) return reject(clientGone())
    const settle = () => {
      waiting.delete(settle)
      gone?.removeEventListener('abort', settle)
      if (gone?.aborted) reject(clientGone())
      else resolve()
    }
    waiting.add(settle)
    gone?.addEventListener('abort', settle)
  })
}
