import { expect, it } from 'vitest'
import { type ConcurrencyLimits, createConcurrencyLimiter } from '../../src/base/async.ts'

const limits = { waitingInLane: 10, waiting: 25 }
const limiter = (its: ConcurrencyLimits) => createConcurrencyLimiter(its, () => new Error('full'))
const place = (lane: string) => ({ lane, known: false })
/** Never done, until all of them are told to be. */
function endless() {
  const ends: (() => void)[] = []
  return {
    task: () => new Promise<void>((resolve) => void ends.push(resolve)),
    end: () => {
      for (const end of ends.splice(0)) end()
    },
  }
}

it('the limiter lets a bounded number through at once, in order, also past one that fails', async () => {
  const inTurn = limiter({ ...limits, running: 2 })
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
  const outcomes = await Promise.allSettled(
    [0, 1, 2, 3, 4, 5, 6].map((number) => inTurn(place(''), task(number))),
  )
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
  expect(await inTurn(place(''), task(7))).toBe(7)
})

it('lanes take turns, and each lane keeps its order', async () => {
  const inTurn = limiter({ ...limits, running: 1 })
  const started: string[] = []
  const task = (name: string) => async () => {
    started.push(name)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const flood = [1, 2, 3, 4].map((number) => inTurn(place('flood'), task(`flood ${number}`)))
  const others = ['one', 'two'].map((name) => inTurn(place(name), task(name)))
  await Promise.all([...flood, ...others])
  expect(started).toEqual(['flood 1', 'flood 2', 'one', 'two', 'flood 3', 'flood 4'])
})

it('so many wait in a lane and in all, and one more is refused at once', async () => {
  const inTurn = limiter({ ...limits, running: 1 })
  const { task } = endless()
  const refused: string[] = []
  const come = (lane: string, known = false) =>
    void inTurn({ lane, known }, task).catch((error) => refused.push(`${lane} ${error.message}`))
  for (let count = 0; count < 12; count++) come('flood')
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toEqual(['flood full'])
  for (let lane = 0; lane < 16; lane++) come(`lane-${lane}`)
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toEqual(['flood full', 'lane-15 full'])
  come('somebody known', true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toHaveLength(2)
})

it('the known come first', async () => {
  const inTurn = limiter({ ...limits, running: 1 })
  const { task, end } = endless()
  const started: string[] = []
  const first = inTurn(place('first'), task)
  const strangers = ['one', 'two'].map((lane) => inTurn(place(lane), async () => void started.push(lane)))
  const known = inTurn({ lane: 'known', known: true }, async () => void started.push('known'))
  await new Promise((resolve) => setImmediate(resolve))
  end()
  await Promise.all([first, known, ...strangers])
  expect(started).toEqual(['known', 'one', 'two'])
})

it('whoever has gone is forgotten: nothing is done for it, and its place is free', async () => {
  const inTurn = limiter({ ...limits, running: 1 })
  const { task, end } = endless()
  const first = inTurn(place('first'), task)
  const leaving = new AbortController()
  const { signal: gone } = leaving
  let done = 0
  const waiting = Array.from({ length: 10 }, () =>
    inTurn({ lane: 'lane', known: false, gone }, async () => {
      done += 1
    }).catch((error) => error.message),
  )
  await new Promise((resolve) => setImmediate(resolve))
  leaving.abort()
  expect(await Promise.all(waiting)).toEqual(Array<string>(10).fill('The client has gone'))
  const next = inTurn(place('lane'), async () => 'next')
  end()
  await first
  expect(await next).toBe('next')
  expect(done).toBe(0)
})
