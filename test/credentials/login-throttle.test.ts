import { describe, expect, it, vi } from 'vitest'
import { sourceOf } from '../../src/net/ip.ts'
import { limits, seconds, setThrottleStage } from './login-throttle-stage.ts'

const attacker = '198.51.100.7'
const owner = '192.0.2.1'

/** Names beside each other, so that no limit of a name is in the way. */
const anyName = (index: number) => ({ source: attacker, name: `name-${index}` })

describe('a source that guesses', () => {
  it('a guessing source has twenty guesses, is blocked for fifteen minutes, and has twenty again', async () => {
    const stage = setThrottleStage()
    for (let round = 0; round < 2; round++) {
      const looked = await stage.wrongTimes(20, (index) => ({ source: attacker, name: `${round}-${index}` }))
      expect(looked.every(({ outcome, seconds }) => outcome === 'wrong' && seconds === 0)).toBe(true)
      const answer = await stage.wrong({ source: attacker, name: 'another' })
      expect(answer).toMatchObject({ outcome: 'limit-reached', seconds: 3 })
      expect(answer.retryAfterSeconds).toBe(limits.guessWindowSeconds - 3)
      await seconds(limits.guessWindowSeconds - 4)
      expect(await stage.right({ source: attacker })).toMatchObject({ outcome: 'limit-reached' })
    }
  })

  it('a blocked source gets the same answer after the same time, whatever it knows', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(20, anyName)
    const unknownRight = await stage.right({ source: attacker, name: 'somebody' })
    const unknownWrong = await stage.wrong({ source: attacker, name: 'somebody' })
    const known = { source: attacker, name: 'known-here', known: true }
    const knownWrong = await stage.wrong(known)
    const harmless = await stage.wrong({ ...known, harmless: true })
    // The tenth makes a known one wait before the look, too.
    const knownOften = await stage.wrongTimes(12, known)
    for (const { outcome, seconds } of [unknownRight, unknownWrong, knownWrong, harmless, ...knownOften]) {
      expect({ outcome, seconds }).toEqual({ outcome: 'limit-reached', seconds: 3 })
    }
  })

  it('a blocked source locks out no known login, and no other source', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(25, anyName)
    expect(await stage.right({ source: attacker, known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('a source is not blocked for secrets that could not have been right', async () => {
    const stage = setThrottleStage()
    const answers = await stage.wrongTimes(50, { source: owner, known: true, harmless: true })
    expect(answers.every(({ outcome, seconds }) => outcome === 'wrong' && seconds === 0)).toBe(true)
    expect(stage.events()).toEqual([])
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('a right password does not give a source its guesses back', async () => {
    const stage = setThrottleStage()
    for (let index = 0; index < 20; index++) {
      await stage.wrong(anyName(index))
      await stage.right({ source: attacker, name: 'own-login', known: true })
    }
    expect((await stage.wrong(anyName(20))).outcome).toBe('limit-reached')
  })

  it('an attempt is refused while it waits, when its source is blocked meanwhile', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}`, name: 'printer' }))
    const waiting = stage.begin({ source: attacker, name: 'printer', right: true })
    await stage.wrongTimes(20, anyName)
    await seconds(3)
    expect((await waiting).outcome).toBe('limit-reached')
  })

  it.each([
    ['an IPv4 address and the same one mapped into IPv6', '198.51.100.7', '::ffff:198.51.100.7', true],
    ['two addresses of one /64', '2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
    ['two /64s', '2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['two IPv4 addresses', '198.51.100.7', '198.51.100.8', false],
  ])('one source is %s: %s, %s', async (_, first, second, same) => {
    const stage = setThrottleStage()
    await stage.wrongTimes(20, (index) => ({ source: sourceOf(first).key, name: `name-${index}` }))
    const { outcome } = await stage.right({ source: sourceOf(second).key })
    expect(outcome).toBe(same ? 'limit-reached' : 'admitted')
  })
})

describe('a name that is guessed at', () => {
  it('a guessed name delays unknown sources before the verification, right or wrong, and lets them in', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(await stage.wrong()).toEqual({ outcome: 'wrong', seconds: 3 })
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ name: 'another' })).toEqual({ outcome: 'admitted', seconds: 0 })
    await seconds(limits.guessWindowSeconds)
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('a name is counted as one in any case and any form of Unicode', async () => {
    const stage = setThrottleStage()
    const forms = ['Bürò', 'bürò', 'BÜRÒ', 'Bu\u0308ro\u0300']
    await stage.wrongTimes(10, (index) => ({
      source: `203.0.113.${index}`,
      name: forms[index % 4] ?? '',
    }))
    expect((await stage.right({ name: 'bürÒ' })).seconds).toBe(3)
  })

  it('a known source waits only for its own failures', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, { source: owner, known: true })
    expect(await stage.right({ source: owner, known: true })).toEqual({ outcome: 'admitted', seconds: 3 })
    expect((await stage.right({ source: owner, known: true, name: 'another' })).seconds).toBe(0)
  })
})

describe('guesses from everywhere', () => {
  it('guesses from everywhere delay unknown sources and no known one', async () => {
    const stage = setThrottleStage({ guessesInAll: 50 })
    await stage.wrongTimes(50, (index) => ({ source: `203.0.113.${index}`, name: `name-${index}` }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
  })
})

describe('the same wrong secret', () => {
  it('the same wrong secret counts once, for the source, the name and in all', async () => {
    const stage = setThrottleStage({ guessesInAll: 30 })
    const again = await stage.wrongTimes(20, { source: owner, secret: 'the-old-password' })
    expect(again.every(({ outcome, seconds }) => outcome === 'wrong' && seconds === 0)).toBe(true)
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ source: '192.0.2.99' })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('the same wrong secret is answered late when it comes without end', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(21, { secret: 'the-old-password' })
    expect(await stage.wrong({ secret: 'the-old-password' })).toEqual({ outcome: 'wrong', seconds: 3 })
    expect(stage.events()).toEqual(['warn guessing.repeated'])
  })

  it('the same wrong secret is another guess from another source or for another name', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(20, (index) => ({ ...anyName(index), secret: 'Summer2026' }))
    expect((await stage.right({ source: attacker })).outcome).toBe('limit-reached')
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}`, secret: 'Summer2026' }))
    expect((await stage.right()).seconds).toBe(3)
  })
})

