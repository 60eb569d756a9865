import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { peer } from '../support/peer.ts'
import { table } from './comparison.js'
import { flood } from './flood.js'
import { footprint } from './footprint.js'
import { stunnelProgram } from './forwarders.js'
import { freePorts } from './free-ports.js'
import { idle } from './idle.js'
import { latency } from './latency.js'
import { page } from './page.js'
import { type Row, row } from './rows.js'
import { signIn } from './sign-in.js'
import { soak } from './soak.js'
import { setStage } from './stage.js'
import { readRun, saveRun, thisMachine } from './stored-run.js'
import { createTargetStages } from './target.js'
import { startWorker } from './worker.js'

const main = join(import.meta.dirname, 'main.js')

interface Figures {
  rows: Row[]
  met: boolean
  [more: string]: unknown
}

/** One of each, as small as it can be: whether it runs and counts right, not how fast anything is. */
const tiny = {
  start: {},
  latency: { messages: 1 },
  throughput: { few: 2, some: 20, many: 40 },
  large: { octets: 300_000, messages: 1 },
  cost: { through: 3, others: 3 },
  memory: { sessions: 20, settleSeconds: 0 },
  token: { connections: 2, requests: 10 },
}

/** stunnel where it is installed; its absence is told. */
const forwarders: (keyof Row)[] = stunnelProgram() ? ['forwarder', 'stunnel'] : ['forwarder']
const faster: (keyof Row)[] = ['direct', 'through', 'ratio']

/** The columns that have a figure, by the number of rows. */
const columns: Record<keyof typeof tiny, (keyof Row)[][]> = {
  latency: [faster, ['direct', ...forwarders, 'through', 'ratio'], faster, faster],
  throughput: Array(3).fill(['direct', ...forwarders, 'through', 'ratio']),
  large: [...Array(2).fill(['direct', ...forwarders, 'through', 'ratio']), ['through']],
  cost: [[...forwarders, 'through']],
  memory: [['through']],
  start: Array(4).fill(['through']),
  token: [['through']],
}

