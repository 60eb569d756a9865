import { describe, expect, it } from 'vitest'
import { createAcquireQueue } from '../../src/upstream/acquire-queue.ts'
import type { Lease } from '../../src/upstream/lease.ts'
import { failureAs } from '../support/made-failure.ts'

const tooLate = failureAs('limit-reached', 'The wait was too long')

/** A line in which whoever is served writes down its name. */
function openQueue() {
  const queue = createAcquireQueue(
    () => 0,
    () => tooLate,
  )
  const served: string[] = []
  const lease = { release() {} } as unknown as Lease
  return {
    queue,
    served,
    /** Some are left waiting: a time that is not given is longer than a run of all tests. */
    async enqueue(
      name: string,
      {
        again = false,
        until = 3_600_000,
        gone,
      }: { again?: boolean; until?: number; gone?: AbortSignal } = {},
    ) {
      const [lane = ''] = name.split(' ')
      await queue.acquire({ lane, retry: again, until, seconds: 60, gone })
      served.push(name)
    },
    async serveAll() {
      while (queue.next()) {
        queue.serve(lease)
        // Whoever was served writes its name before the next one is.
        await Promise.resolve()
        await Promise.resolve()
      }
    },
  }
}

describe('the queue for a connection', () => {
  it('the queue gives every login its turn, however many messages one of them has', async () => {
    const { queue, served, enqueue, serveAll } = openQueue()
    for (let number = 1; number <= 5; number += 1) void enqueue(`bulk ${number}`)
    for (const name of ['printer 1', 'cron 1', 'printer 2']) void enqueue(name)
    expect(queue.waiting()).toBe(8)
    await serveAll()
    expect(served).toEqual([
      'bulk 1',
      'printer 1',
      'cron 1',
      'bulk 2',
      'printer 2',
      'bulk 3',
      'bulk 4',
      'bulk 5',
    ])
    expect(queue.waiting()).toBe(0)
  })

  it('the queue lets one whose connection had died go first', async () => {
    const { served, enqueue, serveAll } = openQueue()
    void enqueue('bulk 1')
    void enqueue('printer 1')
    void enqueue('cron 1', { again: true })
    await serveAll()
    expect(served).toEqual(['cron 1', 'bulk 1', 'printer 1'])
  })

  it('the queue sends away whoever has waited too long, and nobody else', async () => {
    const { queue, served, enqueue, serveAll } = openQueue()
    const impatient = enqueue('bulk 1', { until: 1 })
    void enqueue('bulk 2')
    await expect(impatient).rejects.toBe(tooLate)
    expect(queue.waiting()).toBe(1)
    await serveAll()
    expect(served).toEqual(['bulk 2'])
  })

  it('the queue forgets whoever has gone, wherever it stands, and nobody else', async () => {
    const { queue, served, enqueue, serveAll } = openQueue()
    const leaving = Array.from({ length: 3 }, () => new AbortController())
    const [first, second, third] = leaving.map(({ signal }) => signal)
    const left = [
      enqueue('bulk 1', { gone: first as AbortSignal }),
      enqueue('cron 1', { again: true, gone: second as AbortSignal }),
    ]
    void enqueue('bulk 2', { gone: third as AbortSignal })
    for (const controller of leaving.slice(0, 2)) controller.abort()
    for (const one of left) await expect(one).rejects.toThrow('The client has gone')
    await expect(enqueue('bulk 3', { gone: first as AbortSignal })).rejects.toThrow('The client has gone')
    expect([queue.waiting(), queue.wanted()]).toEqual([1, 1])
    await serveAll()
    expect(served).toEqual(['bulk 2'])
    // Served is served.
    leaving[2]?.abort()
    expect(queue.waiting()).toBe(0)
  })

  it('the queue knows how many have their turn before one who comes', async () => {
    const { queue, enqueue } = openQueue()
    for (const name of ['bulk 1', 'bulk 2', 'bulk 3', 'printer 1', 'cron 1', 'cron 2']) void enqueue(name)
    for (const lane of ['nobody', 'bulk', 'printer', 'cron']) {
      const ahead = queue.ahead(lane)
      const { queue: same, served, enqueue: queueSame, serveAll } = openQueue()
      for (const name of ['bulk 1', 'bulk 2', 'bulk 3', 'printer 1', 'cron 1', 'cron 2']) void queueSame(name)
      void queueSame(`${lane} new`)
      expect(same.waiting()).toBe(7)
      await serveAll()
      expect(served.indexOf(`${lane} new`), lane).toBe(ahead)
    }
  })

  it('the queue sends everybody away at once', async () => {
    const { queue, enqueue } = openQueue()
    const failure = failureAs('provider-setup', 'The provider refuses us')
    const all = [enqueue('a 1'), enqueue('b 1'), enqueue('a 2', { again: true }), queue.untilReady()]
    queue.refuseAll(failure)
    for (const waiting of all) await expect(waiting).rejects.toBe(failure)
    expect([queue.waiting(), queue.wanted(), queue.next()]).toEqual([0, 0, undefined])
  })

  it('the queue wants a connection for each who waits, and one for those who only ask whether there is one', () => {
    const { queue, enqueue } = openQueue()
    void queue.untilReady()
    void queue.untilReady()
    expect(queue.wanted()).toBe(1)
    void enqueue('a 1')
    void enqueue('a 2')
    expect(queue.wanted()).toBe(2)
    queue.ready()
    expect(queue.wanted()).toBe(2)
  })
})

it('the queue has so many of one login and of one mailbox wait, and refuses one more at once', async () => {
  const queue = createAcquireQueue(
    () => 0,
    () => tooLate,
  )
  const refused: string[] = []
  const come = (lane: string) =>
    void queue
      .acquire({ lane, retry: false, until: 3_600_000, seconds: 60 })
      .catch(({ message }) => refused.push(`${lane}: ${message}`))
  const words = 'Too many messages wait for this mailbox already'
  for (let count = 0; count < 1_001; count++) come('one')
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toEqual([`one: ${words}`])
  for (const lane of ['two', 'three', 'four', 'five']) for (let count = 0; count < 1_000; count++) come(lane)
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toHaveLength(1)
  come('six')
  await new Promise((resolve) => setImmediate(resolve))
  expect(refused).toEqual([`one: ${words}`, `six: ${words}`])
  queue.refuseAll(tooLate)
})

it('the queue has so many wait to hear that there is a connection', async () => {
  const queue = createAcquireQueue(
    () => 0,
    () => tooLate,
  )
  const waiting = Array.from({ length: 5_000 }, () => queue.untilReady())
  await expect(queue.untilReady()).rejects.toMatchObject({ code: 'limit-reached', retryAfterSeconds: 10 })
  queue.ready()
  await Promise.all(waiting)
})
