// The same generator sends to the provider directly and through postern; only the ratio means anything on another machine.
import { compare } from './compare.js'
import { processorMilliseconds } from './figures.js'
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
const usualSizes = { few: 100, some: 400, many: 3000 }

export async function throughput({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  try {
    const load = stage.worker('load.js')
    const details = []
    for (const { name, goal, size, ...shape } of shapes) {
      await stage.provider.ask({ do: 'shape' })
      details.push(await measureShape(stage, load, { ...shape, messages: sizes[size] }, rounds, name, goal))
    }
    const rows = details.map((detail) => detail.row)
    return withVerdict(rounds, rows, { details })
  } finally {
    await stage.clear()
  }
}

async function measureShape({ direct, forwarder, through, posternPid }, load, shape, rounds, name, goal) {
  const figures = await compare({ direct, forwarder, through }, rounds, async (target, contender) => {
    const before = contender === 'through' && posternPid ? await processorMilliseconds(posternPid) : undefined
    const { each, milliseconds } = await load.ask({ do: 'send', ...shape, ...target })
    const rate = each.length / (milliseconds / 1000)
    if (before === undefined) return { rate }
    return { rate, processor: ((await processorMilliseconds(posternPid)) - before) / each.length }
  })
  const rates = Object.fromEntries(Object.entries(figures).map(([key, { rate }]) => [key, rate.median]))
  return { row: row(name, 'messages/s', rates, goal), figures }
}
