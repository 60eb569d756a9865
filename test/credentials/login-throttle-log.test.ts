import { describe, expect, it } from 'vitest'
import { seconds, setThrottleStage } from './login-throttle-stage.ts'

const attacker = '198.51.100.7'

describe('what the log says of guessing', () => {
  it('the log has one line for each guessing source in each window', async () => {
    const stage = setThrottleStage()
    const flood = () => stage.wrongTimes(60, (index) => ({ source: attacker, name: `name-${index}` }))
    await flood()
    expect(stage.log.lines).toEqual([
      {
        level: 'warn',
        fields: { event: 'guessing.source', source: attacker, failures: 20, forSeconds: 900 },
        message: 'A source guesses passwords, keys or links: it is turned away',
      },
    ])
    await seconds(900)
    await flood()
    expect(stage.events()).toEqual(['warn guessing.source', 'warn guessing.source'])
  })

  it('the log has one line for a source whose guesses all run at once', async () => {
    const stage = setThrottleStage()
    const guesses = Array.from({ length: 40 }, (_, index) =>
      stage.begin({ source: attacker, name: `name-${index}`, right: false }),
    )
    await seconds(3)
    await Promise.all(guesses)
    expect(stage.events()).toEqual(['warn guessing.source'])
  })

  it('the log has one line for each guessed name in each window, printable and cut', async () => {
    const stage = setThrottleStage()
    const name = `\u001b[2J\r\nA${'n'.repeat(5000)}`
    for (let round = 0; round < 2; round++) {
      await stage.wrongTimes(15, (index) => ({ source: `203.0.113.${round}-${index}`, name }))
      await seconds(900)
    }
    expect(stage.events()).toEqual(['warn guessing.name', 'warn guessing.name'])
    expect(stage.log.lines[0]?.fields).toMatchObject({
      event: 'guessing.name',
      name: `?[2J??A${'n'.repeat(93)}…`,
      source: '203.0.113.0-9',
      failures: 10,
    })
  })

  it('the log has one error for guesses from everywhere', async () => {
    const stage = setThrottleStage({ guessesInAll: 50 })
    const spray = () =>
      stage.wrongTimes(70, (index) => ({ source: `203.0.113.${index}`, name: `name-${index}` }))
    await spray()
    expect(stage.events()).toEqual(['error guessing.spray'])
    expect(stage.log.lines[0]?.fields).toEqual({
      event: 'guessing.spray',
      source: '203.0.113.49',
      failures: 50,
    })
  })

  it('the log holds no secret that was tried', async () => {
    const stage = setThrottleStage({ guessesInAll: 15 })
    await stage.wrongTimes(25, { source: attacker })
    await stage.wrongTimes(25, { source: '192.0.2.1', secret: 'wrong-again' })
    for (let index = 0; index < 25; index++) await stage.refused('192.0.2.2')
    expect(stage.log.lines.length).toBeGreaterThan(3)
    expect(JSON.stringify(stage.log.lines)).not.toContain('wrong-')
  })
})
