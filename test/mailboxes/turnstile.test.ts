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
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((number) => inTurn('', task(number))))
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
  expect(await inTurn('', task(7))).toBe(7)
})

it('lets the lanes take turns, and each lane its own in order', async () => {
  const inTurn = createTurnstile(1)
  const started: string[] = []
  const task = (name: string) => async () => {
    started.push(name)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const flood = [1, 2, 3, 4].map((number) => inTurn('flood', task(`flood ${number}`)))
  const others = ['one', 'two'].map((name) => inTurn(name, task(name)))
  await Promise.all([...flood, ...others])
  expect(started).toEqual(['flood 1', 'flood 2', 'one', 'two', 'flood 3', 'flood 4'])
})
