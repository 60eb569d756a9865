import { expect, it } from 'vitest'
import { createTlsTroubles } from '../../src/smtp/tls-troubles.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function start() {
  const [clock, log] = [createManualClock(), createRecordingLog()]
  const tell = createTlsTroubles(clock)
  const trouble = (source: string) => {
    tell(log, source, { why: 'no TLS' }, 'TLS failed')
    return log.lines.at(-1)?.level
  }
  return { clock, log, trouble }
}

it('are a warning once in a minute, and otherwise for debugging', () => {
  const { clock, log, trouble } = start()
  expect(trouble('192.0.2.1')).toBe('warn')
  clock.advance(59)
  expect(trouble('192.0.2.1')).toBe('debug')
  expect(log.lines[1]).toEqual({ level: 'debug', message: 'TLS failed', fields: { why: 'no TLS' } })
  clock.advance(1)
  expect(trouble('192.0.2.1')).toBe('warn')
})

it('take each source for itself', () => {
  const { trouble } = start()
  expect(['192.0.2.1', '192.0.2.2', '192.0.2.1'].map(trouble)).toEqual(['warn', 'warn', 'debug'])
})

it('forget sources when there are too many, in place of growing', () => {
  const { trouble } = start()
  trouble('192.0.2.1')
  for (let at = 0; at < 10_000; at++) trouble(`10.1.${at >> 8}.${at & 255}`)
  expect(trouble('192.0.2.1')).toBe('warn')
})
