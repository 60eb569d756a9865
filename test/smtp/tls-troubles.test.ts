import { expect, it } from 'vitest'
import { createConnectionLog, tlsTroubles } from '../../src/smtp/tls-troubles.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function start() {
  const [clock, recorded] = [createManualClock(), createRecordingLog()]
  const log = createConnectionLog(recorded, clock)
  const trouble = (client: string, message: string = tlsTroubles.failed) => {
    log.child({ client }).warn({ why: 'no TLS' }, message)
    return recorded.lines.at(-1)?.level
  }
  return { clock, recorded, log, trouble }
}

it.each(Object.values(tlsTroubles))(
  'warns of "%s" once in a minute, and keeps the others for debugging',
  (message) => {
    const { clock, trouble, recorded } = start()
    expect(trouble('192.0.2.1', message)).toBe('warn')
    clock.advance(59)
    expect(trouble('192.0.2.1', message)).toBe('debug')
    expect(recorded.lines[1]).toEqual({
      level: 'debug',
      message,
      fields: { client: '192.0.2.1', why: 'no TLS' },
    })
    clock.advance(1)
    expect(trouble('192.0.2.1', message)).toBe('warn')
  },
)

it('takes each source for itself, and a network of IPv6 for one', () => {
  const { trouble } = start()
  expect(trouble('192.0.2.1')).toBe('warn')
  expect(trouble('192.0.2.2')).toBe('warn')
  expect(trouble('2001:db8::1')).toBe('warn')
  expect(trouble('2001:db8::2')).toBe('debug')
  expect(trouble('::ffff:192.0.2.1')).toBe('debug')
})

it('forgets sources when there are too many, in place of growing', () => {
  const { trouble } = start()
  expect(trouble('192.0.2.1')).toBe('warn')
  for (let at = 0; at < 10_000; at++) trouble(`10.1.${at >> 8}.${at & 255}`)
  expect(trouble('192.0.2.1')).toBe('warn')
})

it('leaves every other line as it is', () => {
  const { log, trouble, recorded } = start()
  for (let times = 0; times < 2; times++) expect(trouble('192.0.2.1', 'sign-in refused')).toBe('warn')
  const child = log.child({ client: '192.0.2.1' })
  for (const to of [log, child, child.child({ login: 'erp' })]) {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      to[level]({}, 'something')
      expect(recorded.lines.at(-1)).toMatchObject({ level, message: 'something' })
    }
  }
  expect(recorded.lines.at(-1)?.fields).toEqual({ client: '192.0.2.1', login: 'erp' })
})
