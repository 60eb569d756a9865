import { describe, expect, it } from 'vitest'
import { replyActions } from '../../src/governor/send-permit.ts'
import { governorStage, ok } from './governor-stage.ts'

describe('consequences', () => {
  it('have a remedy each, by which a breaker knows whether trouble is the same as before', () => {
    const remedies = Object.values(replyActions).map(({ fix }) => fix)
    expect(new Set(remedies).size).toBe(remedies.length)
  })

  it('of one kind are not made longer by those of another: after a day’s quota a rate costs a minute', async () => {
    const { clock, governor, transact } = await governorStage()
    transact({ recipients: [ok], message: '550 5.4.5 Daily user sending limit exceeded.' })
    clock.advance(3600)
    transact({ mail: '421 4.4.2 Message submission rate for this client has exceeded the configured limit' })
    expect(governor.delay()).toBe(60_000)
    clock.advance(60)
    transact({ mail: '451 4.4.2 Message submission rate for this client has exceeded the configured limit' })
    expect(governor.delay()).toBe(120_000)
  })
})
