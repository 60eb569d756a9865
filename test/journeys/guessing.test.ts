import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DemoMailbox } from '../../examples/demo/mailbox.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { connectLineClient } from '../support/line-client.ts'
import { plain, signIn } from '../support/smtp-client.ts'

const address = 'me@example.com'
const [perSource, perName, delaySeconds] = [5, 12, 2]
const flooded = '127.0.0.2'
const calm = '127.0.0.3'
const wrongWords = '535 5.7.8 Wrong user name or password'
const limitWords = '454 4.7.0 Too many failed sign-ins from here, try again later [postern:LIMIT]'

let stage: Stage
let generated: DemoMailbox
/** With passwords that people chose. */
let known: DemoMailbox
let unknown: DemoMailbox
let revoked: DemoMailbox
let serial = 0

beforeAll(async () => {
  stage = await setStage({
    env: {
      POSTERN_GUESSES_PER_SOURCE: String(perSource),
      POSTERN_GUESSES_PER_NAME: String(perName),
      POSTERN_GUESSES_IN_ALL: '100000',
      POSTERN_GUESS_DELAY_SECONDS: String(delaySeconds),
    },
  })
  generated = await consentedMailbox(stage.postern, address)
  known = await chosenLogin('front-desk')
  unknown = await chosenLogin('back-office')
  revoked = await chosenLogin('old-printer')
  const { logins } = await command(stage.postern, 'login', 'list', address)
  const id = logins.find((login: { userName: string }) => login.userName === revoked.user)?.id
  await command(stage.postern, 'login', 'revoke', id)
  for (const from of [flooded, calm]) expect((await attempt(from, known)).reply).toMatch(/^235 /)
})
afterAll(() => stage?.close())

describe('a flood of wrong passwords from one source', () => {
  let flooding = true
  let flood: Promise<unknown>
  const answers: string[] = []

  beforeAll(async () => {
    for (let guess = 0; guess < perSource; guess++) {
      answers.push((await attempt(flooded, wrong(`somebody-${guess}`))).reply)
    }
    flood = Promise.all(
      Array.from({ length: 8 }, async (_, stream) => {
        while (flooding) answers.push((await attempt(flooded, wrong(`anybody-${stream}-${++serial}`))).reply)
      }),
    )
  })
  afterAll(async () => {
    flooding = false
    await flood
  })

  it.each([
    ['a login that is known from another source', calm, () => known],
    ['a login that is known from this very source', flooded, () => known],
    ['a login with a generated password', flooded, () => generated],
    ['a login that comes from another source for the first time', '127.0.0.4', () => unknown],
  ])('a flood does not keep out, nor make wait, %s', async (_, from, login) => {
    const { reply, seconds } = await attempt(from, login())
    expect(reply).toMatch(/^235 /)
    expect(seconds).toBeLessThan(delaySeconds)
  })

  it('a flood hears one answer after one wait, whatever name and password it tries', async () => {
    const tries: [string, DemoMailbox][] = [
      ['unknown user', wrong('nobody')],
      ['wrong password', wrong(unknown.user)],
      ['right password, not known from here', unknown],
      ['wrong password of one that is known from here', wrong(known.user)],
      ['wrong password of one with a generated password', wrong(generated.user)],
      ['revoked login', revoked],
    ]
    const heard = await Promise.all(
      tries.map(async ([what, login]) => ({ what, ...(await attempt(flooded, login)) })),
    )
    for (const { what, reply, seconds } of heard) {
      expect(reply, what).toBe(limitWords)
      expect(seconds, what).toBeGreaterThan(delaySeconds - 0.05)
      expect(seconds, what).toBeLessThan(delaySeconds + 1.5)
    }
  })

  it('a flood is told that it was wrong as often as it may guess, and from then on only that it is turned away', () => {
    expect(answers.slice(0, perSource)).toEqual(Array<string>(perSource).fill(wrongWords))
    expect(answers.length).toBeGreaterThan(perSource)
    expect(new Set(answers.slice(perSource))).toEqual(new Set([limitWords]))
  })
})

it('an unknown user, a wrong password and a revoked login hear the same', async () => {
  for (const login of [wrong('nobody-at-all'), wrong(unknown.user), revoked]) {
    const { reply, seconds } = await attempt('127.0.0.5', login)
    expect(reply).toBe(wrongWords)
    expect(seconds).toBeLessThan(delaySeconds)
  }
})

it('a new source gets in with the right chosen password after a wait, while its name is guessed at from everywhere', async () => {
  const login = await chosenLogin('reception')
  expect((await attempt('127.0.0.6', login)).reply).toMatch(/^235 /)
  for (let guess = 0; guess < perName; guess++) {
    expect((await attempt(`127.0.1.${guess + 1}`, wrong(login.user))).reply).toBe(wrongWords)
  }
  const fresh = await attempt('127.0.0.7', login)
  expect(fresh.reply).toMatch(/^235 /)
  expect(fresh.seconds).toBeGreaterThan(delaySeconds - 0.05)
  for (const from of ['127.0.0.6', '127.0.0.7']) {
    const { reply, seconds } = await attempt(from, login)
    expect(reply).toMatch(/^235 /)
    expect(seconds).toBeLessThan(delaySeconds)
  }
})

it('a device that repeats one old password is not counted', async () => {
  const login = await chosenLogin('scanner')
  const old = wrong(login.user)
  for (let time = 0; time < perSource; time++)
    expect((await attempt('127.0.0.8', old)).reply).toBe(wrongWords)
  expect((await attempt('127.0.0.8', login)).reply).toMatch(/^235 /)
})

