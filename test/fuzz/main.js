// npm run fuzz -- [--sessions N] [--parser-inputs M [--parser NAME]] [--end-of-data] [--growth] [--seed S] [--lanes L] [--replay FILE]
// What ever failed first, then new inputs. Exits with 1 when anything fails.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { keepParserCase, readCorpus } from './corpus.js'
import { endOfDataSession } from './end-of-data.js'
import { findGrowth } from './growth.js'
import { growthTargets } from './growth-targets.js'
import { makeSession } from './make-session.js'
import { tryParserInput } from './parser-inputs.js'
import { runParserInputsEverywhere } from './parser-workers.js'
import { newSeed } from './random.js'
import { reportFaults, runSessions } from './run-sessions.js'
import { planFromJson } from './session-plan.js'

const { values: options } = parseArgs({
  options: {
    sessions: { type: 'string', default: '0' },
    'parser-inputs': { type: 'string', default: '0' },
    parser: { type: 'string' },
    'end-of-data': { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '48' },
    replay: { type: 'string' },
  },
})
const seed = Number(options.seed ?? newSeed())
const sessions = Number(options.sessions)
const parserInputs = Number(options['parser-inputs'])
let failures = 0
console.log(`seed ${seed}`)

const corpus = await readCorpus()
if (options.replay) await play('replayed', listed([planFromJson(await readFile(options.replay, 'utf8'))]))
else await everything()
console.log(failures === 0 ? 'nothing failed' : `${failures} failed; the same again: add --seed ${seed}`)
process.exitCode = failures === 0 ? 0 : 1

async function everything() {
  if (corpus.sessions.length > 0) await play('of the corpus', listed(corpus.sessions))
  replayParserCases()
  if (parserInputs > 0) await parse()
  if (options.growth) await grow()
  if (options['end-of-data']) await play('with an end of data', endOfDataSession, 100_000)
  if (sessions > 0)
    await play('random', (number) => (number < sessions ? makeSession(seed, number) : undefined), sessions)
}

/**
 * @param {string} kind
 * @param {(number: number) => import('./session-plan.js').SessionPlan | undefined} planOf
 * @param {number} [about] how many sessions that will be, about: the first tenth warms the process up
 */
async function play(kind, planOf, about = 0) {
  const began = performance.now()
  const onProgress = (/** @type {number} */ done) => {
    if (done % 5000 === 0) console.log(`  ${done} after ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  const { faults, seconds, messages, vitals, ...run } = await runSessions(planOf, {
    lanes: Number(options.lanes),
    warmUp: Math.max(100, Math.floor(about / 10)),
    onProgress,
  })
  console.log(
    `${run.sessions} sessions ${kind} in ${seconds.toFixed(0)} s, ${(run.sessions / seconds).toFixed(0)} a second: ${faults.length} faults`,
  )
  console.log(
    `  messages: ${messages.accepted} accepted, ${messages.refused} refused, ${messages.unknown} to be tried again; the provider keeps ${messages.kept}`,
  )
  if (vitals.length > 0) console.log(`  ${vitals.join('; ')}`)
  for (const text of await reportFaults(faults)) console.error(`FAULT ${text}\n`)
  failures += faults.length
}

async function parse() {
  const began = performance.now()
  const failed = await runParserInputsEverywhere({ seed, inputs: parserInputs, parser: options.parser })
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${parserInputs} parser inputs in ${seconds.toFixed(0)} s, ${(parserInputs / seconds).toFixed(0)} a second: ${failed.length} faults`,
  )
  for (const { fault, ...failedCase } of failed) {
    console.error(`FAULT ${fault}\n  kept in ${await keepParserCase(failedCase)}`)
  }
  failures += failed.length
}

/** Alone on the machine: it measures. */
async function grow() {
  const began = performance.now()
  const onParser = (/** @type {string} */ name, /** @type {number} */ slowest) =>
    console.log(`  ${name}: at most ${slowest.toFixed(2)} ms`)
  const found = await findGrowth(growthTargets, { shapes: 300, tries: 5, seed, onParser })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(
    `${growthTargets.length} parsers, 300 shapes each, in ${seconds} s: ${found.length} grow too fast`,
  )
  for (const { parser, shape, fault } of found) console.error(`FAULT ${parser}: ${fault}\n  ${shape}`)
  failures += found.length
}

function replayParserCases() {
  for (const { name, parser, input, cuts } of corpus.parserCases) {
    const fault = tryParserInput({ parser, octets: Buffer.from(input, 'base64'), cuts })
    if (fault === undefined) continue
    failures++
    console.error(`FAULT ${name}: ${fault}`)
  }
}

/** @param {readonly import('./session-plan.js').SessionPlan[]} plans */
function listed(plans) {
  return (/** @type {number} */ number) => plans[number]
}
