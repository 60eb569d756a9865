// Messages of 25 MiB. The provider hashes what arrives, and the hashes are compared: octets that are lost or changed are no rate.
import { mapValues } from './compare.js'
import { compareSending, costsOf, mediansOf } from './compare-sending.js'
import { residentOctets } from './figures.js'
import { row, withVerdict } from './rows.js'

const mostGrowth = 64
const crowds = [
  { name: '25 MiB messages, 1 client', clients: 1, goals: { ratio: { atLeast: 0.85 } } },
  {
    name: '25 MiB messages, 4 clients',
    clients: 4,
    goals: { ratio: { atLeast: 0.75 }, processor: { atMost: 45 } },
  },
]

/** `messages` is for each client of a round. */
const usualSizes = { octets: 25 * 1024 * 1024, messages: 3 }

export async function large({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarders: true })
  try {
    const load = stage.worker('load.js')
    const before = await prepare(stage, load, sizes)
    const rows = []
    const details = []
    for (const { name, clients, goals } of crowds) {
      const figures = await compareSending(stage, load, {
        contenders: ['direct', 'forwarder', 'stunnel', 'through'],
        rounds,
        shape: () => ({ clients, newConnections: true, messages: clients * sizes.messages }),
        check: (digests, sent) => checkArrived(digests, before.digest, sent),
      })
      const rates = mapValues(mediansOf(figures, 'rate'), (rate) => (rate * before.octets) / 1e6)
      rows.push(row(name, 'MB/s', rates, goals, costsOf(figures)))
      details.push(figures)
    }
    if (stage.pids.through) rows.push(growthRow(details, before.resident))
    return withVerdict(rounds, rows, { details, ...before })
  } finally {
    await stage.clear()
  }
}

/** The message, and the memory that the process has when it has sent a small one. */
async function prepare({ provider, through, pids }, load, { octets }) {
  await provider.ask({ do: 'shape', digests: true })
  await load.ask({ do: 'send', clients: 1, newConnections: true, messages: 1, ...through })
  await provider.ask({ do: 'count' })
  const message = await load.ask({ do: 'prepare', octets })
  if (!pids.through) return message
  return { ...message, resident: await residentOctets(pids.through) }
}

function checkArrived(digests, digest, sent) {
  if (digests[digest] === sent && Object.keys(digests).length === 1) return
  throw new Error(`sent ${digest} ${sent} times, arrived ${JSON.stringify(digests)}`)
}

function growthRow(details, residentBefore) {
  const peak = Math.max(...details.flatMap(({ through }) => through.memory.rounds))
  const goals = { figure: { atMost: mostGrowth } }
  return row('growth of resident memory beside them', 'MB', { through: peak - residentBefore / 1e6 }, goals)
}