describe('a name that was guessed at too often', () => {
  it('a name is guessed at once in each delay, by however many connections from however many addresses', async () => {
    const login = await chosenLogin('archive')
    for (let guess = 0; guess < perName; guess++) await attempt(`127.0.3.${guess + 1}`, wrong(login.user))
    const began = performance.now()
    const answers: string[] = []
    const streams = Array.from({ length: 30 }, async (_, stream) => {
      for (let guess = 0; performance.now() - began < 5_000; guess++) {
        answers.push((await attempt(`127.0.${10 + stream}.${1 + (guess % 250)}`, wrong(login.user))).reply)
      }
    })
    await Promise.all(streams)
    const turns = Math.ceil((performance.now() - began) / (delaySeconds * 1000))
    expect(answers.filter((reply) => reply === wrongWords).length).toBeLessThanOrEqual(turns)
    expect(answers.filter((reply) => reply === limitWords).length).toBeGreaterThan(30)
  })

  it('nobody waits who has a generated password', async () => {
    const login = generated
    for (let guess = 0; guess < perName; guess++) await attempt(`127.0.4.${guess + 1}`, wrong(login.user))
    const { reply, seconds } = await attempt('127.0.5.1', login)
    expect(reply).toMatch(/^235 /)
    expect(seconds).toBeLessThan(delaySeconds)
  })
})

describe('API keys and links', () => {
  it('API keys and links cost no guess at a password', async () => {
    const from = '127.0.0.11'
    for (let guess = 0; guess < perSource; guess++) expect((await askApi(from, 'wrong')).status).toBe(401)
    expect((await askApi(from, 'wrong')).status).toBe(429)
    expect((await attempt(from, unknown)).reply).toMatch(/^235 /)
  })

  it('API keys and links are answered as ever to who tried too many passwords', async () => {
    const from = '127.0.0.12'
    for (let guess = 0; guess < perSource; guess++) await attempt(from, wrong(`name-${guess}`))
    expect((await attempt(from, wrong('one-more'))).reply).toBe(limitWords)
    expect((await askApi(from, 'wrong')).status).toBe(401)
    expect((await ask(from, '/sign-in/wrong')).status).toBe(404)
    expect((await ask(from, '/consent/wrong')).status).toBe(404)

    const { key } = await command(stage.postern, 'api-key', 'add', '--scope', 'read')
    expect((await askApi(from, key)).status).toBe(200)
    expect((await ask(from, '/readyz')).status).toBe(200)
  })
})

it('the log says who guesses, and not what', async () => {
  const lines = stage.postern.output().split('\n')
  const events = lines.filter((line) => line.includes('"guessing.')).map((line) => JSON.parse(line))
  const sources = events.filter(({ event }) => event === 'guessing.source').map(({ source }) => source)
  expect(sources.sort()).toEqual(['127.0.0.11', '127.0.0.12', flooded])
  expect(events.filter(({ event }) => event === 'guessing.name')).toMatchObject([
    { name: 'reception', source: `127.0.1.${perName}`, failures: perName },
    { name: 'archive', source: `127.0.3.${perName}`, failures: perName },
    { name: generated.user, failures: perName },
  ])
  expect(stage.postern.output()).not.toContain('guessed-secret')
})

it('postern stops at once, whoever waits', async () => {
  const client = connectLineClient({ host: '127.0.0.1', port: stage.process.smtpPort })
  await client.reply()
  client.send('EHLO legacy.example.com\r\n')
  await client.reply()
  // Its name was guessed at above.
  client.send(`AUTH ${plain('reception', 'guessed-secret')}\r\n`)
  await ask('127.0.0.1', '/healthz')
  const farewell = client.rest().finally(client.close)
  const began = performance.now()
  expect(await stage.postern.stop()).toBe(0)
  expect(performance.now() - began).toBeLessThan(delaySeconds * 1000)
  expect(await farewell).toMatch(/^454 4.7.0 .*\r\n421 4.3.2 .*\r\n$/)
})

async function chosenLogin(user: string): Promise<DemoMailbox> {
  const password = `violet-Harbour-${++serial}-kettle`
  const file = join(stage.folder, 'password')
  await writeFile(file, password, { mode: 0o600 })
  await command(stage.postern, 'login', 'add', address, '--user', user, '--password-file', file)
  return { address, user, password }
}

/** A guess that was not made before. */
function wrong(user: string): DemoMailbox {
  return { address, user, password: `guessed-secret-${++serial}` }
}

async function attempt(from: string, login: DemoMailbox): Promise<{ reply: string; seconds: number }> {
  const began = performance.now()
  const reply = await signIn(stage.process.smtpPort, login, from)
  return { reply, seconds: (performance.now() - began) / 1000 }
}

/** With a wrong key that was not tried before, or the right one. */
function askApi(from: string, key: string) {
  const authorization = `Bearer ${key === 'wrong' ? `guessed-secret-${++serial}` : key}`
  return ask(from, '/api/v1/mailboxes', { authorization })
}

function ask(
  localAddress: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; retryAfter: string | undefined }> {
  const { webPort: port } = stage.process
  const host = `localhost:${port}`
  const options = { host: '127.0.0.1', port, path, localAddress, headers: { host, ...headers } }
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      response.resume()
      const { statusCode: status = 0, headers } = response
      response.once('end', () => resolve({ status, retryAfter: headers['retry-after'] }))
    })
    asked.once('error', reject)
    asked.end()
  })
}
