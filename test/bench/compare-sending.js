import { compare } from './compare.js'
import { median, processorMilliseconds } from './figures.js'

/**
 * The same messages by each contender. `rate` is messages a second, `time` the median of a message in milliseconds, `processor` the processor time of
 * the one in between, in milliseconds a message; absent where there is none, or where nobody knows its process.
 *
 * @param {import('./stage.js').Stage} stage
 * @param {import('./worker.js').Worker} load
 * @param {object} what
 * @param {string[]} what.contenders of `direct`, `forwarder` and `through`; those that are not there are left out
 * @param {number} what.rounds
 * @param {(contender: string) => object} what.shape see `Sending` in load.js
 * @param {(digests: Record<string, number>, sent: number) => void} [what.check] sees what the provider hashed, and throws
 */
export async function compareSending(stage, load, { contenders, rounds, shape, check }) {
  const targets = Object.fromEntries(contenders.map((name) => [name, stage[name]]))
  return compare(targets, rounds, async (target, contender) => {
    const pid = stage.pids[contender]
    const before = pid && (await processorMilliseconds(pid))
    const { each, milliseconds } = await load.ask({ do: 'send', ...shape(contender), ...target })
    const processor = pid && ((await processorMilliseconds(pid)) - before) / each.length
    const { messages, digests } = await stage.provider.ask({ do: 'count' })
    // What is lost is no rate.
    if (messages !== each.length) throw new Error(`${contender}: sent ${each.length}, arrived ${messages}`)
    check?.(digests, each.length)
    const figures = { rate: each.length / (milliseconds / 1000), time: median(each) }
    return pid ? { ...figures, processor } : figures
  })
}

/** One figure of all contenders. */
export function mediansOf(figures, name) {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([contender, one]) => (one[name] ? [[contender, one[name].median]] : [])),
  )
}
