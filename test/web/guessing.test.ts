import { describe, expect, it } from 'vitest'
import { filled } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { ConsentRefused } from '../../src/consent/consent-refused.ts'
import { failureAs } from '../support/made-failure.ts'
import { keys, link, type TestServer, testServer } from './test-server.ts'

// What is guessed at, how, and what a wrong one is answered while there are guesses left.
const targets: [string, number, (test: TestServer, wrong: string) => ReturnType<TestServer['get']>][] = [
  ['an API key', 401, (test, wrong) => test.api('get', '/mailboxes', wrong)],
  ['a malformed API key', 401, (test, wrong) => test.api('get', '/mailboxes', `!${wrong}`)],
  ['a sign-in link, looked at', 404, (test, wrong) => test.get(`/sign-in/${wrong}`)],
  ['a sign-in link, used', 404, (test, wrong) => test.post(`/sign-in/${wrong}`)],
  ['a consent link, looked at', 404, (test, wrong) => test.get(`/consent/${wrong}`)],
  ['a consent link, used', 404, (test, wrong) => test.post(`/consent/${wrong}`)],
  ['the state of a consent', 400, (test, wrong) => test.get(`/oauth/callback?code=x&state=${wrong}`)],
]

const password = 'violet-Harbour-7-kettle'

function signIn(test: TestServer, secret: string, name = 'administrator') {
  return test.post('/sign-in', { name, password: secret })
}

const notBegun = new ConsentRefused('not-begun', filled('consent.not-begun'))

const anybody = '192.0.2.44'

/** Behind a proxy that says for whom it asks. */
function serverBehindProxy(): TestServer {
  const test = testServer({ trustedProxies: ['127.0.0.0/8', '::1/128'] })
  test.services.consent.outcome = notBegun
  return test
}

describe.each(targets)('who guesses %s', (name, refusal, ask) => {
  const isApi = name.includes('API key')
  const guess = (test: TestServer, wrong: string) => ask(test, wrong).set('X-Forwarded-For', anybody)

  it(`a guesser gets ${refusal} twenty times, then 429 with a retry time`, async () => {
    const test = serverBehindProxy()
    for (let count = 0; count < 20; count++)
      expect((await guess(test, `wrong-${count}`)).status).toBe(refusal)
    const response = await guess(test, 'wrong-20')
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

  it('a guesser is not counted again for the same secret', async () => {
    const test = serverBehindProxy()
    for (let time = 0; time < 50; time++) expect((await guess(test, 'the-old-one')).status).toBe(refusal)
  })

  it('a guesser does not use up guesses at passwords', async () => {
    const test = serverBehindProxy()
    await test.services.pagePasswords.set('administrator', new Secret(password))
    for (let count = 0; count < 40; count++) await guess(test, `wrong-${count}`)
    expect((await signIn(test, 'wrong').set('X-Forwarded-For', anybody)).status).toBe(401)
    expect((await signIn(test, password).set('X-Forwarded-For', anybody)).status).toBe(303)
  })
})

describe('a request that another site causes', () => {
  const foreign: [string, Record<string, string>][] = [
    ['an image on a page of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' }],
    ['a page of a neighbour', { 'Sec-Fetch-Site': 'same-site' }],
    ['a frame', { 'Sec-Fetch-Dest': 'iframe' }],
    ['an image, by a browser that says only where it stands', { Referer: 'https://evil.example/' }],
    ['a request with a foreign Origin', { Origin: 'https://evil.example' }],
    ['a request with an opaque Origin', { Origin: 'null' }],
  ]

  it.each(foreign)('the request counts as no guess: %s', async (_, headers) => {
    const test = serverBehindProxy()
    for (let count = 0; count < 25; count++) {
      for (const path of ['/sign-in/', '/consent/', '/oauth/callback?code=x&state=']) {
        const asked = test.get(`${path}wrong-${count}`).set({ 'X-Forwarded-For': anybody, ...headers })
        expect((await asked).status).not.toBe(429)
      }
    }
    expect(test.lines.join('')).not.toContain('guessing.')
    expect((await test.get('/sign-in/wrong').set('X-Forwarded-For', anybody)).status).toBe(404)
  })
})

describe('where many come from one address', () => {
  it.each([
    ['this machine', [], {}],
    ['a proxy that nobody named', [], { 'X-Forwarded-For': anybody }],
    ['a proxy that does not say for whom it asks', ['127.0.0.0/8'], {}],
    ['a proxy that says what cannot be read', ['127.0.0.0/8'], { 'X-Forwarded-For': `${anybody}, unknown` }],
  ] as const)('a wrong link locks nobody out: %s', async (_, trustedProxies, headers) => {
    const test = testServer({ trustedProxies: [...trustedProxies] })
    await test.services.pagePasswords.set('administrator', new Secret(password))
    for (let count = 0; count < 40; count++) {
      expect((await test.get(`/sign-in/wrong-${count}`).set(headers)).status).toBe(404)
      expect((await test.get(`/consent/wrong-${count}`).set(headers)).status).toBe(404)
    }
    expect((await signIn(test, password).set(headers)).status).toBe(303)
  })

  it('an entry of X-Forwarded-For is believed only if a trusted proxy has written it', async () => {
    const test = testServer({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] })
    const seen = async (header: string) => {
      await test.services.pagePasswords.set('administrator', new Secret(password))
      await signIn(test, password).set('X-Forwarded-For', header)
      const [session] = (await test.services.pageAccess.sessions()).slice(-1)
      await test.services.pageAccess.end(session?.id ?? '')
      return session?.source
    }
    expect(await seen('192.0.2.1, 198.51.100.7')).toBe('198.51.100.7')
    expect(await seen('192.0.2.1, 198.51.100.7, 10.1.2.3')).toBe('198.51.100.7')
    expect(await seen('198.51.100.7:4711')).toBe('198.51.100.7')
    expect(await seen('[2001:db8:1:2:3::4]:4711')).toBe('2001:db8:1:2::/64')
    expect(await seen('::ffff:198.51.100.7')).toBe('198.51.100.7')
    for (const unreadable of [
      '',
      'unknown',
      '198.51.100.7, _hidden',
      '10.1.2.3',
      '127.0.0.1',
      '198.51.100.7,',
    ]) {
      expect(await seen(unreadable), unreadable).toBe('127.0.0.1')
    }
    expect(await seen(`${'192.0.2.1, '.repeat(1_000)}198.51.100.8`)).toBe('198.51.100.8')
  })
})

