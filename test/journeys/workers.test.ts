import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import type { Postern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { newPostgresDatabase, onPostgres } from '../support/postgres-databases.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { singleFile } from '../support/single-file.ts'
import { signIn } from '../support/smtp-client.ts'

const count = 3

interface WorkerState {
  number: number
  pid: number
  ready: boolean
  ended: number
}

async function setWorkers(command?: string[]) {
  const metricsPort = await freePort()
  const stage = await setRotatingStage({
    command,
    env: {
      POSTERN_WORKERS: String(count),
      POSTERN_DATABASE_URL: await newPostgresDatabase('nothing'),
      POSTERN_KEY: randomBytes(32).toString('base64'),
      POSTERN_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
    },
  })
  onTestFinished(() => stage.close())
  const postern = await stage.start()
  async function workers(): Promise<WorkerState[]> {
    const { stdout } = await postern.cli('status', '--json')
    return (JSON.parse(stdout) as { workers: WorkerState[] }).workers
  }
  const allReady = () =>
    eventually('all workers are ready', async () => {
      const states = await workers().catch(() => [])
      return states.length === count && states.every(({ ready }) => ready) && states
    })
  return {
    ...stage,
    postern,
    workers,
    allReady,
    /** What the process that answers says of this path. */
    async ask(path: string): Promise<string> {
      return (
        await fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers: { connection: 'close' } })
      ).text()
    },
  }
}

function linesOf({ output }: Postern, event: string): { worker: number; [field: string]: unknown }[] {
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).filter((line) => line.event === event || line.msg === event)
}

const single = onPostgres ? singleFile() : undefined

describe.runIf(onPostgres)('several processes of one host', () => {
  it('they share its addresses, and each is named in the log, the status, the readiness and the metrics', async () => {
    const { postern, allReady, ask, login, smtpPort } = await setWorkers()
    const states = await allReady()
    expect(states.map(({ number, ended }) => [number, ended])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ])
    expect(new Set([postern.pid, ...states.map(({ pid }) => pid)]).size).toBe(count + 1)
    for (let time = 0; time < 2 * count; time += 1) expect(await signIn(smtpPort, login)).toMatch(/^235/)
    await eventually('each has signed somebody in', () => {
      const done = linesOf(postern, 'sign-in.done').map(({ worker }) => worker)
      return new Set(done).size === count
    })
    const answers = await Promise.all(Array.from({ length: count }, () => ask('/readyz')))
    expect(answers.sort()).toEqual([1, 2, 3].map((worker) => JSON.stringify({ status: 'ready', worker })))
    const page = await ask('/metrics')
    expect(page.match(/^# TYPE postern_ready /gm)).toHaveLength(1)
    expect(page.match(/^postern_ready\{worker="\d"\} 1$/gm)?.sort()).toEqual(
      [1, 2, 3].map((worker) => `postern_ready{worker="${worker}"} 1`),
    )
    expect((await postern.cli('status')).stdout).toMatch(/^workers {7}1: ready, process \d+\n {14}2: ready/m)
  })

  it('one that was killed is begun anew, also the one that serves the command, while the others go on', async () => {
    const { postern, workers, allReady, login, smtpPort } = await setWorkers()
    const before = await allReady()
    for (const killed of [3, 1]) {
      const { pid = 0 } = before.find(({ number }) => number === killed) ?? {}
      process.kill(pid, 'SIGKILL')
      await eventually('the end is told', () =>
        linesOf(postern, 'worker.ended').some(({ worker }) => worker === killed),
      )
      expect(await signIn(smtpPort, login)).toMatch(/^235/)
      await allReady()
    }
    const after = await workers()
    expect(after.map(({ ended }) => ended)).toEqual([1, 0, 1])
    expect(after[1]?.pid).toBe(before[1]?.pid)
  })

  it.runIf(single)('a single file begins itself anew for each', async () => {
    const { postern, allReady, login, smtpPort } = await setWorkers([single ?? ''])
    await allReady()
    expect(await signIn(smtpPort, login)).toMatch(/^235/)
    expect(await postern.stop()).toBe(0)
  })

  it('SIGHUP and SIGTERM reach each, and nothing of them is left', async () => {
    const { postern, allReady, smtpPort, dataDir, run } = await setWorkers()
    const states = await allReady()
    process.kill(postern.pid, 'SIGHUP')
    await eventually('each has read its settings again', () => {
      const read = linesOf(postern, 'settings.reloaded').map(({ worker }) => worker)
      return new Set(read).size === count
    })
    const second = await run(['mailbox', 'list'])
    expect(second.code).toBe(0)
    expect(await postern.stop()).toBe(0)
    expect(
      linesOf(postern, 'postern has stopped')
        .map(({ worker }) => worker ?? 0)
        .sort(),
    ).toEqual([0, 1, 2, 3])
    for (const { pid } of states) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    // The address and the data directory are free.
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(smtpPort, '127.0.0.1', resolve))
    await new Promise((resolve) => server.close(resolve))
    const again = await run(['mailbox', 'list'])
    expect([again.code, dataDir]).toEqual([0, expect.any(String)])
  })

  it('they end in good order when the first process is killed', async () => {
    const { postern, allReady } = await setWorkers()
    await allReady()
    // Resolves when nobody writes to its outputs any more.
    await postern.kill()
    const stopped = linesOf(postern, 'postern has stopped').map(({ worker }) => worker)
    expect(stopped.sort()).toEqual([1, 2, 3])
  })

  it('a mistake that keeps the first from beginning ends all, with its exit code', async () => {
    const stage = await setRotatingStage()
    onTestFinished(() => stage.close())
    const settings = {
      POSTERN_WORKERS: '2',
      POSTERN_DATABASE_URL: `postgres://postern@127.0.0.1:${await freePort()}/nowhere`,
      POSTERN_KEY: randomBytes(32).toString('base64'),
    }
    const { code, stderr } = await stage.run(['serve'], undefined, settings)
    expect(code).toBe(75)
    expect(stderr.match(/postern: /g)).toHaveLength(1)
  })
})
