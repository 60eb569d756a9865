import { scryptSync } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createChosenPasswords, type Scrypt, scryptCost } from '../../src/credentials/verifiers.ts'

const asker = { lane: '::1', known: false }

describe('chosen passwords', () => {
  it('passwords are kept as scrypt of the stated cost, each with a salt of its own', async () => {
    expect(scryptCost).toBe(2 ** 15)
    const passwords = createChosenPasswords(scryptCost)
    const [first, second] = [await passwords.hash('mauve kettle'), await passwords.hash('mauve kettle')]
    expect(first.salt).not.toBe(second.salt)
    const again = scryptSync('mauve kettle', Buffer.from(first.salt, 'base64url'), 32, {
      N: 2 ** 15,
      r: 8,
      p: 1,
      maxmem: 2 ** 26,
    })
    expect(first.hash).toBe(again.toString('base64url'))
    expect(await passwords.matches('mauve kettle', first, asker)).toBe(true)
    expect(await passwords.matches('mauve kettlE', first, asker)).toBe(false)
  })

  it('passwords are compared at the cost that they were kept with', async () => {
    const kept = await createChosenPasswords(16).hash('mauve kettle')
    expect(await createChosenPasswords(32).matches('mauve kettle', kept, asker)).toBe(true)
  })

  it('hashing leaves a thread for files and names, whichever rooms hash at once', async () => {
    const rooms = [1, 2, 3].map(() => createChosenPasswords(2 ** 16))
    const hashes = rooms.flatMap((room) => [room.hash('mauve kettle'), room.hash('mauve kettle')])
    // Those that came first have their threads by now.
    await new Promise((resolve) => setImmediate(resolve))
    const first = await Promise.race([
      ...hashes.map((one) => one.then(() => 'a hash')),
      stat('.').then(() => 'a file'),
    ])
    expect(first).toBe('a file')
    await Promise.all(hashes)
  })

  it('no more than two scrypts run and a hundred wait, however many come', async () => {
    let [running, most, runs] = [0, 0, 0]
    const slow: Scrypt = async () => {
      running += 1
      runs += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return Buffer.alloc(32)
    }
    const passwords = createChosenPasswords(16, slow)
    const asked = Array.from({ length: 200 }, (_, index) =>
      passwords.dummyVerify({ lane: `lane-${index % 10}`, known: false }),
    )
    const outcomes = await Promise.allSettled(asked)
    expect({ most, runs }).toEqual({ most: 2, runs: 102 })
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused).toHaveLength(98)
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'limit-reached', retryAfterSeconds: 5 })
  })
})
