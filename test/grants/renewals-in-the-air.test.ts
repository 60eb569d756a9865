import { describe, expect, it } from 'vitest'
import { tokens } from '../providers/token-endpoint.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

/** A renewal whose answer waits until it is let through. */
async function renewalInTheAir() {
  let release = () => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  house.endpoint.answer({ ...tokens('first', { refresh_token: 'refresh-2' }), after })
  const pending = house.token()
  await expect.poll(() => house.endpoint.requests.length).toBe(1)
  return { pending, release: () => release() }
}

describe('a renewal in the air', () => {
  it('a renewal and a consent meanwhile spend each refresh token once', async () => {
    const { pending, release } = await renewalInTheAir()
    await house.store.consent(me, 'consent-1')
    house.broker.grantChanged(me)
    const next = house.token()
    house.endpoint.answer(tokens('second', { refresh_token: 'consent-2' }))
    release()
    expect(await Promise.all([pending, next])).toEqual(['second', 'second'])
    expect(house.spent()).toEqual(['refresh-1', 'consent-1'])
    expect(await house.kept()).toBe('consent-2')
  })

  it('a stop waits for the renewal, and its rotation is stored', async () => {
    const { pending, release } = await renewalInTheAir()
    const closing = house.broker.close()
    release()
    await closing
    expect(await house.kept()).toBe('refresh-2')
    expect(await pending).toBe('first')
  })
})

describe('a broker that stops', () => {
  it('the broker stores at last what the store did not take before', async () => {
    const { pending, release } = await renewalInTheAir()
    house.store.breakDown()
    release()
    expect((await failureOf(pending)).code).toBe('store-unavailable')
    house.store.mend()
    await house.broker.close()
    expect(await house.kept()).toBe('refresh-2')
  })

  it('the broker begins no renewal', async () => {
    await house.broker.close()
    expect((await failureOf(house.token())).code).toBe('provider-unavailable')
    expect(house.endpoint.requests).toEqual([])
  })
})
