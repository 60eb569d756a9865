import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { printable } from '../../src/base/text.ts'
import { createLoginThrottle } from '../../src/credentials/create-login-throttle.ts'
import { smtpPolicy } from '../../src/credentials/login-throttle.ts'
import type { Guesses } from '../../src/store/ports.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres } from '../store/fixture.ts'
import { changeDatabase, readDatabase } from '../store/raw-database.ts'
import { eventually } from '../support/eventually.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { limits } from './login-throttle-stage.ts'

type Place = Awaited<ReturnType<typeof newPlace>>

/** What one process makes of guesses, with a store of its own on the database of the others. */
async function openProcess(place: Place) {
  const log = createRecordingLog()
  const { store, keyedHash, others } = await openStore({ ...place, clock: systemClock, log })
  onTestFinished(() => store.close())
  if (!others) throw new Error('there is only one process')
  let heard = 0
  const guesses: Guesses = {
    tell: (guess) => others.guesses.tell(guess),
    follow: (window, see) =>
      others.guesses.follow(window, (guess, times, age) => {
        see(guess, times, age)
        heard += times
      }),
  }
  const throttle = createLoginThrottle({
    limits: { ...limits, guessDelaySeconds: 0.01 },
    loggableName: printable,
    clock: systemClock,
    log,
    shared: { guesses, keyedHash },
  })
  onTestFinished(() => throttle.close())
  let secrets = 0
  return {
    store,
    /** How many of others it knows of. */
    heard: () => heard,
    events: () => log.lines.map(({ fields }) => (fields as { event?: string }).event),
    /** A wrong password: what came of it. */
    async guess(source = '192.0.2.1', name = 'printer'): Promise<string> {
      const secret = new Secret(`wrong-${++secrets}`)
      const attempt = { source, name, known: false, against: 'kept', policy: smtpPolicy, secret }
      try {
        await throttle.attempt(attempt, async () => 'wrong')
        return 'wrong'
      } catch (error) {
        if (error instanceof Failure) return error.code
        throw error
      }
    },
    refused(source = '192.0.2.1'): string {
      try {
        throttle.refused(source, new Secret(`key-${++secrets}`))
        return 'wrong'
      } catch (error) {
        return (error as Failure).code
      }
    },
  }
}

async function openThree() {
  const place = await newPlace()
  const all = await Promise.all([openProcess(place), openProcess(place), openProcess(place)])
  return { place, all }
}

describe.runIf(onPostgres)('wrong secrets that several processes count', () => {
  it('a source that guesses at three processes is blocked by all of them at its limit', async () => {
    const { all } = await openThree()
    const outcomes: string[] = []
    for (let index = 0; index < limits.guessesPerSource; index++) {
      outcomes.push((await all[index % 3]?.guess('192.0.2.1', `name-${index}`)) ?? '')
      const told = (place: number) => index + 1 - Math.floor((index + 3 - place) / 3)
      // All but the last ones are told together.
      if (index % 3 === 2 || index === limits.guessesPerSource - 1)
        await eventually('told', () => all.every((one, place) => one.heard() === told(place)))
    }
    expect(outcomes).toEqual(Array(limits.guessesPerSource).fill('wrong'))
    for (const one of all) expect(await one.guess()).toBe('limit-reached')
    for (const one of all) expect(one.events()).toEqual(['guessing.source'])
    expect(await all[0]?.guess('192.0.2.2')).toBe('wrong')
  })

  it('what one process counts is known to the others within a second', async () => {
    const { all } = await openThree()
    const begun = performance.now()
    await all[0]?.guess()
    await eventually('told', () => all[1]?.heard() === 1 && all[2]?.heard() === 1)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  it('one that starts later knows what was counted before it', async () => {
    const place = await newPlace()
    const first = await openProcess(place)
    for (let index = 0; index < limits.guessesPerSource; index++) await first.guess()
    await first.store.close()
    const second = await openProcess(place)
    await eventually('told', () => second.heard() === limits.guessesPerSource)
    expect(await second.guess()).toBe('limit-reached')
  })

  it('wrong API keys are counted together, apart from passwords', async () => {
    const { all } = await openThree()
    const [one, two] = all
    for (let index = 0; index < limits.guessesPerSource; index++) one?.refused()
    await eventually('told', () => two?.heard() === limits.guessesPerSource)
    expect(two?.refused()).toBe('limit-reached')
    expect(await two?.guess()).toBe('wrong')
  })

  it('a name that is used up at one process is used up at the others, which say so when it is tried there', async () => {
    const { all } = await openThree()
    const [one, two] = all
    for (let index = 0; index < limits.guessesPerName; index++) await one?.guess(`192.0.2.${index}`)
    await eventually('told', () => two?.heard() === limits.guessesPerName)
    await two?.guess('198.51.100.1')
    expect(two?.events()).toEqual(['guessing.name'])
  })

  it('the database tells no name and no source, and a flood makes few rows', async () => {
    const { place, all } = await openThree()
    const [one] = all
    const begun = Date.now()
    for (let index = 0; index < 250; index++) await one?.guess(`203.0.113.${index}`, `somebody-${index}`)
    await one?.store.close()
    const seconds = (Date.now() - begun) / 1000
    const rows = await readDatabase(place.dataDir, 'select what from guesses')
    expect(rows.length).toBeLessThanOrEqual(Math.ceil(seconds / 0.4) + 1)
    const texts = rows.map(({ what }) => String(what)).join('\n')
    expect(texts).not.toContain('203.0.113')
    expect(texts).not.toContain('somebody')
    expect(texts.match(/"login"/g)?.length).toBe(250)
  })

  it('what a database that is away does not take is told when it is back', async () => {
    const { place, all } = await openThree()
    const [one, two] = all
    await changeDatabase(place.dataDir, 'alter table guesses rename to away')
    for (let index = 0; index < limits.guessesPerSource; index++) expect(await one?.guess()).toBe('wrong')
    expect(await one?.guess()).toBe('limit-reached')
    await changeDatabase(place.dataDir, 'alter table away rename to guesses')
    await eventually('told', () => two?.heard() === limits.guessesPerSource)
    expect(await two?.guess()).toBe('limit-reached')
  })
})
