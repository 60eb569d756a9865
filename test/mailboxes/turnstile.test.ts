import { expect, it } from 'vitest'
import { createTurnstile } from '../../src/mailboxes/turnstile.ts'

it('lets a bounded number through at once, in order, also past one that fails', async () => {
  const inTurn = createTurnstile(2)
  const started: number[] = []
  let [running, most] = [0, 0]
  const task = (number: number) => async () => {
    started.push(number)
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    if (number === 3) throw new Error('three')
    return number
  }
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((number) => inTurn(task(number))))
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(most).toBe(2)
  expect(outcomes.map((outcome) => outcome.status === 'fulfilled')).toEqual([
    true,
    true,
    true,
    false,
    true,
    true,
    true,
  ])
  expect(await inTurn(task(7))).toBe(7)
})
