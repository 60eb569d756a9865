import { expect, it } from 'vitest'
import { createPeriodicTask } from '../../src/base/async.ts'
import { eventually } from '../support/eventually.ts'

it('a task comes again and again, one at a time, and its end waits for the one under way', async () => {
  let begun = 0
  let ended = 0
  let together = 0
  const task = createPeriodicTask(0.001, async () => {
    begun += 1
    together = Math.max(together, begun - ended)
    await new Promise((resolve) => setImmediate(resolve))
    ended += 1
  })
  task.start()
  await eventually('three times', () => ended >= 3)
  await task.close()
  expect(ended).toBe(begun)
  expect(together).toBe(1)
  const before = begun
  await new Promise((resolve) => setImmediate(resolve))
  expect(begun).toBe(before)
})