describe('a source without guesses', () => {
  async function turnedAway(): Promise<TestServer> {
    const test = testServer()
    for (let guess = 0; guess < 21; guess++) await test.api('get', '/mailboxes', `wrong-${guess}`)
    expect((await test.api('get', '/mailboxes', 'wrong')).status).toBe(429)
    return test
  }

  it('the source may do everything with the right secret', async () => {
    const test = await turnedAway()
    expect((await test.api('get', '/mailboxes', keys.admin)).status).toBe(200)
    expect((await test.api('get', '/mailboxes', keys.read)).status).toBe(200)
    expect((await test.api('get', '/mailboxes', keys.token)).status).toBe(403)
    const signInLink = new URL(await test.server.signInLink()).pathname
    expect((await test.get(signInLink)).status).toBe(200)
    expect((await test.post(signInLink)).status).toBe(303)
    expect((await test.get(`/consent/${link}`)).status).toBe(200)
    expect((await test.post(`/consent/${link}`)).status).toBe(200)
    expect((await test.get('/oauth/callback?code=x&state=right')).status).toBe(200)
  })

  it('the source still gets the health checks and the open pages', async () => {
    const test = await turnedAway()
    for (const path of ['/healthz', '/readyz', '/style.css', '/icon.svg']) {
      expect((await test.get(path)).status).toBe(200)
    }
    expect((await test.api('get', '/mailboxes')).status).toBe(401)
    expect((await test.get('/nothing')).status).toBe(404)
  })

  it('the source may guess again after the window', async () => {
    const test = await turnedAway()
    test.time.monotonic += 900_000
    expect((await test.api('get', '/mailboxes', 'wrong-again')).status).toBe(401)
  })

  it('the source is not changed by a header', async () => {
    const test = await turnedAway()
    for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'True-Client-IP']) {
      const response = await test.api('get', '/mailboxes', 'wrong').set(header, '192.0.2.44')
      expect(response.status, header).toBe(429)
    }
  })
})

describe('what is no guess', () => {
  it.each([
    [
      'a consent that somebody declined',
      new ConsentRefused('declined', filled('consent.declined', { provider: 'P' })),
    ],
    ['a consent in another browser', new ConsentRefused('other-browser', filled('consent.other-browser'))],
    ['a provider that does not answer', failureAs('provider-unavailable', 'No answer')],
  ])('no guess is made by %s', async (_, outcome) => {
    const test = testServer()
    test.services.consent.outcome = outcome
    for (let time = 0; time < 30; time++) {
      expect((await test.get(`/oauth/callback?code=x&state=state-${time}`)).status).not.toBe(429)
    }
    expect((await test.get('/sign-in/wrong')).status).toBe(404)
  })

  it('a request without a key, or with a key that lacks the scope, is no guess', async () => {
    const test = testServer()
    for (let time = 0; time < 30; time++) {
      expect((await test.api('get', '/mailboxes')).status).toBe(401)
      expect((await test.api('get', '/api-keys', keys.read)).status).toBe(403)
    }
    expect((await test.api('get', '/mailboxes', 'wrong')).status).toBe(401)
  })
})
