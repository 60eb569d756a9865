import { compare } from './compare.js'
import { forgetPeak, median, peakOctets, processorBetween, processorTime } from './figures.js'

/**
 * The same messages by each contender. `rate` is messages a second, `time` the median of a message in milliseconds; of the process in between
 * `used` is the processor time in milliseconds, `processor` the same a message, `memory` the megabytes that were resident at most. They are absent
 * where there is none, or where nobody knows its process.
 *
 * @param {import('./stage.js').Stage} stage
 * @param {import('./worker.js').Worker} load
 * @param {object} what
 * @param {string[]} what.contenders of `direct`, `forwarder`, `stunnel` and `through`; those that are not there are left out
 * @param {number} what.rounds
 * @param {(contender: string) => object} what.shape see `Sending` in load.js
 * @param {(digests: Record<string, number>, sent: number) => void} [what.check] sees what the provider hashed, and throws
 */
export async function compareSending(stage, load, { contenders, rounds, shape, check }) {
  const targets = Object.fromEntries(contenders.map((name) => [name, stage[name]]))
  return compare(targets, rounds, async (target, contender) => {
    const pid = stage.pids[contender]
    if (pid) await forgetPeak(pid)
    const before = pid && (await processorTime(pid))
    const { each, milliseconds } = await load.ask({ do: 'send', ...shape(contender), ...target })
    const used = pid && processorBetween(before, await processorTime(pid))
    const { messages, digests } = await stage.provider.ask({ do: 'count' })
    // What is lost is no rate.
    if (messages !== each.length) throw new Error(`${contender}: sent ${each.length}, arrived ${messages}`)
    check?.(digests, each.length)
    const figures = { rate: each.length / (milliseconds / 1000), time: median(each) }
    if (!pid) return figures
    return { ...figures, used, processor: used / each.length, memory: (await peakOctets(pid)) / 1e6 }
  })
}

/** What the processes in between cost, for a row. */
export function costsOf(figures) {
  const [processor, memory] = [mediansOf(figures, 'processor'), mediansOf(figures, 'memory')]
  const used = figures.through?.used?.median
  return { ...(Object.keys(processor).length > 0 && { processor, memory }), ...(used && { used }) }
}

/** One figure of all contenders. */
export function mediansOf(figures, name) {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([contender, one]) =>
      Number.isFinite(one[name]?.median) ? [[contender, one[name].median]] : [],
    ),
  )
}
