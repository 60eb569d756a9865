import { describe, expect, it } from 'vitest'
import { readCorpus } from './corpus.js'
import { makeSession } from './make-session.js'
import { runParserInputs, tryParserInput } from './parser-inputs.js'
import { newSeed } from './random.js'
import { reportFaults, runSessions } from './run-sessions.js'

// A small part of `npm run fuzz`, other inputs each time.
const sessions = 300
const parserInputs = 20_000
const corpus = await readCorpus()

describe('fuzzing', () => {
  it('nothing is found in what once failed', async () => {
    for (const { name, parser, input, cuts } of corpus.parserCases) {
      expect(tryParserInput({ parser, octets: Buffer.from(input, 'base64'), cuts }), name).toBeUndefined()
    }
  })

  it('nothing is found in random inputs of the parsers', () => {
    const seed = newSeed()
    console.info(`npm run fuzz -- --parser-inputs ${parserInputs} --seed ${seed}`)
    expect(runParserInputs({ seed, inputs: parserInputs })).toBeUndefined()
  })

  it('no crash, no hang, no smuggled message and no secret is found in random sessions beside those that once failed', async () => {
    const seed = newSeed()
    console.info(`npm run fuzz -- --sessions ${sessions} --seed ${seed}`)
    const known = corpus.sessions
    const { faults, messages } = await runSessions((number) => {
      if (number < known.length) return known[number]
      return number < known.length + sessions ? makeSession(seed, number - known.length) : undefined
    })
    expect(await reportFaults(faults)).toEqual([])
    // A run in which nothing gets through shows nothing.
    expect(messages.accepted).toBeGreaterThan(sessions / 10)
  })
})
