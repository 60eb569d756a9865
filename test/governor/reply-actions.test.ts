import { describe, expect, it } from 'vitest'
import { filled } from '../../src/base/failure.ts'
import { catalogue } from '../../src/failures/catalogue.ts'
import { replyActions } from '../../src/governor/send-permit.ts'
import { governorStage, ok } from './governor-stage.ts'

describe('actions on replies', () => {
  it('actions have a fix each, by which a breaker knows whether a fault is the same as before', () => {
    const fixes = Object.values(replyActions).map(({ why }) => catalogue[why].fix)
    expect(new Set(fixes).size).toBe(fixes.length)
  })

  it('actions of one kind are not made longer by those of another: after a day’s quota a rate costs a minute', async () => {
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

describe('the action on a reply', () => {
  it.each(Object.entries(replyActions))(
    'the action on %s is a wait of an hour at most, with a reason and a fix',
    (_, found) => {
      expect(found.seconds).toBeGreaterThanOrEqual(60)
      expect(found.seconds).toBeLessThanOrEqual(3600)
      const { message, fix } = filled(found.why, { status: '554 5.2.252' })
      expect(message.length).toBeLessThan(298)
      expect(fix).toMatch(/^[A-Z].*\.$/)
    },
  )

  it('the whole registration stops only where our own address is refused', () => {
    const wide = Object.entries(replyActions).filter(([, { about }]) => about === 'registration')
    expect(wide.map(([replyClass]) => replyClass)).toEqual(['address-blocked'])
  })

  it('a reply has no action where the transaction answers by itself', () => {
    for (const replyClass of ['sender-refused', 'signed-out', 'too-many-at-once'] as const)
      expect(replyActions[replyClass]).toBeUndefined()
  })
})
