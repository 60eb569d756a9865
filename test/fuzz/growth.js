import { nameOf, shapesFor, textOf } from './growth-shapes.js'

// Does the time that a parser takes grow with its input, or faster? Every parser gets its longest input, and half of it.

// Twice the input takes twice the time; four times is a square. Between them lies what a busy machine adds.
const tooMuch = 3
/** One look at each length is enough where the second took so little more: what is a square would have to be four times. */
const clearlyEven = 2.4
/** A measurement at double length below this, in milliseconds, says nothing and hurts nobody. */
const noiseFloor = 2
// Long before a whole second nothing else has its turn any more.
const longest = 1_000

/**
 * @typedef {object} Growth
 * @property {string} parser
 * @property {string} shape
 * @property {string} fault
 */

/**
 * @param {readonly import('./growth-targets.js').GrowthTarget[]} targets
 * @param {{ shapes: number, tries: number, seed: number, onParser?: (name: string, slowest: number) => void }} options
 * @returns {Promise<Growth[]>} each parser once, with the first of its shapes that is found
 */
export async function findGrowth(targets, { shapes, tries, seed, onParser = () => {} }) {
  const found = []
  for (const target of targets) {
    let slowest = 0
    for (const shape of shapesFor(target, shapes, seed)) {
      const { fault, milliseconds } = await growthOf(target, shape, tries)
      slowest = Math.max(slowest, milliseconds)
      if (fault === undefined) continue
      found.push({ parser: target.name, shape: nameOf(shape), fault })
      break
    }
    onParser(target.name, slowest)
  }
  return found
}

/**
 * @param {import('./growth-targets.js').GrowthTarget} target
 * @param {import('./growth-shapes.js').Shape} shape
 * @param {number} tries
 */
async function growthOf(target, shape, tries) {
  // From small to large, so that what grows by a high power is found and not waited for.
  for (const part of [256, 32, 8]) {
    const took = await timeOf(target, textOf(shape, target.longest / part))
    if (took > longest) return { milliseconds: took, fault: tookLong(took, target.longest / part) }
  }
  const [half, whole] = [textOf(shape, target.longest / 2), textOf(shape, target.longest)]
  await timeOf(target, half)
  const first = await timeOf(target, whole)
  if (first < noiseFloor || first < clearlyEven * (await timeOf(target, half))) return { milliseconds: first }
  // What is found once may be the machine's doing. Found again and again, and by long measurements, it is the parser's.
  let fault
  for (const enough of [0, longEnough, longEnough, longEnough]) {
    const { atHalf, atWhole } = await medians(target, half, whole, { tries, enough })
    if (atWhole < noiseFloor || atWhole < tooMuch * atHalf) return { milliseconds: atWhole }
    fault = `${atHalf.toFixed(2)} ms for ${half.length}, ${atWhole.toFixed(2)} ms for ${whole.length}`
  }
  return { milliseconds: first, fault }
}

// In milliseconds: memory is cleared away every few of them, which must not fall on one measurement alone.
const longEnough = 10

/** In turns, so that what the machine does beside it falls on both. */
async function medians(
  /** @type {import('./growth-targets.js').GrowthTarget} */ target,
  /** @type {string} */ half,
  /** @type {string} */ whole,
  /** @type {{ tries: number, enough: number }} */ { tries, enough },
) {
  const [halves, wholes] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])]
  const times = Math.max(1, Math.ceil(enough / (await timeOf(target, half))))
  for (let attempt = 0; attempt < tries; attempt++) {
    halves.push(await timeOf(target, half, times))
    wholes.push(await timeOf(target, whole, times))
  }
  return { atHalf: median(halves), atWhole: median(wholes) }
}

/**
 * Milliseconds of processor time, on the average of so many times: what other programs do on the machine does not count. What a parser throws
 * is its answer.
 *
 * @param {import('./growth-targets.js').GrowthTarget} target
 * @param {string} text
 * @param {number} times
 */
async function timeOf(target, text, times = 1) {
  const input = target.prepare ? target.prepare(text) : text
  const before = process.cpuUsage()
  for (let time = 0; time < times; time++) {
    try {
      const answer = target.read(input)
      if (answer instanceof Promise) await answer
    } catch {}
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}

/** @param {number[]} figures */
function median(figures) {
  return /** @type {number} */ (figures.sort((one, other) => one - other)[figures.length >> 1])
}

/** @param {number} milliseconds @param {number} length */
function tookLong(milliseconds, length) {
  return `${milliseconds.toFixed(0)} ms for no more than ${Math.round(length)}`
}