// Side by side: how long anything takes does not matter here.
describe.concurrent('the benchmark', () => {
  it.each(Object.keys(tiny) as (keyof typeof tiny)[])('%s fills its rows', async (name) => {
    const measured = await table[name]({ rounds: 1, setStage, sizes: tiny[name] } as never)
    const { rows, met }: Figures = JSON.parse(JSON.stringify(measured))
    expect(rows.map(figuresOf)).toEqual(columns[name])
    for (const row of rows)
      expect(row).toMatchObject({ workload: expect.any(String), unit: expect.any(String) })
    expect(met).toBe(rows.every(({ met }) => met !== false))
  })

  it('a cold herd makes one token request, and everybody is signed in', async () => {
    const { rows, figures }: Figures = await table.herd({ rounds: 1, setStage, sizes: { clients: 12 } })
    expect(rows.map(({ through }) => through)).toEqual([1, 12])
    expect(figures).toMatchObject([{ accepted: 12, tokenRequests: 1, grantAlive: true, failures: [] }])
  })

  it('an allowance of three is kept, and every message arrives once', async () => {
    const sizes = { clients: 8, messages: 60 }
    const { rows, messages, mostSignedIn }: Figures = await table.allowance({ setStage, sizes })
    expect(rows.map(({ through }) => through)).toEqual([0, 0, 0])
    expect(messages).toBe(60)
    expect(mostSignedIn).toBeLessThanOrEqual(3)
  })

  it('mail is sent beside a flood', async () => {
    const sizes = { connections: 20, floodSeconds: 0, messages: 2 }
    expect(await flood({ setStage, sizes })).toMatchObject({ another: { sent: 2 }, same: { sent: 2 } })
  })

  it('the footprint counts the files that run for a message and for the first one, and the keys that are made of addresses', async () => {
    const measured: Figures = await footprint({ rounds: 1, setStage })
    const { rows, files } = measured as Figures & { files: Record<'warm' | 'first', string[]> }
    const { keys } = measured as Figures & { keys: number }
    expect(rows.map(({ through }) => through)).toEqual([files.warm.length, keys, files.first.length])
    expect(keys).toBeLessThanOrEqual(2)
    expect(files.warm).toEqual(expect.arrayContaining(['smtp/session.js', 'upstream/pool.js']))
    expect(files.warm).not.toContain('upstream/dial.js')
    expect(files.first).toContain('upstream/dial.js')
  })

  it('idle sessions are kept', async () => {
    const sizes = { sessions: 20, settleSeconds: 0 }
    expect(await idle({ setStage, sizes })).toMatchObject({ sessions: 20, open: 20, met: true })
  })

  it('sessions of every kind that come and go are counted', async () => {
    const { kinds } = await soak({ setStage, sizes: { sessions: 6, warmUpSessions: 6 } })
    expect(Object.values(kinds as Record<string, number>)).toEqual(Array(6).fill(1))
  })

  it('each way to sign in has its cost', async () => {
    const { ways } = await signIn({ rounds: 1, sizes: { attempts: 5 } })
    expect(ways).toHaveLength(5)
  })

  it('another proxy is measured, which comes when the provider is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-bench-'))
    const [providerPort = 0, implicitPort = 0, tokenPort = 0, port = 0] = await freePorts(4)
    const caFile = join(folder, 'ca.pem')
    const ports = { port, providerPort, implicitPort, tokenPort }
    const target = { host: '127.0.0.1', ...ports, auth: 'XOAUTH2', caFile }
    const stages = createTargetStages(target)
    const proxy = startWorker('forwarder.js')
    try {
      const figures = latency({ rounds: 1, setStage: stages.setStage, sizes: { messages: 1 } })
      const ca = await eventually('the certificate', () => readFile(caFile, 'utf8').catch(() => undefined))
      await proxy.ask({ do: 'open', port: implicitPort, ca, listenAt: port })
      const { rows } = await figures
      expect(rows.map(figuresOf)).toEqual(columns.latency)
      // The distance is there: 12 round trips of 20 ms, two fewer with TLS at once, and 9 for whom the proxy spares EHLO,
      // STARTTLS and another EHLO.
      for (const { direct, through } of rows) {
        expect(direct).toBeGreaterThan(10 * 20 - 5)
        expect(through).toBeGreaterThan(9 * 20 - 5)
      }
    } finally {
      proxy.end()
      stages.end()
      await rm(folder, { recursive: true })
    }
  })

  it('a run is stored, and the exit code tells which workload has become slower beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-bench-'))
    try {
      const [before, now] = [join(folder, 'before.json'), join(folder, 'now.json')]
      const { workload, ...costs } = {
        workload: 'start, a new data directory',
        processor: { through: 1 },
        used: 100,
      }
      const rows = [row(workload, 'ms', { through: 1 }, undefined, costs)]
      const facts = { of: 'postern', measured: '2026-01-01', rounds: 1, machine: thisMachine() }
      await saveRun(before, { ...facts, rows })
      const { code, output } = await bench('start', '--rounds', '1', '--against', before, '--save', now)
      expect(output).toMatch(/^SLOWER by over 10 %: start, a new data directory: processor time 1 ms → /m)
      expect(code).toBe(3)
      const { of, rows: measured } = await readRun(now)
      expect(of).toMatch(/^postern \d/)
      expect(measured.map(figuresOf)).toEqual(columns.start)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('the earlier run is read before anything is measured', async () => {
    const { code, errors } = await bench('throughput', '--against', join(import.meta.dirname, 'main.js'))
    expect(errors).toContain('is not a run of the bench')
    expect(code).toBe(2)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('nothing is left behind at %s', async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-bench-'))
    const running = spawn(process.execPath, [main, 'throughput'], {
      env: { PATH: process.env.PATH, TMPDIR: folder },
    })
    try {
      const ended = once(running, 'exit')
      const postern = await eventually(
        'a postern that runs',
        async () => {
          const files = await readdir(folder, { recursive: true }).catch(() => [])
          const file = files.find((name) => name.endsWith('running.json'))
          return file && JSON.parse(await readFile(join(folder, file), 'utf8')).pid
        },
        100,
      )
      running.kill(signal)
      expect(await ended).toEqual([128 + constants.signals[signal], null])
      await eventually('its end', () => !runs(postern))
      expect(await readdir(folder)).toEqual([])
    } finally {
      running.kill('SIGKILL')
      await rm(folder, { recursive: true })
    }
  })
})

// By itself: a browser beside all of the others would starve them on two cores.
describe('the benchmark of the pages', () => {
  it.runIf(peer('chromium'))('the first page is loaded, which is small and comes from one host', async () => {
    const { octets, hosts } = await page({ rounds: 1, setStage })
    expect(octets).toBeLessThan(50_000)
    expect(octets).toBeGreaterThan(5_000)
    expect(hosts).toHaveLength(1)
  })
})

async function bench(...words: string[]) {
  const running = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, [code]] = await Promise.all([
    text(running.stdout),
    text(running.stderr),
    once(running, 'close'),
  ])
  return { code, output, errors }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function figuresOf(row: Row) {
  return (['direct', 'forwarder', 'stunnel', 'through', 'ratio'] as const).filter((name) =>
    Number.isFinite(row[name]),
  )
}
