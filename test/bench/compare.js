import { median } from './figures.js'

/**
 * The same done to each contender in turn, interleaved, so that what else the machine does hits all alike. The first round warms
 * everything up and is not counted; the order turns with every round.
 *
 * @param {Record<string, import('./conversation.js').Target | undefined>} contenders absent ones are left out
 * @param {number} rounds
 * @param {(target: import('./conversation.js').Target, name: string) => Promise<Record<string, number>>} measure
 * @returns {Promise<Record<string, Record<string, { median: number, rounds: number[] }>>>} by contender, by figure
 */
export async function compare(contenders, rounds, measure) {
  const present = Object.entries(contenders).filter(([, target]) => target !== undefined)
  /** @type {Record<string, Record<string, number>[]>} */
  const figures = Object.fromEntries(present.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, target] of round % 2 === 0 ? present : present.toReversed()) {
      const measured = await measure(/** @type {import('./conversation.js').Target} */ (target), name)
      if (round === 0) continue
      figures[name]?.push(measured)
    }
  }
  return mapValues(figures, summaries)
}

/**
 * The same done on a stage of its own as often: for what happens once in the life of a process. A target that was started by somebody else has one
 * life only.
 *
 * @template F
 * @param {(stage: import('./stage.js').Stage) => Promise<F>} measure
 * @returns {Promise<F[]>}
 */
export async function freshRounds(rounds, setStage, wishes, measure) {
  const figures = []
  let stage
  do {
    stage = await setStage(wishes)
    try {
      figures.push(await measure(stage))
    } finally {
      await stage.clear()
    }
  } while (figures.length < rounds && !stage.oneLife)
  return figures
}

/** @param {Record<string, number>[]} measured the same figures in every round */
function summaries(measured) {
  return mapValues(measured[0], (_, figure) => {
    const rounds = measured.map((one) => one[figure])
    return { median: median(rounds), rounds }
  })
}

export function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}
