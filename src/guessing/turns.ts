import type { Gone } from '../base/async.ts'
import { clientGone, Failure, stopping } from '../base/failure.ts'
import type { FailureCounter } from './failure-counter.ts'

/**
 * Lets attempts at one thing (a name, say) pass side by side as long as it may still be guessed at so often; then one at a time, each
 * after a wait: a limit of guesses is a rate only so, however many connections and addresses ask at once.
 */
export interface Turns {
  /** Resolves, when it is this one's turn, with how to end it: after what was wrong has been counted.
   * @throws Failure `limit-reached` at once when too many wait; `provider-unavailable` when postern stops, `invalid` when the client goes */
  take(turn: Turn): Promise<() => void>
  close(): void
}

export interface Turn {
  /** What is guessed at. */
  key: string
  source: string
  /** How long it waits where that was guessed at too often, in milliseconds. */
  wait: number
  gone?: Gone | undefined
}

export interface TurnsNeeds {
  /** What was wrong, by the same keys. */
  counter: Pick<FailureCounter, 'count'>
  /** So many wrong ones are too many. */
  limit: number
  /** How many of one source wait where the key is full. */
  perSource: number
  delaySeconds: number
}

/** How many wait for one thing that was not guessed at too often, and for all things together. */
const [mostForOne, mostInAll] = [100, 1_000]
/** No client waits for longer. */
const longestWaitSeconds = 15

interface Waiting extends Turn {
  resolve(leave: () => void): void
  reject(failure: Failure): void
  onGone(): void
}

/** Everything about one key, as long as somebody waits or has the turn. */
interface Line {
  key: string
  waiting: Set<Waiting>
  /** Whose turn it is. */
  underway: number
  isFull: boolean
  isCalling: boolean
}

export function createTurns({ counter, limit, perSource, delaySeconds }: TurnsNeeds): Turns {
  const lines = new Map<string, Line>()
  const pauses = new Set<() => void>()
  const mostWhenFull = Math.max(1, Math.floor(longestWaitSeconds / delaySeconds))
  let [waitingInAll, closed] = [0, false]

  return {
    take(turn) {
      if (closed) return Promise.reject(stopping())
      if (turn.gone?.aborted) return Promise.reject(clientGone())
      const line = lineOf(turn.key)
      if (!hasRoom(line, turn.source)) return Promise.reject(tooManyAtOnce(delaySeconds))
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          ...turn,
          resolve,
          reject,
          onGone: () => refuse(line, waiting, clientGone()),
        }
        turn.gone?.addEventListener('abort', waiting.onGone)
        lines.set(line.key, line)
        line.waiting.add(waiting)
        waitingInAll += 1
        void call(line)
      })
    },
    close() {
      closed = true
      for (const line of lines.values()) for (const waiting of line.waiting) refuse(line, waiting, stopping())
      for (const end of pauses) end()
    },
  }

  function lineOf(key: string): Line {
    return lines.get(key) ?? { key, waiting: new Set(), underway: 0, isFull: false, isCalling: false }
  }

  function hasRoom({ waiting, isFull }: Line, source: string): boolean {
    if (waitingInAll >= mostInAll || waiting.size >= (isFull ? mostWhenFull : mostForOne)) return false
    return !isFull || [...waiting].filter((other) => other.source === source).length < perSource
  }

  /** Calls whoever may come, in the order in which they came; one call at a time for each line. */
  async function call(line: Line): Promise<void> {
    if (line.isCalling) return
    line.isCalling = true
    while (line.waiting.size > 0) {
      const failures = await counter.count(line.key)
      line.isFull = failures >= limit
      // Who leaves calls again. Those under way count as if they were wrong: else all would come before the first is.
      if (line.underway > 0 && failures + line.underway >= limit) break
      if (line.isFull) await beforeTurn(line)
      callFirst(line)
    }
    line.isCalling = false
    if (line.waiting.size === 0 && line.underway === 0) lines.delete(line.key)
  }

  async function beforeTurn(line: Line): Promise<void> {
    const { waiting } = line
    const stay = new Map<string, number>()
    let staying = 0
    for (const one of [...waiting]) {
      const ofSource = (stay.get(one.source) ?? 0) + 1
      if (staying >= mostWhenFull || ofSource > perSource) refuse(line, one, tooManyAtOnce(delaySeconds))
      else {
        staying += 1
        stay.set(one.source, ofSource)
      }
    }
    const [first] = waiting
    if (first) await pause(first.wait)
  }

  function callFirst(line: Line): void {
    const [first] = line.waiting
    if (!first) return
    remove(line, first)
    line.underway += 1
    let left = false
    first.resolve(() => {
      if (left) return
      left = true
      line.underway -= 1
      if (line.underway === 0 && line.waiting.size === 0 && !line.isCalling) lines.delete(line.key)
      else void call(line)
    })
  }

  function refuse(line: Line, waiting: Waiting, failure: Failure): void {
    if (!line.waiting.has(waiting)) return
    remove(line, waiting)
    waiting.reject(failure)
  }

  function remove(line: Line, waiting: Waiting): void {
    line.waiting.delete(waiting)
    waitingInAll -= 1
    waiting.gone?.removeEventListener('abort', waiting.onGone)
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        pauses.delete(end)
        resolve()
      }
      const timer = setTimeout(end, milliseconds).unref()
      pauses.add(end)
    })
  }
}

export function tooManyAtOnce(retryAfterSeconds: number): Failure {
  return new Failure('limit-reached', 'Too many sign-ins are waiting at once', {
    fix: 'Try again in a minute.',
    retryAfterSeconds,
  })
}
