/**
 * @typedef {import('./random.js').Random} Random
 * @typedef {import('./session-plan.js').Step} Step
 */

const special = [
  '\r',
  '\n',
  '\0',
  '.',
  '\r\n',
  '\r\n.\r\n',
  '\n.\r\n',
  ' ',
  '<',
  '>',
  ':',
  '"',
  '\\',
  '@',
  '=',
  '*',
  '\x16',
  '\xff',
  '\t',
]

/**
 * Spoils one to three steps, in place: octets put in, taken out or changed; steps lost, doubled, swapped or run together.
 *
 * @param {Random} random
 * @param {Step[]} steps
 */
export function mutate(random, steps) {
  const times = 1 + random.below(3)
  for (let turn = 0; turn < times && steps.length > 0; turn++) {
    const at = random.below(steps.length)
    random.chance(0.65) ? mutateOctets(random, steps, at) : mutateOrder(random, steps, at)
  }
}

/** @param {Random} random @param {Step[]} steps @param {number} at */
function mutateOctets(random, steps, at) {
  const step = steps[at]
  if (step === undefined || !('octets' in step)) return
  steps[at] = { ...step, octets: Buffer.from(mutateText(random, step.octets.toString('latin1')), 'latin1') }
}

/** @param {Random} random @param {string} text latin1 */
export function mutateText(random, text) {
  const from = random.below(text.length + 1)
  const to = Math.min(text.length, from + random.below(random.pick([2, 10])) + 1)
  switch (random.below(5)) {
    case 0:
      return text.slice(0, from) + text.slice(to)
    case 1:
      return text.slice(0, to) + text.slice(from)
    case 2:
      return text.slice(0, from) + String.fromCharCode(random.below(256)) + text.slice(from + 1)
    case 3:
      return text.slice(0, from)
    default:
      return text.slice(0, from) + random.pick(special) + text.slice(from)
  }
}

/** @param {Random} random @param {Step[]} steps @param {number} at */
function mutateOrder(random, steps, at) {
  const step = /** @type {Step} */ (steps[at])
  const other = random.below(steps.length)
  const next = steps[at + 1]
  switch (random.below(4)) {
    case 0:
      steps.splice(at, 1)
      return
    case 1:
      // A copy: the two are cut and changed apart.
      steps.splice(other, 0, { ...step })
      return
    case 2:
      steps[at] = /** @type {Step} */ (steps[other])
      steps[other] = step
      return
    default:
      if (next === undefined || !('octets' in step) || !('octets' in next)) return
      steps.splice(at, 2, {
        ...next,
        octets: Buffer.concat([step.octets, next.octets]),
        replies: step.replies + next.replies,
      })
  }
}
