import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changesBetween, describeChanges, slowdowns } from './changes.js'
import { failedRow, type Row, row } from './rows.js'
import { type Machine, readRun, saveRun } from './stored-run.js'

const machine: Machine = { processor: 'Abacus', processors: 2, node: 'v20.19.0', busy: 0 }
const run = { of: 'postern 0.1.0', measured: '2026-01-02T03:04:05.678Z', rounds: 5, machine }

/** A workload by its processor time, of which a round has enough. */
function workload(name: string, processor: number, more: Partial<Row> = {}): Row {
  const figures = { direct: 100, through: 50 }
  return {
    ...row(name, 'messages/s', figures, undefined, { processor: { through: processor } }),
    used: 200,
    ...more,
  }
}

function verdictsOf(before: Row[], now: Row[]) {
  return changesBetween(before, now).changes.map(({ verdict }) => verdict)
}

describe('the change since an earlier run', () => {
  it('a change has rate, ratio, processor time and memory of each workload', () => {
    const before = workload('sending', 0.5, { memory: { through: 100 } })
    const now = { ...before, through: 55, ratio: 0.55, processor: { through: 0.4 }, memory: { through: 90 } }
    const [change] = changesBetween([before], [now]).changes
    expect(change).toMatchObject({
      workload: 'sending',
      figure: { before: 50, now: 55, part: expect.closeTo(0.1) },
      ratio: { before: 0.5, now: 0.55, part: expect.closeTo(0.1) },
      processor: { through: { before: 0.5, now: 0.4, part: expect.closeTo(-0.2) } },
      memory: { before: 100, now: 90, part: expect.closeTo(-0.1) },
      verdict: 'kept',
    })
  })

  it.each([
    [0.5, 0.5, 'kept'],
    [0.5, 0.55, 'kept'],
    [0.5, 0.551, 'slower'],
    [0.5, 0.1, 'kept'],
    [45, 49.5, 'kept'],
    [45, 49.6, 'slower'],
  ])('a workload is judged by processor time: %d ms, now %d ms: %s', (before, now, verdict) => {
    expect(verdictsOf([workload('sending', before)], [workload('sending', now)])).toEqual([verdict])
  })

  it('a workload is not judged by its rate', () => {
    const now = workload('sending', 0.5, { through: 5, ratio: 0.05 })
    expect(verdictsOf([workload('sending', 0.5)], [now])).toEqual(['kept'])
  })

  it('a workload is not judged where there was too little to count, then or now', () => {
    const few = { used: 99 }
    expect(verdictsOf([workload('a', 1, few)], [workload('a', 2)])).toEqual(['too little'])
    expect(verdictsOf([workload('a', 1)], [workload('a', 2, few)])).toEqual(['too little'])
    expect(verdictsOf([row('a', 'MB', { through: 1 })], [row('a', 'MB', { through: 9 })])).toEqual([
      'not counted',
    ])
  })

  it('new workloads are named, and those that have no figure any more', () => {
    const failed = failedRow('large', new Error('cut off'))
    const comparison = changesBetween(
      [workload('same', 1), workload('large', 1)],
      [workload('same', 1), failed, workload('more', 1)],
    )
    expect(comparison).toMatchObject({ changes: [{ workload: 'same' }], gone: ['large'], fresh: ['more'] })
    const lines = describeChanges({ format: 1, ...run, rows: [] }, machine, comparison, { whole: true })
    expect(lines).toEqual(
      expect.arrayContaining(['Without a figure now: large', 'Without a figure before: more']),
    )
  })

  it('each slowdown is named plainly, beside what the forwarder says of the machine', () => {
    const before = workload('sending', 0.5, { processor: { forwarder: 1, through: 0.5 } })
    const now = workload('sending', 0.6, { processor: { forwarder: 1.03, through: 0.6 } })
    const comparison = changesBetween([before, workload('else', 1)], [now, workload('else', 1)])
    expect(slowdowns(comparison).map(({ workload: name }) => name)).toEqual(['sending'])
    const lines = describeChanges({ format: 1, ...run, rows: [] }, machine, comparison, {
      whole: true,
      against: 'old.json',
    })
    expect(lines[0]).toBe('Beside old.json: postern 0.1.0, 2026-01-02, 5 rounds, 2 × Abacus, Node v20.19.0')
    expect(lines.at(-1)).toBe(
      "SLOWER by over 10 %: sending: processor time 0.5 ms → 0.6 ms +20 %; the forwarder's +3 %",
    )
  })

  it('a note says what makes figures mean less', () => {
    const comparison = changesBetween([], [])
    const busy = { ...machine, node: 'v22.0.0', busy: 1.5 }
    const text = describeChanges({ format: 1, ...run, rows: [] }, busy, comparison, { whole: false }).join(
      '\n',
    )
    expect(text).toContain('another machine: 2 × Abacus, Node v22.0.0')
    expect(text).toContain('The machine was busy now. Trust the processor time, not the rates.')
    expect(text).not.toContain('busy then')
  })
})

describe('a run that is stored', () => {
  it('a stored run is read again: figures without goals, in four digits, nothing of what failed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-bench-'))
    try {
      const path = join(folder, 'new', 'run.json')
      const measured = row(
        'sending',
        'ms',
        { through: 1.23456 },
        { figure: { atMost: 1 } },
        { used: 123_456 },
      )
      await saveRun(path, { ...run, rows: [measured, failedRow('large', new Error('cut off'))] })
      const rows = [{ workload: 'sending', unit: 'ms', through: 1.235, used: 123_456 }]
      expect(await readRun(path)).toEqual({ format: 1, ...run, rows })
      expect(await readFile(path, 'utf8')).toMatch(/\n$/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('another file is no run', async () => {
    await expect(readRun(join(import.meta.dirname, 'main.js'))).rejects.toThrow('is not a run of the bench')
    await expect(readRun(join(import.meta.dirname, '../../package.json'))).rejects.toThrow(
      'is not a run of the bench',
    )
    await expect(readRun('/nowhere/run.json')).rejects.toThrow('ENOENT')
  })
})
