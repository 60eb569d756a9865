import cluster from 'node:cluster'
import type { Metrics } from '../metrics/metrics.ts'
import type { WorkerState } from '../model/worker.ts'

/*
 * One of several processes of postern that share the listeners of one host. The first process only
 * holds them, the lock of the data directory, and the others.
 */

/** This process among the others. */
export interface Worker {
  /** From 1. The first one serves the command. */
  number: number
  /** The process number of the first process, which takes signals for all. */
  firstPid: number
  /** What all show, each with its number as the label `worker`. */
  metricsOfAll(own: Metrics): Metrics
  /** All of them. */
  states(): Promise<WorkerState[]>
  ready(): void
  /** The first process stops, has ended, or reads its settings again. */
  follow(hear: { stop(): void; end(): void; reload(): Promise<unknown> }): void
}

/** From the first process to a worker. */
export type ToWorker =
  | { what: 'stop' | 'end' }
  | { what: Question; id: number }
  | { what: 'answer'; id: number; value: unknown }

/** `alive`: what hangs answers nothing. `reload`: answered with whether the settings were taken up. */
export type Question = 'alive' | 'metrics' | 'reload'

/** From a worker to the first process. */
export type FromWorker =
  | { what: 'ready' }
  | { what: 'states' | 'metrics'; id: number }
  | { what: 'answer'; id: number; value: unknown }

/** What a worker has to be told by its environment: its number. */
export const workerVariable = 'WORKER_OF_POSTERN'

/** @param channel to the first process */
export function joinAsWorker(number: number, channel: NodeJS.Process): Worker {
  const waiting = new Map<number, (value: unknown) => void>()
  let asked = 0
  let metricsOf: Metrics | undefined
  let hear: Parameters<Worker['follow']>[0] | undefined
  const tell = (message: FromWorker) => {
    if (channel.connected) channel.send?.(message)
  }

  function ask(what: 'states' | 'metrics'): Promise<unknown> {
    asked += 1
    const id = asked
    return new Promise((resolve) => {
      waiting.set(id, resolve)
      tell({ what, id })
    })
  }

  async function answerTo(question: Question): Promise<unknown> {
    if (question === 'alive') return true
    if (question === 'reload') return hear?.reload()
    return (await metricsOf?.read())?.text
  }

  channel.on('message', async (message: ToWorker) => {
    switch (message.what) {
      case 'stop':
      case 'end':
        hear?.[message.what]()
        return
      case 'answer':
        waiting.get(message.id)?.(message.value)
        waiting.delete(message.id)
        return
      default:
        tell({ what: 'answer', id: message.id, value: await answerTo(message.what).catch(() => undefined) })
    }
  })
  // Without the first process nobody connects any more.
  channel.prependOnceListener('disconnect', () => {
    endsByItself()
    hear?.stop()
  })

  return {
    number,
    firstPid: channel.ppid,
    metricsOfAll(own) {
      metricsOf = own
      return {
        begin: () => own.begin(),
        async read() {
          const [{ contentType, text }, others] = await Promise.all([own.read(), ask('metrics')])
          return { contentType, text: gathered([text, ...(others as string[])]) }
        },
      }
    },
    states: async () => (await ask('states')) as WorkerState[],
    ready: () => tell({ what: 'ready' }),
    follow(by) {
      hear = by
    },
  }
}

/** What is under way comes to its end: Node would exit at once, with 0, where the first process is gone. */
function endsByItself(): void {
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
}

/** A worker that has done its work, or could not begin, has nothing more to hear. */
export function leaveOthers(channel: NodeJS.Process): void {
  endsByItself()
  if (channel.connected) channel.disconnect()
}

/** Several pages of Prometheus as one: what is said of a metric stands together, and is said once. */
function gathered(pages: readonly string[]): string {
  const metrics = new Map<string, { head: string[]; samples: string[] }>()
  for (const page of pages) {
    const seen = new Set(metrics.keys())
    let metric = { head: [] as string[], samples: [] as string[] }
    for (const line of page.split('\n')) {
      const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? []
      if (name !== undefined) {
        metric = metrics.get(name) ?? { head: [], samples: [] }
        metrics.set(name, metric)
        if (!seen.has(name)) metric.head.push(line)
      } else if (line !== '') metric.samples.push(line)
    }
  }
  const lines = [...metrics.values()].flatMap(({ head, samples }) => [...head, ...samples, ''])
  return `${lines.join('\n')}\n`
}
