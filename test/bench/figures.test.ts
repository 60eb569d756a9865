import { describe, expect, it } from 'vitest'
import { processorBetween } from './figures.js'
import { stunnelProgram } from './forwarders.js'
import { describeRows, row } from './rows.js'

describe('the goals of a row', () => {
  const goals = { ratio: { atLeast: 0.5 }, processor: { atMost: 0.2 } }
  const measure = (through: number | undefined, processor: number | undefined) =>
    row('sending', 'messages/s', { direct: 100, ...(through && { through }) }, goals, {
      ...(processor && { processor: { forwarder: 0.1, through: processor } }),
    })

  it.each([
    [50, 0.2, true],
    [49, 0.2, false],
    [50, 0.21, false],
    [undefined, 0.1, false],
    [50, undefined, false],
    [Number.NaN, 0.1, false],
  ])('goals are met all or not at all: %s messages a second for %s ms each', (through, processor, met) => {
    expect(measure(through, processor).met).toBe(met)
  })

  it('goals stand beside what was measured, and each that was missed is marked', () => {
    const [head = '', , line = ''] = describeRows([measure(60, 0.3)])
    const cells = (text: string) => text.split('|').map((cell) => cell.trim())
    expect(cells(head)).toEqual([
      '',
      'workload',
      'direct',
      'postern',
      'ratio',
      'goal',
      'CPU each: forwarder',
      'CPU each: postern',
      'goal',
      'met',
      '',
    ])
    expect(cells(line)).toEqual([
      '',
      'sending',
      '100 messages/s',
      '60 messages/s',
      '0.60',
      'at least 0.50',
      '0.1 ms',
      '0.3 ms',
      'at most 0.2 ms: NO',
      'NO',
      '',
    ])
  })
})

describe('processor time', () => {
  const at = (coarse: number, fine: number) => ({ coarse, fine })

  it('processor time is fine where all threads live', () => {
    expect(processorBetween(at(100, 105), at(110, 118))).toBe(13)
  })

  it('it is coarse where a thread has taken its share with it, or the system tells nothing finer', () => {
    expect(processorBetween(at(100, 10), at(200, 12))).toBe(100)
    expect(processorBetween(at(100, Number.NaN), at(200, Number.NaN))).toBe(100)
  })

  it('it is unknown where it is a few coarse steps only', () => {
    expect(processorBetween(at(100, 10), at(140, 12))).toBeNaN()
  })
})

describe('stunnel', () => {
  it('stunnel is not found on a path without it', () => {
    expect(stunnelProgram(import.meta.dirname)).toBeUndefined()
  })
})
