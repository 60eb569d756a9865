// The processor time that a message costs on its way, of the whole process: postern's, and for scale that of a forwarder that reads nothing.
import { compareSending, mediansOf } from './compare-sending.js'
import { row, withVerdict } from './rows.js'

const mostMilliseconds = 0.6

/** Messages in a round. The system counts in steps of 10 ms: there must be enough of them. */
const usualSizes = { through: 3000, forwarder: 300 }

export async function cost({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  try {
    const load = stage.worker('load.js')
    const figures = await compareSending(stage, load, {
      contenders: ['forwarder', 'through'],
      rounds,
      shape: (contender) => ({ clients: 1, newConnections: true, messages: sizes[contender] }),
    })
    const goal = { of: 'figure', atMost: mostMilliseconds }
    const costs = mediansOf(figures, 'processor')
    return withVerdict(rounds, [row('processor time a message, 1 client', 'ms', costs, goal)], { figures })
  } finally {
    await stage.clear()
  }
}
