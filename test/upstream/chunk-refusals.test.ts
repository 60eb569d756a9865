import { expect, it } from 'vitest'
import { createChunkRefusals, turnsChunkAway } from '../../src/upstream/send-message.ts'
import { say } from '../../src/wire/reply.ts'
import { createManualClock } from '../support/manual-clock.ts'

const year = 365 * 86_400

it.each([
  [500, 'for ever', year],
  [502, 'for ever', year],
  [501, 'for an hour', 3599],
  [503, 'for an hour', 3599],
  [504, 'for an hour', 3599],
])('%i to a chunk is believed %s, of that host alone', (code, _, seconds) => {
  const clock = createManualClock()
  const refusals = createChunkRefusals(clock)
  expect(turnsChunkAway(say(code, 'no'))).toBe(true)
  refusals.add('smtp.example.com', say(code, 'no'))
  clock.advance(seconds)
  expect(refusals.has('smtp.example.com')).toBe(true)
  expect(refusals.has('other.example.com')).toBe(false)
  clock.advance(1)
  expect(refusals.has('smtp.example.com')).toBe(seconds === year)
})

it('an "unknown command" is not forgotten because of a later "bad sequence"', () => {
  const clock = createManualClock()
  const refusals = createChunkRefusals(clock)
  refusals.add('smtp.example.com', say(502, 'no'))
  refusals.add('smtp.example.com', say(503, 'no'))
  clock.advance(year)
  expect(refusals.has('smtp.example.com')).toBe(true)
})

it.each([250, 421, 451, 452, 550, 552, 554])('the code %i is an answer about the message', (code) => {
  expect(turnsChunkAway(say(code, 'so'))).toBe(false)
})
