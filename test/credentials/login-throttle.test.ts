import { describe, expect, it, vi } from 'vitest'
import { sourceOf } from '../../src/net/ip.ts'
import { limits, seconds, setGuardStage } from './login-throttle-stage.ts'

const attacker = '198.51.100.7'
const owner = '192.0.2.1'

/** Names beside each other, so that no limit of a name is in the way. */
const anyName = (index: number) => ({ source: attacker, name: `name-${index}` })

describe('a source that guesses', () => {
  it('has twenty guesses, is turned away for fifteen minutes, and has twenty again', async () => {
    const stage = setGuardStage()
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

  it('is told the same after the same time, whatever it knows', async () => {
    const stage = setGuardStage()
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

  it('locks out nobody who is known from it, nor anybody elsewhere', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(25, anyName)
    expect(await stage.right({ source: attacker, known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('is not one whose client only showed what could not have been right', async () => {
    const stage = setGuardStage()
    const answers = await stage.wrongTimes(50, { source: owner, known: true, harmless: true })
    expect(answers.every(({ outcome, seconds }) => outcome === 'wrong' && seconds === 0)).toBe(true)
    expect(stage.events()).toEqual([])
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('does not get its guesses back by a right password in between', async () => {
    const stage = setGuardStage()
    for (let index = 0; index < 20; index++) {
      await stage.wrong(anyName(index))
      await stage.right({ source: attacker, name: 'own-login', known: true })
    }
    expect((await stage.wrong(anyName(20))).outcome).toBe('limit-reached')
  })

  it('is turned away while it waits for its turn, when others from it fail meanwhile', async () => {
    const stage = setGuardStage()
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
  ])('is %s: %s, %s', async (_, first, second, same) => {
    const stage = setGuardStage()
    await stage.wrongTimes(20, (index) => ({ source: sourceOf(first).key, name: `name-${index}` }))
    const { outcome } = await stage.right({ source: sourceOf(second).key })
    expect(outcome).toBe(same ? 'limit-reached' : 'admitted')
  })
})

describe('a name that is guessed at', () => {
  it('makes sources that it is not known from wait before the look, right or wrong, and lets them in', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(await stage.wrong()).toEqual({ outcome: 'wrong', seconds: 3 })
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ name: 'another' })).toEqual({ outcome: 'admitted', seconds: 0 })
    await seconds(limits.guessWindowSeconds)
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('is one name in any letters and any form of Unicode', async () => {
    const stage = setGuardStage()
    const forms = ['Bürò', 'bürò', 'BÜRÒ', 'Bu\u0308ro\u0300']
    await stage.wrongTimes(10, (index) => ({
      source: `203.0.113.${index}`,
      name: forms[index % 4] ?? '',
    }))
    expect((await stage.right({ name: 'bürÒ' })).seconds).toBe(3)
  })

  it('makes a known source wait only for what was wrong from there', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(10, { source: owner, known: true })
    expect(await stage.right({ source: owner, known: true })).toEqual({ outcome: 'admitted', seconds: 3 })
    expect((await stage.right({ source: owner, known: true, name: 'another' })).seconds).toBe(0)
  })
})

describe('guesses from everywhere', () => {
  it('make all wait who are not known, and nobody who is', async () => {
    const stage = setGuardStage({ guessesInAll: 50 })
    await stage.wrongTimes(50, (index) => ({ source: `203.0.113.${index}`, name: `name-${index}` }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
  })
})

describe('the same wrong secret', () => {
  it('counts once, for source, name and all', async () => {
    const stage = setGuardStage({ guessesInAll: 30 })
    const again = await stage.wrongTimes(20, { source: owner, secret: 'the-old-password' })
    expect(again.every(({ outcome, seconds }) => outcome === 'wrong' && seconds === 0)).toBe(true)
    expect(await stage.right({ source: owner })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ source: '192.0.2.99' })).toEqual({ outcome: 'admitted', seconds: 0 })
  })

  it('is answered late when it comes without end, so that it is no way to keep us busy', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(21, { secret: 'the-old-password' })
    expect(await stage.wrong({ secret: 'the-old-password' })).toEqual({ outcome: 'wrong', seconds: 3 })
    expect(stage.events()).toEqual(['warn guessing.repeated'])
  })

  it('is another guess from another source or for another name', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(20, (index) => ({ ...anyName(index), secret: 'Summer2026' }))
    expect((await stage.right({ source: attacker })).outcome).toBe('limit-reached')
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}`, secret: 'Summer2026' }))
    expect((await stage.right()).seconds).toBe(3)
  })
})

describe('wrong keys and links', () => {
  it('are twenty from one source, and then it hears only when to come again', async () => {
    const stage = setGuardStage()
    for (let index = 0; index < 20; index++) expect(await stage.refused(attacker)).toBe('wrong')
    expect(await stage.refused(attacker)).toBe('limit-reached')
    expect(await stage.refused(owner)).toBe('wrong')
    await seconds(limits.guessWindowSeconds)
    expect(await stage.refused(attacker)).toBe('wrong')
  })

  it('cost nobody a guess at a password, and passwords none of them', async () => {
    const stage = setGuardStage({ guessesInAll: 40 })
    for (let index = 0; index < 60; index++) await stage.refused(attacker)
    expect(await stage.right({ source: attacker })).toEqual({ outcome: 'admitted', seconds: 0 })
    await stage.wrongTimes(25, (index) => ({ source: owner, name: `name-${index}` }))
    expect((await stage.right({ source: owner })).outcome).toBe('limit-reached')
    expect(await stage.refused(owner)).toBe('wrong')
  })

  it('count once when they are the same', async () => {
    const stage = setGuardStage()
    for (let index = 0; index < 30; index++) expect(await stage.refused(owner, 'an-old-key')).toBe('wrong')
  })
})

describe('a source that many share', () => {
  const policy = { kind: 'page', isShared: true, refusesLate: false } as const

  it('is not turned away for what one of them does; the name is guessed at no faster', async () => {
    const stage = setGuardStage()
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
  it('may be set back a day, and nobody is turned away or slowed for longer', async () => {
    const stage = setGuardStage({ guessesInAll: 50 })
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
  it('may be a day ahead after a suspend, and nobody is turned away for what was before', async () => {
    const stage = setGuardStage({ guessesInAll: 50 })
    await stage.wrongTimes(50, (index) => ({ source: `203.0.113.${index}` }))
    await stage.wrongTimes(20, anyName)
    vi.setSystemTime(Date.now() + 86_400_000)
    expect((await stage.right({ source: attacker })).outcome).toBe('admitted')
    await stage.wrongTimes(20, anyName)
    expect((await stage.right({ source: attacker })).outcome).toBe('limit-reached')
  })
})
