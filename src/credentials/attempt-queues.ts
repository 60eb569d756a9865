import type { Gone } from '../base/async.ts'
import { clientGone, Failure, stopping } from '../base/failure.ts'
import type { FailureCounter } from './failure-counts.ts'

/**
 * Attempts at one key (a user name, for example) run in parallel as long as the key has failures
 * left. After that they run one at a time, each after a delay. Only so is a limit of guesses a
 * rate, however many connections and addresses try at once.
 */
interface AttemptQueue {
  /**
   * Resolves when it is the turn of this attempt, with a function that ends the turn. The caller
   * ends it after the failure was counted.
   * @throws Failure `limit-reached` at once when too many wait; `provider-unavailable` when postern
   * stops, `invalid` when the client disconnects
   */
  take(turn: Turn): Promise<() => void>
  close(): void
}

interface Turn {
  /** What the attempt is counted for: a user name, or a user name from one source. */
  key: string
  source: string
  /** The delay before its turn once the key is full, in milliseconds. */
  wait: number
  gone?: Gone | undefined
}

interface AttemptQueueDeps {
  /** The failures of each key. */
  counter: Pick<FailureCounter, 'count'>
  /** A key with this many failures is full. */
  limit: number
  /** How many attempts of one source may wait for a full key. */
  perSource: number
  delaySeconds: number
}

/** How many attempts may wait for one key that is not full, and for all keys together. */
const [mostForOne, mostInAll] = [100, 1_000]
/** The longest time that a client waits. */
const longestWaitSeconds = 15

interface Waiting extends Turn {
  resolve(leave: () => void): void
  reject(failure: Failure): void
  onGone(): void
}

/** The state of one key, kept while an attempt waits or runs. */
interface Line {
  key: string
  waiting: Set<Waiting>
  /** How many attempts run. */
  underway: number
  isFull: boolean
  isCalling: boolean
}

export function createAttemptQueue({
  counter,
  limit,
  perSource,
  delaySeconds,
}: AttemptQueueDeps): AttemptQueue {
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

  /**
   * Starts waiting attempts in the order of their arrival, as far as the key allows. Runs once at a
   * time for each key.
   */
  async function call(line: Line): Promise<void> {
    if (line.isCalling) return
    line.isCalling = true
    while (line.waiting.size > 0) {
      const failures = counter.count(line.key)
      line.isFull = failures >= limit
      // An attempt that ends calls this again. Running attempts count as failures, or all would
      // start before the first has failed.
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

/** A fixed delay for attempts, with a limit of how many wait in all and of one source. */
interface DelayQueue {
  /**
   * Resolves with true after the delay, or with false at once when there is no room.
   * @throws Failure `provider-unavailable` when postern stops meanwhile, `invalid` when the client
   * disconnects
   */
  wait(source: string, milliseconds: number, gone?: Gone): Promise<boolean>
  /** Ends every delay. */
  close(): void
}

export function createDelayQueue({ places, perSource }: { places: number; perSource: number }): DelayQueue {
  const leave = new Set<() => void>()
  /** Holds only sources that have an attempt waiting. */
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

/** How many attempts of one source may wait for the outcome of an identical attempt. */
const mostOfSource = 100

/**
 * Single flight for identical attempts: one runs at a time, and its outcome (in `knownWrong`, or in
 * the verifiers' cache) spares the others the work. Resolves when it is the turn of this attempt,
 * with a function that ends the turn; resolves with undefined at once when too many attempts of its
 * source wait.
 * @throws Failure `invalid` when the client disconnects
 */
type SameAtOnce = (attempt: string, source: string, gone?: Gone) => Promise<(() => void) | undefined>

export function createSameAtOnce(): SameAtOnce {
  /** The waiting attempts behind each running one. */
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
