import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { tableInSource } from '../support/table-in-source.ts'
import { refusal } from './crowd.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

const providerId = 'local'
const down = { status: 503, text: '' }

/** The endpoint's next answer, which waits until it is let through. */
function gated(answer: object): () => void {
  let release = () => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  house.endpoint.answer({ ...answer, after })
  return () => release()
}

const requests = () => house.endpoint.requests.length
const goodToken = async () => {
  house.endpoint.answer(tokens('held'))
  await house.token()
}
const oldToken = async () => {
  await goodToken()
  house.clock.pass(3000)
}

/** What leads into each state of the table, with the token that is there. Returns what ends a refresh. */
const states: Record<string, () => Promise<() => void>> = {
  async resting() {
    return () => {}
  },
  async refreshing() {
    const before = requests()
    const release = gated(tokens('fresh'))
    house.broker.renew(me).catch(() => {})
    await expect.poll(requests).toBe(before + 1)
    return release
  },
  async 'backing off'() {
    house.endpoint.answer(down)
    await failureOf(house.broker.renew(me))
    return () => {}
  },
}

/** What stands for the events of the table: what was there before, and the call. */
const events: Record<string, { before?: () => Promise<void>; call: () => Promise<unknown> }> = {
  'asked, token good': { before: goodToken, call: () => house.token() },
  'asked, token old': { before: oldToken, call: () => house.token() },
  'asked, no token': { call: () => house.token() },
  renew: { before: goodToken, call: () => house.broker.renew(me) },
  tryAgain: { before: goodToken, call: () => house.broker.tryAgain(me) },
  tryNow: { before: goodToken, call: () => house.broker.tryNow(me) },
  grantChanged: {
    before: goodToken,
    async call() {
      await house.store.consent(me, 'new')
      house.broker.grantChanged(me)
    },
  },
  providerChanged: {
    before: goodToken,
    async call() {
      const before = {
        ...registeredProvider({ id: providerId }),
        registration: { clientId: 'old', clientSecrets: [] },
      }
      house.broker.providerChanged({ id: providerId, before, after: registeredProvider({ id: providerId }) })
    },
  },
}

/** What a client gets after the token was dropped. */
const afterDrop: Record<string, string> = {
  resting: 'another',
  refreshing: 'fresh',
  // The provider has asked for no request now, whichever registration asks.
  'backing off': 'provider-unavailable',
}

/** What is seen of each answer of the table. `begun`: how many requests it costs. */
const answers: Record<string, { begun: number; waits?: boolean; result?: unknown }> = {
  token: { begun: 0, result: 'held' },
  nothing: { begun: 0 },
  failure: { begun: 0, result: 'provider-unavailable' },
  refresh: { begun: 1, result: 'fresh' },
  joins: { begun: 0, waits: true, result: 'fresh' },
  'one behind it': { begun: 1, waits: true },
  forgets: { begun: 0 },
  drops: { begun: 0 },
}

const codeOrValue = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => {
    if (error instanceof Failure) return error.code
    throw error
  })

describe('the table of calls in create-token-broker.ts', () => {
  const { names, rows } = tableInSource('grants/create-token-broker.ts', 'event')

  it('the table has a column for each state and a row for each event', () => {
    expect(names).toEqual(Object.keys(states))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(events))
  })

  describe.each(names.map((state, index) => ({ state, column: index + 1 })))(
    '$state',
    ({ state, column }) => {
      it.each(rows.map((row) => ({ event: row[0] ?? '', answer: row[column] ?? '' })))(
        'the answer to $event is: $answer',
        async ({ event, answer }) => {
          await events[event]?.before?.()
          const release = await states[state]?.()
          const before = requests()
          const { begun, waits, result } = answers[answer] ?? { begun: Number.NaN }
          for (let number = 0; number < begun; number += 1) house.endpoint.answer(tokens('fresh'))
          let isOver = false
          const called = codeOrValue(events[event]?.call() ?? Promise.resolve()).finally(() => {
            isOver = true
          })
          if (waits) {
            await new Promise((resolve) => setImmediate(resolve))
            expect(isOver).toBe(false)
            expect(requests()).toBe(before)
            release?.()
          }
          const value = await called
          expect(requests()).toBe(before + begun)
          if (event.startsWith('asked')) expect(value).toBe(result)
          else if (answer === 'failure') expect(value).toBe(result)
          else expect(value).toBeUndefined()
          if (answer === 'forgets') {
            house.endpoint.answer(tokens('another'))
            const asked = house.token()
            release?.()
            expect(await asked).toBe('another')
            expect(house.spent().at(-1)).toBe('new')
          }
          if (answer === 'drops') {
            if (state === 'resting') house.endpoint.answer(tokens('another'))
            const asked = codeOrValue(house.token())
            release?.()
            expect(await asked).toBe(afterDrop[state])
          }
          release?.()
        },
      )
    },
  )
})

describe('the table of results in create-token-broker.ts', () => {
  /** What makes the next refresh end like this. */
  const results: Record<string, () => Promise<unknown>> = {
    async fresh() {
      house.endpoint.answer(tokens('fresh'))
      return house.broker.renew(me)
    },
    async refused() {
      house.endpoint.answer({ status: 400, json: { error: 'invalid_grant' } })
      return house.broker.renew(me)
    },
    async 'failed, of the mailbox'() {
      house.endpoint.answer(down)
      return house.broker.renew(me)
    },
    async 'failed, of the registration'() {
      house.endpoint.answer(refusal)
      return house.broker.renew(me)
    },
    async 'held-back'() {
      const [other = 'nobody@example.com'] = await house.addMailboxes(1)
      house.endpoint.answer(refusal)
      await failureOf(house.broker.renew(other))
      const before = requests()
      await failureOf(house.broker.renew(me))
      expect(requests()).toBe(before)
    },
    async 'store-down'() {
      house.store.breakDown()
      return house.broker.renew(me)
    },
    async unstored() {
      const before = requests()
      const release = gated(tokens('fresh', { refresh_token: 'rotated' }))
      const renewed = house.broker.renew(me)
      await expect.poll(requests).toBe(before + 1)
      house.store.breakDown()
      release()
      return renewed
    },
  }
  const { rows } = tableInSource('grants/create-token-broker.ts', 'result')

  it('each result has a row', () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(results))
  })

  it.each(rows)('after %s the token is %s, and there waits: %s', async (name, token, waits) => {
    await oldToken()
    await codeOrValue(results[name ?? '']?.() ?? Promise.resolve())
    house.store.mend()
    expect((await house.broker.state(me)).pause?.about ?? 'nobody').toBe(waits)
    const expected = { replaced: 'fresh', dropped: 'consent-needed', kept: 'held' }[token ?? '']
    expect(await codeOrValue(house.token())).toBe(expected)
  })
})
