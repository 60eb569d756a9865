import cluster, { type Worker as Child } from 'node:cluster'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import type { WorkerState } from '../model/worker.ts'
import { type FromWorker, type Question, type ToWorker, workerVariable } from './worker.ts'

/** The processes of postern on this host, as the one sees them that holds them together. */
export interface Workers {
  /** Resolves when all of them were ready, or with the exit code of one that could not begin. */
  begun: Promise<number | undefined>
  /** False where the settings have mistakes. */
  reload(): Promise<boolean>
  /** Does not resolve while one of them hangs. */
  look(): Promise<unknown>
  /** Each stops in good order. Gives the exit code of all. */
  stop(): Promise<number>
  /** At once. */
  end(): void
}

interface WorkersDeps {
  count: number
  /** The program and its arguments. */
  program: string
  words: readonly string[]
  log: Log
}

/** How long a worker that has ended is waited for: the longer, the sooner it has ended, each time. */
const [firstPause, longestPause] = [500, 30_000]
/** One that was at work for so long is begun anew at once. */
const soundMilliseconds = 60_000
/** Whoever asks for the metrics does not wait for one that hangs. */
const answerMilliseconds = 2000
/** No watchdog waits for longer. */
const longestAnswer = 2 ** 31 - 1

interface Slot {
  number: number
  child?: Child
  ready: boolean
  ended: number
  pause: number
}

/** Begins the first, which makes the store where there is none, and then the others. */
export function startWorkers({ count, program, words, log }: WorkersDeps): Workers {
  cluster.setupPrimary({ exec: program, args: [...words] })
  const slots: Slot[] = Array.from({ length: count }, (_, place) => ({
    number: place + 1,
    ready: false,
    ended: 0,
    pause: firstPause,
  }))
  const waiting = new Map<number, (value: unknown) => void>()
  let asked = 0
  let isStopping = false
  const codes: number[] = []
  let begin: (code: number | undefined) => void = () => {}
  const begun = new Promise<number | undefined>((resolve) => {
    begin = resolve
  })
  let everReady = 0

  const tell = (child: Child | undefined, message: ToWorker) => {
    if (child?.isConnected()) child.send(message)
  }
  const tellAll = (message: ToWorker) => {
    for (const { child } of slots) tell(child, message)
  }

  function fork(slot: Slot): void {
    const begunAt = performance.now()
    const child = cluster.fork({ [workerVariable]: String(slot.number) })
    slot.child = child
    slot.ready = false
    child.on('message', (message: FromWorker) => void hear(slot, message))
    child.once('exit', (code, signal) => void seeEnd(slot, code, signal, performance.now() - begunAt))
  }

  async function hear(slot: Slot, message: FromWorker): Promise<void> {
    switch (message.what) {
      case 'ready':
        slot.ready = true
        everReady += 1
        // The store is there, and its mistakes are told once.
        if (everReady === 1) for (const other of slots) if (!other.child) fork(other)
        if (slots.every(({ ready }) => ready)) begin(undefined)
        return
      case 'states':
        tell(slot.child, { what: 'answer', id: message.id, value: states() })
        return
      case 'metrics':
        tell(slot.child, { what: 'answer', id: message.id, value: await metricsBeside(slot) })
        return
      case 'answer':
        waiting.get(message.id)?.(message.value)
    }
  }

  function readyOnes(): Slot[] {
    return slots.filter(({ ready }) => ready)
  }

  function states(): WorkerState[] {
    return slots.map(({ number, child, ready, ended }) => ({
      number,
      pid: child?.process.pid ?? 0,
      ready,
      ended,
    }))
  }

  async function metricsBeside(asker: Slot): Promise<string[]> {
    const others = readyOnes().filter((slot) => slot !== asker)
    const texts = await Promise.all(others.map(({ child }) => ask(child, 'metrics', answerMilliseconds)))
    return texts.filter((text) => typeof text === 'string')
  }

  /** Undefined where it has not answered by then, or is gone. */
  async function ask(child: Child | undefined, what: Question, milliseconds: number): Promise<unknown> {
    asked += 1
    const id = asked
    const answered = new Promise<unknown>((resolve) => {
      waiting.set(id, resolve)
      child?.once('exit', () => resolve(undefined))
    })
    tell(child, { what, id })
    try {
      return await Promise.race([answered, pause(milliseconds, undefined, { ref: false })])
    } finally {
      waiting.delete(id)
    }
  }

  async function seeEnd(
    slot: Slot,
    code: number | null,
    signal: string | null,
    lived: number,
  ): Promise<void> {
    const wasReady = slot.ready
    slot.ready = false
    if (isStopping) {
      codes.push(code ?? 1)
      return
    }
    if (everReady === 0) {
      begin(code ?? 1)
      return
    }
    slot.ended += 1
    slot.pause = wasReady && lived >= soundMilliseconds ? firstPause : Math.min(slot.pause * 2, longestPause)
    log.error(
      { event: 'worker.ended', worker: slot.number, code, signal, againInSeconds: slot.pause / 1000 },
      'A worker has ended by itself: it is begun anew',
    )
    await pause(slot.pause, undefined, { ref: false })
    if (!isStopping) fork(slot)
  }

  async function stop(): Promise<number> {
    isStopping = true
    const ends = slots.map(({ child }) =>
      child && !child.isDead()
        ? new Promise<void>((resolve) => child.once('exit', () => resolve()))
        : undefined,
    )
    tellAll({ what: 'stop' })
    await Promise.all(ends)
    return Math.max(0, ...codes)
  }

  const [first] = slots
  if (first) fork(first)
  return {
    begun,
    async reload() {
      const answers = await Promise.all(readyOnes().map(({ child }) => ask(child, 'reload', longestAnswer)))
      return answers.every((isTaken) => isTaken !== false)
    },
    look: () => Promise.all(readyOnes().map(({ child }) => ask(child, 'alive', longestAnswer))),
    stop,
    end: () => tellAll({ what: 'end' }),
  }
}
