// The same generator sends to the provider directly and through postern; only the ratio means anything on another machine.
import { compareSending, costsOf, mediansOf } from './compare-sending.js'
import { row, withVerdict } from './rows.js'

const shapes = [
  { name: '1 client, new connection per message', clients: 1, newConnections: true, size: 'few' },
  {
    name: '20 clients, new connection per message',
    clients: 20,
    newConnections: true,
    size: 'some',
    goals: { ratio: { atLeast: 1.5 }, processor: { atMost: 0.5 } },
  },
  {
    name: '20 clients, open connections',
    clients: 20,
    newConnections: false,
    size: 'many',
    goals: { ratio: { atLeast: 0.45 }, processor: { atMost: 0.2 } },
  },
]

/** Messages in a round. */
const usualSizes = { few: 200, some: 1200, many: 6000 }

export async function throughput({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarders: true })
  try {
    const load = stage.worker('load.js')
    await stage.provider.ask({ do: 'shape' })
    const rows = []
    const details = []
    for (const { name, goals, size, ...shape } of shapes) {
      const figures = await compareSending(stage, load, {
        contenders: ['direct', 'forwarder', 'stunnel', 'through'],
        rounds,
        shape: () => ({ ...shape, messages: sizes[size] }),
      })
      rows.push(row(name, 'messages/s', mediansOf(figures, 'rate'), goals, costsOf(figures)))
      details.push(figures)
    }
    return withVerdict(rounds, rows, { details })
  } finally {
    await stage.clear()
  }
}
