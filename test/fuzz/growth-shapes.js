import { createRandom } from './random.js'

/**
 * What a repetitive input is made of: `opening`, then the pieces, each over and over for its share of the length, then `ending`. Two pieces in a row
 * are what makes a sort by insertion slow, one piece and another ending what makes a pattern try again from every place.
 *
 * @typedef {{ opening: string, pieces: readonly string[], ending: string }} Shape
 */

const common = [
  ...' \t=/.,;:"\'\\@<>([]{%&+-_*#01aA\n\0\x01\x7fé한\u2028\ud800',
  // Two marks that have to change places.
  '\u0315\u0316',
  ...['\r\n', ' a', 'a ', '. ', '%20', '{1}', '""', '\\"', '://', 'http://a', 'x=1;', '{"a":', '-----', '😀'],
]
const endings = ['', ...'! a\n="\0']

/**
 * @param {import('./growth-targets.js').GrowthTarget} target
 * @param {number} count
 * @param {number} seed
 * @returns {Shape[]} first each piece by itself, then random ones
 */
export function shapesFor({ words = [], openings = [''] }, count, seed) {
  const random = createRandom(seed, count)
  const pieces = [...new Set([...words, ...common])].filter((piece) => piece !== '')
  const ends = [...new Set([...endings, ...words])]
  const shapes = pieces.map((piece) => ({ opening: random.pick(openings), pieces: [piece], ending: '!' }))
  while (shapes.length < count) {
    const made = random.chance(0.5)
      ? [random.pick(pieces) + random.pick(pieces)]
      : [random.pick(pieces), random.pick(pieces)]
    shapes.push({ opening: random.pick(openings), pieces: made, ending: random.pick(ends) })
  }
  return shapes.slice(0, count)
}

/** @param {Shape} shape @param {number} length @returns {string} of about this length */
export function textOf({ opening, pieces, ending }, length) {
  const share = Math.max(1, Math.floor((length - opening.length - ending.length) / pieces.length))
  const middle = pieces.map((piece) => piece.repeat(Math.max(1, Math.floor(share / piece.length))))
  return opening + middle.join('') + ending
}

/** @param {Shape} shape */
export function nameOf({ opening, pieces, ending }) {
  return `${JSON.stringify(opening)} + ${pieces.map((piece) => `${JSON.stringify(piece)}…`).join(' + ')} + ${JSON.stringify(ending)}`
}
