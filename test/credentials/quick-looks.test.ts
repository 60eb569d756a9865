import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  createPasswordHint,
  createQuickLooks,
  type QuickLooks,
} from '../../src/credentials/page-passwords.ts'
import type { PageVerifier } from '../../src/model/page-access.ts'
import { createManualClock } from '../support/manual-clock.ts'

const hintOf = createPasswordHint((purpose, value) =>
  createHmac('sha256', purpose).update(value).digest('base64url'),
)
const right = 'violet-Harbour-7-kettle'
const cost = { cost: 1024, blockSize: 8, parallelization: 1 }
const verifier: PageVerifier = {
  kind: 'scrypt',
  salt: 'AAAA',
  hash: 'BBBB',
  ...cost,
  hint: hintOf('AAAA', right),
}

let quickLooks: QuickLooks
let clock: ReturnType<typeof createManualClock>
beforeEach(() => {
  clock = createManualClock()
  quickLooks = createQuickLooks({ hintOf, clock })
})
const look = (password: string) => quickLooks.look('administrator', verifier, password)
const wrongOnes = (count: number) => Array.from({ length: count }, (_, index) => `wrong one ${index}`)

describe('a quick look at a password of the pages', () => {
  it('a password that was right is taken for right, for its role and verifier only', () => {
    expect(look(right)).toBe('perhaps')
    quickLooks.remember('administrator', verifier, right)
    expect(look(right)).toBe('right')
    expect(quickLooks.look('viewer', verifier, right)).toBe('perhaps')
    expect(quickLooks.look('administrator', { ...verifier, hash: 'CCCC' }, right)).toBe('perhaps')
  })

  it('one wrong password in a thousand looks possible, and none again that was refuted', () => {
    const possible = wrongOnes(20_000).filter((password) => look(password) === 'perhaps')
    expect(possible.length).toBeGreaterThan(5)
    expect(possible.length).toBeLessThan(60)
    for (const password of possible) quickLooks.refute('administrator', verifier, password)
    expect(possible.map(look).filter((seen) => seen !== 'unknown')).toEqual([])
  })

  it('a password that was set without a hint is unknown until somebody has proven it', () => {
    const { hint: _, ...older } = verifier
    expect(quickLooks.look('administrator', older, right)).toBe('unknown')
    quickLooks.remember('administrator', older, right)
    expect(quickLooks.look('administrator', older, right)).toBe('right')
  })

  it('a look is no way to guess without end', () => {
    for (const password of wrongOnes(101_000)) look(password)
    expect(look(right)).toBe('unknown')
    clock.advance(3)
    expect(look(right)).toBe('perhaps')
  })
})
