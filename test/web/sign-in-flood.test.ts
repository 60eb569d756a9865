import { createConnection } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { cookiesOf, type TestServer, testServer } from './test-server.ts'

const password = 'violet-Harbour-7-kettle'

const enter = (test: TestServer, secret: string, name = 'administrator') =>
  test.post('/sign-in', { name, password: secret })

async function withPassword(server: Parameters<typeof testServer>[0] = {}) {
  const test = testServer(server)
  await test.services.pagePasswords.set('administrator', new Secret(password))
  return test
}

/** A browser that signed in before. */
async function knownBrowser(test: TestServer): Promise<string> {
  const cookies = cookiesOf(await enter(test, password)).map((cookie) => cookie.split(';')[0] ?? '')
  return cookies.find((cookie) => cookie.includes('postern_browser=')) ?? ''
}

describe('a flood of sign-ins with wrong passwords', () => {
  it.each([
    ['that are the same', () => 'the same wrong one'],
    ['that are all different', (index: number) => `wrong one ${index}`],
  ])(
    'a flood is refused at once beyond a few (passwords %s), with a retry time, and does not lock out the right password',
    async (_, secret) => {
      const test = await withPassword()
      const flood = Array.from({ length: 400 }, (_, index) =>
        enter(test, secret(index)).then((answer) => answer),
      )
      expect((await enter(test, password)).status).toBe(303)
      const refused = (await Promise.all(flood.slice(50))).filter(({ status }) => status === 429)
      expect(refused.length).toBeGreaterThan(300)
      for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    },
    60_000,
  )

  describe('after a restart, before anybody has signed in', () => {
    it.each([
      ['lets a browser in that signed in before', true],
      ['lets a browser in that nobody knows', false],
    ])(
      'a flood %s',
      async (_, isKnown) => {
        const before = await withPassword()
        const browser = await knownBrowser(before)
        expect(browser).not.toBe('')
        const verifier = await before.services.pageAccess.password('administrator')
        if (verifier === undefined) throw new Error('there is no password')

        const test = testServer()
        await test.services.pageAccess.setPassword('administrator', verifier)
        const flood = Array.from({ length: 400 }, (_, index) =>
          enter(test, `wrong ${index}`).then(({ status }) => status),
        )
        expect((await enter(test, password).set('Cookie', isKnown ? browser : '')).status).toBe(303)
        // And with it proven once, whoever else has it.
        expect((await enter(test, password)).status).toBe(303)
        expect((await Promise.all(flood)).filter((status) => status === 303)).toEqual([])
      },
      60_000,
    )
  })

  it('a flood blocks only the address that it comes from, not a known browser there, and no other address', async () => {
    const test = await withPassword({ trustedProxies: ['127.0.0.0/8'], limits: { guessDelaySeconds: 0 } })
    const browser = await knownBrowser(test)
    const from = (address: string, secret: string) => enter(test, secret).set('X-Forwarded-For', address)
    for (let guess = 0; guess < 20; guess++) await from('192.0.2.1', `wrong ${guess}`)
    expect((await from('192.0.2.1', 'another wrong one')).status).toBe(429)
    expect((await from('192.0.2.2', 'another wrong one')).status).toBe(401)
    expect((await from('192.0.2.1', 'another wrong one').set('Cookie', browser)).status).toBe(401)
  })
})

describe('the cookie of a browser that signed in before', () => {
  it('the cookie grants nothing, and is ignored when it was changed or is for another role', async () => {
    const test = await withPassword({ limits: { guessesPerName: 3, guessDelaySeconds: 1 } })
    const browser = await knownBrowser(test)
    expect((await test.get('/').set('Cookie', browser)).status).toBe(401)
    // The name is full: whoever is not known has to wait for its turn.
    for (let guess = 0; guess < 3; guess++) await enter(test, `wrong ${guess}`)
    const seconds = async (cookie: string) => {
      const began = performance.now()
      await enter(test, `wrong with ${cookie}`).set('Cookie', cookie)
      return (performance.now() - began) / 1000
    }
    expect(await seconds(browser)).toBeLessThan(0.9)
    const [name, value = ''] = browser.split('=')
    const [id, until, signature] = value.split('.')
    expect(await seconds(`${name}=${id}.${Number(until) + 1}.${signature}`)).toBeGreaterThan(0.9)
    expect(await seconds(`${name}=0000000000000000.${until}.${signature}`)).toBeGreaterThan(0.9)
  })

  it('the cookie has its own count of wrong passwords, which a sign-in does not reset', async () => {
    const test = await withPassword({ limits: { guessesPerName: 3, guessDelaySeconds: 1 } })
    const browser = await knownBrowser(test)
    for (let guess = 0; guess < 3; guess++) await enter(test, `wrong ${guess}`).set('Cookie', browser)
    const again = cookiesOf(await enter(test, password).set('Cookie', browser))
    const renewed = again.find((cookie) => cookie.includes('postern_browser='))?.split(';')[0] ?? ''
    expect(renewed.split('.')[0]).toBe(browser.split('.')[0])
    const began = performance.now()
    await enter(test, 'wrong once more').set('Cookie', renewed)
    expect(performance.now() - began).toBeGreaterThan(900)
  })
})

it('a connection that pipelines a thousand requests is closed, and no other one', async () => {
  const test = await withPassword({ listen: [{ host: '127.0.0.1', port: 0 }] })
  const [endpoint] = await test.server.start()
  onTestFinished(() => test.server.stop())
  const port = endpoint?.port ?? 0
  const socket = createConnection({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const body = 'name=administrator&password=wrong'
  const one = `POST /sign-in HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  let answers = 0
  socket.on('data', (octets) => {
    answers += octets.toString('latin1').split('HTTP/1.1 ').length - 1
  })
  socket.write(one.repeat(1_000))
  await closed
  expect(answers).toBeLessThanOrEqual(16)
  expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200)
})
