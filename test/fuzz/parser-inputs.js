import { cut } from './cut.js'
import { mutateText } from './mutate.js'
import { parserTargets, readSafely } from './parser-targets.js'
import { createRandom } from './random.js'

/**
 * Input number so-and-so of a seed: for one of the parsers in turn, made of its words, a third of them mutated.
 *
 * @param {number} seed
 * @param {number} number
 * @param {readonly import('./parser-targets.js').ParserTarget[]} [targets]
 */
export function makeParserInput(seed, number, targets = parserTargets) {
  const random = createRandom(seed, number)
  const target = /** @type {import('./parser-targets.js').ParserTarget} */ (targets[number % targets.length])
  const words = random.below(random.pick([4, 14]))
  let text = ''
  for (let word = 0; word < words; word++) text += random.pick(target.words)
  if (random.chance(0.3)) text = mutateText(random, text)
  const cuts = random.chance(0.3) ? [1] : [1 + random.below(5), 1 + random.below(9)]
  return { parser: target.name, octets: Buffer.from(text, 'latin1'), cuts }
}

/**
 * Whole, and cut: without an exception that is not declared, and with the same outcome.
 *
 * @param {{ parser: string, octets: Buffer, cuts: number[] }} input
 * @returns {string | undefined} what is wrong
 */
export function tryParserInput({ parser, octets, cuts }) {
  const target = parserTargets.find(({ name }) => name === parser)
  if (!target) return `there is no parser ${parser}`
  try {
    const whole = readSafely(() => target.read([octets]))
    const inPieces = readSafely(() => target.read(cut(octets, cuts)))
    return whole === inPieces ? undefined : `${inPieces} in pieces, ${whole} whole`
  } catch (error) {
    return String(/** @type {Error} */ (error).stack)
  }
}

/**
 * Every `stride`th input from `first` on, so that several processes share a seed.
 *
 * @param {{ seed: number, inputs: number, parser?: string | undefined, first?: number, stride?: number }} range `parser`: the only one
 * @returns {import('./corpus.js').ParserCase & { fault: string } | undefined} the first that fails
 */
export function runParserInputs({ seed, inputs, parser, first = 0, stride = 1 }) {
  const targets = parserTargets.filter(({ name }) => parser === undefined || name === parser)
  if (targets.length === 0) throw new Error(`there is no parser ${parser}`)
  for (let number = first; number < inputs; number += stride) {
    const input = makeParserInput(seed, number, targets)
    const fault = tryParserInput(input)
    if (fault === undefined) continue
    return {
      name: `${input.parser}-${seed}-${number}`,
      parser: input.parser,
      input: input.octets.toString('base64'),
      cuts: input.cuts,
      fault,
    }
  }
  return undefined
}