describe('wrong keys and links', () => {
  it('one source has twenty wrong keys or links, and is then told only when to try again', async () => {
    const stage = setThrottleStage()
    for (let index = 0; index < 20; index++) expect(await stage.refused(attacker)).toBe('wrong')
    expect(await stage.refused(attacker)).toBe('limit-reached')
    expect(await stage.refused(owner)).toBe('wrong')
    await seconds(limits.guessWindowSeconds)
    expect(await stage.refused(attacker)).toBe('wrong')
  })

  it('wrong keys and passwords are counted apart', async () => {
    const stage = setThrottleStage({ guessesInAll: 40 })
    for (let index = 0; index < 60; index++) await stage.refused(attacker)
    expect(await stage.right({ source: attacker })).toEqual({ outcome: 'admitted', seconds: 0 })
    await stage.wrongTimes(25, (index) => ({ source: owner, name: `name-${index}` }))
    expect((await stage.right({ source: owner })).outcome).toBe('limit-reached')
    expect(await stage.refused(owner)).toBe('wrong')
  })

  it('the same wrong key counts once', async () => {
    const stage = setThrottleStage()
    for (let index = 0; index < 30; index++) expect(await stage.refused(owner, 'an-old-key')).toBe('wrong')
  })
})

describe('a source that many share', () => {
  const policy = { kind: 'page', isShared: true, refusesLate: false } as const

  it('a shared source is never blocked, and guesses at a name no faster', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(60, { source: attacker, name: 'administrator', policy })
    expect(await stage.right({ source: attacker, name: 'viewer', policy })).toEqual({
      outcome: 'admitted',
      seconds: 0,
    })
    expect(await stage.right({ source: attacker, name: 'administrator', policy })).toEqual({
      outcome: 'admitted',
      seconds: 3,
    })
    expect(await stage.right({ source: attacker, name: 'administrator' })).toEqual({
      outcome: 'admitted',
      seconds: 0,
    })
  })
})

describe('the clock of the machine', () => {
  it('setting the clock back a day blocks and delays no source for longer', async () => {
    const stage = setThrottleStage({ guessesInAll: 50 })
    await stage.wrongTimes(50, (index) => ({ source: `203.0.113.${index}` }))
    await stage.wrongTimes(20, anyName)
    vi.setSystemTime(Date.now() - 86_400_000)
    const blocked = await stage.right({ source: attacker, name: 'else' })
    expect(blocked.outcome).toBe('limit-reached')
    expect(blocked.retryAfterSeconds).toBeLessThanOrEqual(limits.guessWindowSeconds)
    await seconds(limits.guessWindowSeconds)
    expect(await stage.right({ source: attacker })).toEqual({ outcome: 'admitted', seconds: 0 })
    await stage.wrongTimes(9, (index) => ({ source: `203.0.113.${index}` }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  // A machine that slept for a day has let as much time pass as one that was awake.
  it('a clock that is a day ahead after a suspend blocks no source for earlier failures', async () => {
    const stage = setThrottleStage({ guessesInAll: 50 })
    await stage.wrongTimes(50, (index) => ({ source: `203.0.113.${index}` }))
    await stage.wrongTimes(20, anyName)
    vi.setSystemTime(Date.now() + 86_400_000)
    expect((await stage.right({ source: attacker })).outcome).toBe('admitted')
    await stage.wrongTimes(20, anyName)
    expect((await stage.right({ source: attacker })).outcome).toBe('limit-reached')
  })
})
