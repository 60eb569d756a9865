import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { ConsentRefused } from '../../src/consent/consent-refused.ts'
import { keys, link, type TestDoor, testDoor } from './test-door.ts'

// What is guessed at, how, and what a wrong one is answered while there are guesses left.
const targets: [string, number, (test: TestDoor, wrong: string) => ReturnType<TestDoor['get']>][] = [
  ['an API key', 401, (test, wrong) => test.api('get', '/mailboxes', wrong)],
  ['a malformed API key', 401, (test, wrong) => test.api('get', '/mailboxes', `!${wrong}`)],
  ['a sign-in link, looked at', 404, (test, wrong) => test.get(`/sign-in/${wrong}`)],
  ['a sign-in link, used', 404, (test, wrong) => test.post(`/sign-in/${wrong}`)],
  ['a consent link, looked at', 404, (test, wrong) => test.get(`/consent/${wrong}`)],
  ['a consent link, used', 404, (test, wrong) => test.post(`/consent/${wrong}`)],
  ['the state of a consent', 400, (test, wrong) => test.get(`/oauth/callback?code=x&state=${wrong}`)],
]

const notBegun = new ConsentRefused('not-begun', 'No consent is under way', { fix: 'Start again.' })

function doorThatKnowsNoConsent(): TestDoor {
  const test = testDoor()
  test.services.consent.outcome = notBegun
  return test
}

describe.each(targets)('who guesses %s', (name, refusal, ask) => {
  const isApi = name.includes('API key')

  it(`hears ${refusal} twenty times, then 429 and for how long`, async () => {
    const test = doorThatKnowsNoConsent()
    for (let guess = 0; guess < 20; guess++) expect((await ask(test, `wrong-${guess}`)).status).toBe(refusal)
    const response = await ask(test, 'wrong-20')
    expect(response.status).toBe(429)
    expect(response.headers['retry-after']).toBe('900')
    expect(response.headers['www-authenticate']).toBeUndefined()
    expect(response.type).toBe(isApi ? 'application/problem+json' : 'text/html')
    if (isApi) {
      expect(response.body).toMatchObject({ status: 429, code: 'limit-reached', retryAfterSeconds: 900 })
    } else {
      expect(response.text).toContain('Too many attempts')
      expect(response.text).toContain('Try again with the right one in 900 seconds.')
    }
    expect(response.text + test.lines.join('')).not.toContain('wrong-20')
  })

  it('is not counted for the same one again', async () => {
    const test = doorThatKnowsNoConsent()
    for (let time = 0; time < 50; time++) expect((await ask(test, 'the-old-one')).status).toBe(refusal)
  })
})

describe('a source without guesses', () => {
  async function turnedAway(): Promise<TestDoor> {
    const test = testDoor()
    for (let guess = 0; guess < 21; guess++) await test.api('get', '/mailboxes', `wrong-${guess}`)
    expect((await test.get('/sign-in/wrong')).status).toBe(429)
    return test
  }

  it('does everything that it has the right secret for', async () => {
    const test = await turnedAway()
    expect((await test.api('get', '/mailboxes', keys.admin)).status).toBe(200)
    expect((await test.api('get', '/mailboxes', keys.read)).status).toBe(200)
    expect((await test.api('get', '/mailboxes', keys.token)).status).toBe(403)
    const signInLink = new URL(test.door.signInLink()).pathname
    expect((await test.get(signInLink)).status).toBe(200)
    expect((await test.post(signInLink)).status).toBe(303)
    expect((await test.get(`/consent/${link}`)).status).toBe(200)
    expect((await test.post(`/consent/${link}`)).status).toBe(200)
    expect((await test.get('/oauth/callback?code=x&state=right')).status).toBe(200)
  })

  it('still sees whether postern is well, and what is open to everybody', async () => {
    const test = await turnedAway()
    for (const path of ['/healthz', '/readyz', '/style.css', '/icon.svg']) {
      expect((await test.get(path)).status).toBe(200)
    }
    expect((await test.api('get', '/mailboxes')).status).toBe(401)
    expect((await test.get('/nothing')).status).toBe(404)
  })

  it('may guess again after the window', async () => {
    const test = await turnedAway()
    test.time.monotonic += 900_000
    expect((await test.api('get', '/mailboxes', 'wrong-again')).status).toBe(401)
  })

  it('is not another one because a header says so', async () => {
    const test = await turnedAway()
    for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'True-Client-IP']) {
      const response = await test.get('/sign-in/wrong').set(header, '192.0.2.44')
      expect(response.status, header).toBe(429)
    }
  })
})

describe('what is no guess', () => {
  it.each([
    ['a consent that somebody declined', new ConsentRefused('declined', 'Declined', { fix: 'Agree.' })],
    ['a consent in another browser', new ConsentRefused('other-browser', 'Other', { fix: 'Stay.' })],
    ['a provider that does not answer', new Failure('provider-unavailable', 'No answer')],
  ])('is %s', async (_, outcome) => {
    const test = testDoor()
    test.services.consent.outcome = outcome
    for (let time = 0; time < 30; time++) {
      expect((await test.get(`/oauth/callback?code=x&state=state-${time}`)).status).not.toBe(429)
    }
    expect((await test.get('/sign-in/wrong')).status).toBe(404)
  })

  it('is a request without a key, or one with a key that may not do that', async () => {
    const test = testDoor()
    for (let time = 0; time < 30; time++) {
      expect((await test.api('get', '/mailboxes')).status).toBe(401)
      expect((await test.api('get', '/api-keys', keys.read)).status).toBe(403)
    }
    expect((await test.api('get', '/mailboxes', 'wrong')).status).toBe(401)
  })
})
