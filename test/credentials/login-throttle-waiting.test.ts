import { describe, expect, it } from 'vitest'
import { type Answer, seconds, setThrottleStage } from './login-throttle-stage.ts'

type GuardStage = ReturnType<typeof setThrottleStage>

const attacker = '198.51.100.7'
/** Twenty bits of addresses, as a machine has them in 127.0.0.0/8. */
const anySource = (index: number) => `127.${index >> 16}.${(index >> 8) & 255}.${index & 255}`

/** Wrong ones that all come at once, and what has become of them so far. */
function flood(
  stage: GuardStage,
  count: number,
  guess: (index: number) => {
    source: string
    name?: string
    known?: boolean
    secret?: string
    gone?: AbortSignal
  },
): Answer[] {
  const answers: Answer[] = []
  for (let index = 0; index < count; index++) {
    void stage.begin({ ...guess(index), right: false }).then((answer) => answers.push(answer))
  }
  return answers
}

const outcomes = (answers: readonly Answer[], outcome: string) =>
  answers.filter((answer) => answer.outcome === outcome).length

describe('a name that was guessed at too often', () => {
  it.each([
    ['from everywhere', (index: number) => ({ source: anySource(index) })],
    ['from the own source of its device', () => ({ source: '192.0.2.1', known: true })],
  ])('a used-up name is guessed at once in each delay, however many ask at once %s', async (_, guess) => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, { known: true })
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    stage.looks.length = 0
    for (let second = 0; second < 30; second++) {
      flood(stage, 100, guess)
      await seconds(1)
    }
    expect(stage.looks.length).toBeLessThanOrEqual(10)
    expect(stage.looks.length).toBeGreaterThanOrEqual(9)
  })

  it('a name is not guessed at more often by attempts that all arrive before the first failure', async () => {
    const stage = setThrottleStage()
    flood(stage, 400, (index) => ({ source: anySource(index) }))
    await seconds(2)
    expect(stage.looks).toHaveLength(10)
  })

  it('as many attempts wait for a name as have their turn before a client gives up; one more is refused at once', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    const answers = flood(stage, 400, (index) => ({ source: anySource(index) }))
    await seconds(0)
    expect(outcomes(answers, 'limit-reached')).toBe(395)
    expect(answers[0]).toMatchObject({ seconds: 0, retryAfterSeconds: 3 })
    await seconds(15)
    expect(outcomes(answers, 'wrong')).toBe(5)
  })

  it('a right password succeeds although one source has filled its places before', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    flood(stage, 19, () => ({ source: attacker }))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 9 })
  })

  it('a name does not wait for clients that have disconnected', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    const leaving = new AbortController()
    const answers = flood(stage, 5, (index) => ({ source: anySource(index), gone: leaving.signal }))
    await seconds(1)
    leaving.abort()
    await seconds(0)
    expect(outcomes(answers, 'invalid')).toBe(5)
    expect((await stage.right()).seconds).toBeLessThanOrEqual(3)
    expect(stage.looks).toHaveLength(11)
  })

  it('a used-up name delays no known attempt, and takes no place of another name', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    flood(stage, 400, (index) => ({ source: anySource(index) }))
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    expect(await stage.right({ name: 'another' })).toEqual({ outcome: 'admitted', seconds: 0 })
  })
})

describe('those who come at once with the right one', () => {
  it('right passwords that come at once are verified in parallel', async () => {
    const stage = setThrottleStage()
    const asked = Array.from({ length: 50 }, (_, index) =>
      stage.begin({ right: true, known: index % 2 === 0, source: anySource(index) }),
    )
    await seconds(0)
    const answers = await Promise.all(asked)
    expect(outcomes(answers, 'admitted')).toBe(50)
    expect(answers.every((answer) => answer.seconds === 0)).toBe(true)
  })
})

describe('the same wrong one', () => {
  it('the same wrong password is verified once, however often it comes, at once or later', async () => {
    const stage = setThrottleStage()
    flood(stage, 90, () => ({ source: attacker, secret: 'the-old-one' }))
    await seconds(1)
    await stage.wrongTimes(10, { source: attacker, secret: 'the-old-one' })
    expect(stage.looks).toEqual(['the-old-one'])
  })

  it('the same wrong password is verified again after its verifier has changed', async () => {
    const stage = setThrottleStage()
    await stage.wrong({ secret: 'not-yet' })
    expect(await stage.right({ secret: 'not-yet', against: 'a new login' })).toMatchObject({
      outcome: 'admitted',
    })
  })

  it('few attempts wait behind an identical one; others are refused at once', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(21, { source: attacker, secret: 'the-old-one' })
    const answers = flood(stage, 4_000, () => ({ source: attacker, secret: 'the-old-one' }))
    await seconds(0)
    expect(outcomes(answers, 'limit-reached')).toBeGreaterThan(3_800)
    expect(answers[0]).toMatchObject({ retryAfterSeconds: 3 })
    expect(stage.looks).toHaveLength(1)
  })
})

describe('those who wait', () => {
  it('few attempts of a blocked source wait; others are refused at once, and no other source loses a place', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(20, (index) => ({ source: attacker, name: `name-${index}` }))
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    const refusals = flood(stage, 1_500, () => ({ source: attacker }))
    await seconds(0)
    expect(refusals).toHaveLength(1_500 - 16)
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(outcomes(refusals, 'limit-reached')).toBe(1_500)
  })

  it('waiting and new attempts end at once when postern stops', async () => {
    const stage = setThrottleStage()
    await stage.wrongTimes(10, { known: true })
    const answers = [true, false].map((known) => stage.begin({ known, right: true }))
    await seconds(1)
    stage.throttle.close()
    await seconds(0)
    for (const { outcome } of await Promise.all(answers)) expect(outcome).toBe('provider-unavailable')
    expect(await stage.right()).toMatchObject({ outcome: 'provider-unavailable', seconds: 0 })
  })
})
