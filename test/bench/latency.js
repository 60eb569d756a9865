// A provider that is 20 ms away, and an application that opens a connection for each message: how long does a message take, from
// connecting to the reply to QUIT?
import { compareSending, costsOf, mediansOf } from './compare-sending.js'
import { row, withVerdict } from './rows.js'

const roundTripMilliseconds = 20
const offers = [
  { name: 'CHUNKING and PIPELINING', chunking: true, pipelining: true, atMost: 0.22 },
  { name: 'the same, TLS at once', chunking: true, pipelining: true, atMost: 0.22, atOnce: true },
  { name: 'PIPELINING only', chunking: false, pipelining: true, atMost: 0.33 },
  { name: 'neither', chunking: false, pipelining: false, atMost: 0.42 },
]

/** Messages in a round. */
const usualSizes = { messages: 8 }

export async function latency({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarders: true })
  try {
    const load = stage.worker('load.js')
    const rows = []
    const details = []
    for (const { name, atMost, atOnce, ...offer } of offers) {
      await stage.provider.ask({ do: 'shape', roundTripMilliseconds, ...offer })
      // The forwarders are faithful to TLS at once, and heed no offer: one row tells all of them.
      const way = atOnce ? { ...stage, direct: stage.directAtOnce } : stage
      const figures = await compareSending(way, load, {
        contenders: atOnce ? ['direct', 'forwarder', 'stunnel', 'through'] : ['direct', 'through'],
        rounds,
        shape: () => ({ clients: 1, newConnections: true, ...sizes }),
      })
      const times = mediansOf(figures, 'time')
      const goals = { ratio: { atMost } }
      rows.push(row(`${roundTripMilliseconds} ms away, ${name}`, 'ms', times, goals, costsOf(figures)))
      details.push(figures)
    }
    return withVerdict(rounds, rows, { details })
  } finally {
    await stage.clear()
  }
}
