// A provider that is 20 ms away, and an application that opens a connection for each message: how long does a message take, from
// connecting to the reply to QUIT?
import { compare } from './compare.js'
import { median } from './figures.js'
import { row, withVerdict } from './rows.js'

const roundTripMilliseconds = 20
const offers = [
  { name: 'CHUNKING and PIPELINING', chunking: true, pipelining: true, atMost: 0.25 },
  { name: 'PIPELINING only', chunking: false, pipelining: true, atMost: 0.33 },
  { name: 'neither', chunking: false, pipelining: false, atMost: 0.42 },
]

/** Messages in a round. */
const usualSizes = { messages: 8 }

export async function latency({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage()
  try {
    const load = stage.worker('load.js')
    const details = []
    for (const { name, atMost, ...offer } of offers) {
      await stage.provider.ask({ do: 'shape', roundTripMilliseconds, ...offer })
      const figures = await measureOffer(stage, load, sizes.messages, rounds)
      const goal = { of: 'ratio', atMost }
      const times = { direct: figures.direct.time.median, through: figures.through.time.median }
      const { unasked } = await stage.provider.ask({ do: 'counts' })
      details.push({
        row: row(`${roundTripMilliseconds} ms away, ${name}`, 'ms', times, goal),
        figures,
        unasked,
      })
    }
    const rows = details.map((detail) => detail.row)
    return withVerdict(rounds, rows, { details })
  } finally {
    await stage.clear()
  }
}

function measureOffer({ direct, through }, load, messages, rounds) {
  const shape = { clients: 1, newConnections: true, messages }
  return compare({ direct, through }, rounds, async (target) => {
    const { each } = await load.ask({ do: 'send', ...shape, ...target })
    return { time: median(each) }
  })
}
