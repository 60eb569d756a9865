// The same generator sends to the provider directly and through postern; only the ratio means anything on another machine.
import { compareSending, mediansOf } from './compare-sending.js'
import { row, withVerdict } from './rows.js'

const shapes = [
  { name: '1 client, new connection per message', clients: 1, newConnections: true, size: 'few' },
  {
    name: '20 clients, new connection per message',
    clients: 20,
    newConnections: true,
    size: 'some',
    goal: { of: 'ratio', atLeast: 1.5 },
  },
  {
    name: '20 clients, open connections',
    clients: 20,
    newConnections: false,
    size: 'many',
    goal: { of: 'ratio', atLeast: 0.6 },
  },
]

/** Messages in a round. */
const usualSizes = { few: 200, some: 1200, many: 6000 }

export async function throughput({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  try {
    const load = stage.worker('load.js')
    await stage.provider.ask({ do: 'shape' })
    const rows = []
    const details = []
    for (const { name, goal, size, ...shape } of shapes) {
      const figures = await compareSending(stage, load, {
        contenders: ['direct', 'forwarder', 'through'],
        rounds,
        shape: () => ({ ...shape, messages: sizes[size] }),
      })
      const processor = figures.through?.processor?.median
      rows.push(row(name, 'messages/s', mediansOf(figures, 'rate'), goal, processor))
      details.push(figures)
    }
    return withVerdict(rounds, rows, { details })
  } finally {
    await stage.clear()
  }
}
