import { fork } from 'node:child_process'
import { join } from 'node:path'

const mostMilliseconds = 120_000

/**
 * @typedef {object} Worker
 * @property {(job: { do: string } & Record<string, unknown>) => Promise<any>} ask one job at a time; rejects with its error, when the process ends, or
 * after two minutes
 * @property {number} pid
 * @property {() => void} end
 */

/** A file of this folder as a process of its own; it ends with this one. @returns {Worker} */
export function startWorker(file) {
  const child = fork(join(import.meta.dirname, file), { execArgv: [] })
  return {
    pid: Number(child.pid),
    end: () => child.connected && child.disconnect(),
    ask(job) {
      return new Promise((resolve, reject) => {
        const settle = (act, value) => {
          clearTimeout(timer)
          child.off('exit', onExit).off('message', onMessage)
          act(value)
        }
        const fail = (why) => settle(reject, new Error(`${file}, ${job.do}: ${why}`))
        const onExit = () => fail('the process has ended')
        const onMessage = (answer) => (answer.error ? fail(answer.error) : settle(resolve, answer))
        const timer = setTimeout(() => fail('no answer in time'), mostMilliseconds)
        child.once('exit', onExit).once('message', onMessage)
        if (child.connected) child.send(job)
        else onExit()
      })
    },
  }
}
