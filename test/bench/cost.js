// The processor time that a message costs on its way, of the whole process: postern's, and for scale that of a forwarder that reads nothing.
import { compare } from './compare.js'
import { processorMilliseconds } from './figures.js'
import { row, withVerdict } from './rows.js'

const mostMilliseconds = 0.6

/** Messages in a round. The system counts in steps of 10 ms: there must be enough of them. */
const usualSizes = { through: 1000, forwarder: 300 }

export async function cost({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  const { through, forwarder, posternPid, forwarderPid } = stage
  try {
    const load = stage.worker('load.js')
    const pids = { through: posternPid, forwarder: forwarderPid }
    const figures = await compare({ through, forwarder }, rounds, async (target, contender) => {
      const before = await processorMilliseconds(pids[contender])
      const shape = { clients: 1, newConnections: true, messages: sizes[contender] }
      const { each } = await load.ask({ do: 'send', ...shape, ...target })
      return { processor: ((await processorMilliseconds(pids[contender])) - before) / each.length }
    })
    const costs = { through: figures.through.processor.median }
    if (figures.forwarder) costs.forwarder = figures.forwarder.processor.median
    const goal = { of: 'figure', atMost: mostMilliseconds }
    return withVerdict(rounds, [row('processor time a message, 1 client', 'ms', costs, goal)], { figures })
  } finally {
    await stage.clear()
  }
}
