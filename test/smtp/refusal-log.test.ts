import { expect, it } from 'vitest'
import { createRefusalLog } from '../../src/smtp/refusal-log.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function start() {
  const [clock, log] = [createManualClock(), createRecordingLog()]
  const refusals = createRefusalLog(log, clock)
  const refuse = (times: number, client = '192.0.2.1', why = 'unreadable', event = 'command.refused') => {
    for (let number = 0; number < times; number++)
      refusals.note({ why, fields: { event, source: client }, message: 'command refused' })
  }
  const more = () => log.lines.map(({ fields }) => ('more' in fields ? fields.more : 0))
  return { clock, log, refusals, refuse, more }
}

it('refusals are said one by one, and where many are alike in a minute, how many more they were', () => {
  const { clock, log, refuse, more } = start()
  refuse(5)
  expect(more()).toEqual([0, 0, 0, 0, 0])
  refuse(1000)
  clock.advance(59)
  refuse(1)
  expect(log.lines).toHaveLength(5)
  clock.advance(1)
  refuse(1)
  expect(more()).toEqual([0, 0, 0, 0, 0, 1001, 0])
  expect(log.lines[5]).toEqual({
    level: 'warn',
    message: 'command refused',
    fields: { event: 'command.refused', source: '192.0.2.1', more: 1001 },
  })
})

it('refusals are distinguished by source, by reason and by event', () => {
  const { log, refuse } = start()
  refuse(10)
  refuse(10, '192.0.2.2')
  refuse(10, '192.0.2.1', 'too large')
  refuse(10, '192.0.2.1', 'unreadable', 'connection.refused')
  expect(log.lines).toHaveLength(20)
})

it('refusals of many sources and reasons fill no log, and are counted all the same', () => {
  const { clock, log, refusals, refuse } = start()
  for (let number = 0; number < 10_000; number++) refuse(1, `10.1.${number >> 8}.${number & 255}`)
  refuse(7, '192.0.2.1', 'x', 'connection.refused')
  expect(log.lines).toHaveLength(120)
  clock.advance(60)
  refusals.close()
  expect(log.lines.slice(120).map(({ fields }) => fields)).toEqual([
    { event: 'command.refused', more: 9880 },
    { event: 'connection.refused', more: 7 },
  ])
})

it('refusals that were held back are said when the server closes', () => {
  const { refusals, refuse, more } = start()
  refuse(8)
  refusals.close()
  refusals.close()
  expect(more()).toEqual([0, 0, 0, 0, 0, 3])
})
