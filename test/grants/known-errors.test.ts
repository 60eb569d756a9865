import { expect, it } from 'vitest'
import { knownErrors } from '../../src/providers/errors/known-errors.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

const numbered = knownErrors.flatMap(({ id, when, meaning, kind }) =>
  when.layer === 'answer' && when.number !== undefined && when.phases.includes('token')
    ? [{ id, number: when.number, meaning, kind }]
    : [],
)

/** As Entra writes it. */
function answerOf(error: string, number: number) {
  const description = `AADSTS${number}: What went wrong. Trace ID: 1 Correlation ID: 2 Timestamp: 2026-11-29 10:00:00Z`
  return { status: 400, json: { error, error_description: description, error_codes: [number] } }
}

it('every caller is told what an error of a registration means, and what helps', async () => {
  house.endpoint.answer(answerOf('invalid_client', 7000222))
  const failure = await failureOf(house.token())
  expect(failure.code).toBe('provider-setup')
  expect(failure.message).toContain(': The client secret, or the certificate, of the app has expired')
  expect(failure.fix).toContain('make a new client secret')
  expect(failure.told).toContain('has expired')
})

it('what follows is the same whatever the number is, and whether it is known', async () => {
  expect(numbered.length).toBeGreaterThan(60)
  const ends = async (error: string, number: number) => {
    const one = await startBroker()
    try {
      one.endpoint.answer(answerOf(error, number))
      const { code, retryAfterSeconds } = await failureOf(one.token())
      const { state } = await one.store.grantOf(me)
      return { code, retryAfterSeconds, state }
    } finally {
      await one.close()
    }
  }
  for (const error of ['invalid_grant', 'invalid_client', 'invalid_scope', 'temporarily_unavailable']) {
    const unknown = await ends(error, 99999999)
    for (const { number } of numbered.filter((_, index) => index % 12 === 0))
      expect({ error, number, ...(await ends(error, number)) }).toEqual({ error, number, ...unknown })
  }
})
