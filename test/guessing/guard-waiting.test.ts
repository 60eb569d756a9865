import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { seconds, setGuardStage } from './guard-stage.ts'

const codeOf = (error: unknown) => (error instanceof Failure ? error.code : String(error))

describe('those who wait', () => {
  it('are a thousand at most: one more is refused at once, a known one is not', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    const outcomes: string[] = []
    const ask = (index: number) =>
      stage.guard.admit({ source: `2001:db8:${index}::/64`, name: 'printer', known: false }).then(
        () => outcomes.push('admitted'),
        (error) => outcomes.push(codeOf(error)),
      )
    for (let index = 0; index < 1_000; index++) void ask(index)
    await seconds(0)
    expect(outcomes).toEqual([])
    expect(await stage.right()).toMatchObject({ outcome: 'limit-reached', seconds: 0 })
    expect(await stage.right({ known: true })).toEqual({ outcome: 'admitted', seconds: 0 })
    await seconds(3)
    expect(outcomes).toEqual(Array<string>(1_000).fill('admitted'))
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
  })

  it('do not lose their places to those who are turned away', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(20, (index) => ({ source: '198.51.100.7', name: `name-${index}` }))
    await stage.wrongTimes(10, (index) => ({ source: `203.0.113.${index}` }))
    const refusals: string[] = []
    for (let index = 0; index < 1_500; index++) {
      const asked = { source: '198.51.100.7', name: 'printer', known: false }
      stage.guard.admit(asked).catch((error) => refusals.push(codeOf(error)))
    }
    await seconds(0)
    expect(refusals).toHaveLength(500)
    expect(await stage.right()).toEqual({ outcome: 'admitted', seconds: 3 })
    expect(refusals).toEqual(Array<string>(1_500).fill('limit-reached'))
  })

  it('are told at once when postern stops, and so is whoever comes then', async () => {
    const stage = setGuardStage()
    await stage.wrongTimes(10, { known: true })
    const outcomes: string[] = []
    for (const known of [true, false]) {
      stage.guard
        .admit({ source: '192.0.2.1', name: 'printer', known })
        .catch((error) => outcomes.push(codeOf(error)))
    }
    await seconds(1)
    expect(outcomes).toEqual([])
    stage.guard.close()
    await seconds(0)
    expect(outcomes).toEqual(['provider-unavailable', 'provider-unavailable'])
    expect(await stage.right()).toMatchObject({ outcome: 'provider-unavailable', seconds: 0 })
  })
})
