import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Governor, SendPermit } from '../../src/governor/governor.ts'
import type { TransactionPhase } from '../../src/providers/reply-class.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { governorStage, hear, ok } from './governor-stage.ts'

const texts = [
  ok,
  '550 5.4.5 Daily user sending limit exceeded.',
  '421 4.4.2 Message submission rate for this client has exceeded the configured limit',
  '421 4.7.0 [TSS04] Messages temporarily deferred',
  '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded',
  '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException',
  '550 5.7.708 Access denied, traffic not accepted from this IP',
  '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
  '530 5.7.57 Not authenticated',
  '550 5.1.1 No such user here',
  '451 4.3.0 Later',
]
const perDay = 10_000

const step = fc.record({
  act: fc.constantFrom<('begin' | 'hear' | 'end' | 'wait')[]>(
    'begin',
    'begin',
    'hear',
    'hear',
    'end',
    'wait',
  ),
  which: fc.nat(50),
  text: fc.constantFrom(...texts),
  phase: fc.constantFrom<TransactionPhase[]>('mail', 'recipient', 'message'),
  outcome: fc.constantFrom<Parameters<SendPermit['end']>[0][]>('answered', 'not-sent', 'unknown'),
  seconds: fc.constantFrom(1, 60, 300, 599, 600, 1800, 3600),
  login: fc.constantFrom('printer', 'cron'),
  sender: fc.constantFrom('me@example.com', 'other@example.com', ''),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A passage, or undefined with a refusal that is a `try again`, in an hour at the latest. */
function begin(permitFor: () => SendPermit): SendPermit | undefined {
  try {
    return permitFor()
  } catch (error) {
    const retryAfterSeconds = expect.toSatisfy((seconds) => seconds > 0 && seconds <= 3600)
    const code = expect.stringMatching(/^(limit-reached|provider-setup)$/)
    expect(error).toMatchObject({ code, retryAfterSeconds })
    return undefined
  }
}

function act(governor: Governor, open: SendPermit[], { which, ...step }: Step): void {
  if (step.act === 'begin') {
    const permit = begin(() => governor.permit(step.sender, step.login))
    permit?.reserve(2)
    if (permit) open.push(permit)
  }
  const index = which % Math.max(1, open.length)
  const permit = open[index]
  if (!permit) return
  if (step.act === 'hear') hear(permit, step.text, step.phase)
  if (step.act === 'end') open.splice(index, 1)
  if (step.act === 'end') permit.end(step.outcome)
}

it('whatever was said to whom and when: an hour later one goes first, a success lets all through, and no recipient is lost from the day', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.info(`seed ${seed}`)
  const property = fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
    const { clock, governor, governors, permitFor } = await governorStage({
      connections: 5,
      recipientsPerDay: perDay,
    })
    const open: SendPermit[] = []
    for (const one of steps) {
      if (one.act === 'wait') clock.advance(one.seconds)
      else act(governor, open, one)
      expect(governor.connections()).toBeGreaterThanOrEqual(1)
      expect(governor.connections()).toBeLessThanOrEqual(5)
    }
    for (const permit of open) permit.end('not-sent')
    clock.advance(3600)
    const waits = governor.state().pauses.some(({ about }) => about !== 'sender')
    const through = Array.from({ length: 10 }, () => begin(() => permitFor('web', 'web@example.com')))
    expect(through.filter((permit) => permit !== undefined)).toHaveLength(waits ? 1 : 10)
    for (const permit of through) {
      if (permit) hear(permit, ok, 'message')
      permit?.end('answered')
    }
    expect(governor.state().pauses.filter(({ about }) => about !== 'sender')).toEqual([])
    const last = permitFor('web', 'web@example.com')
    last.reserve(perDay - governor.state().recipientsLastDay)
    expect(() => last.reserve(1)).toThrow('its provider allows')
    await governors.close()
  })
  await fc.assert(property, { seed, numRuns: onPostgres ? 20 : 200 })
})
