// Messages of 25 MiB. The provider hashes what arrives, and the hashes are compared: octets that are lost or changed are no rate.
import { mapValues } from './compare.js'
import { compareSending, mediansOf } from './compare-sending.js'
import { forgetPeak, peakOctets, residentOctets } from './figures.js'
import { row, withVerdict } from './rows.js'

const mostGrowth = 64
const crowds = [
  { name: '25 MiB messages, 1 client', clients: 1, atLeast: 0.9 },
  { name: '25 MiB messages, 4 clients', clients: 4, atLeast: 0.8 },
]

/** `messages` is for each client of a round. */
const usualSizes = { octets: 25 * 1024 * 1024, messages: 3 }

export async function large({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  try {
    const load = stage.worker('load.js')
    const before = await prepare(stage, load, sizes)
    const rows = []
    const details = []
    for (const { name, clients, atLeast } of crowds) {
      const figures = await compareSending(stage, load, {
        contenders: ['direct', 'forwarder', 'through'],
        rounds,
        shape: () => ({ clients, newConnections: true, messages: clients * sizes.messages }),
        check: (digests, sent) => checkArrived(digests, before.digest, sent),
      })
      const rates = mapValues(mediansOf(figures, 'rate'), (rate) => (rate * before.octets) / 1e6)
      const processor = figures.through?.processor?.median
      rows.push(row(name, 'MB/s', rates, { of: 'ratio', atLeast }, processor))
      details.push(figures)
    }
    const pid = stage.pids.through
    if (pid) rows.push(growthRow(((await peakOctets(pid)) - before.resident) / 1e6))
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
  await forgetPeak(pids.through)
  return { ...message, resident: await residentOctets(pids.through) }
}

function checkArrived(digests, digest, sent) {
  if (digests[digest] === sent && Object.keys(digests).length === 1) return
  throw new Error(`sent ${digest} ${sent} times, arrived ${JSON.stringify(digests)}`)
}

function growthRow(megabytes) {
  const goal = { of: 'figure', atMost: mostGrowth }
  return row('growth of resident memory beside them', 'MB', { through: megabytes }, goal)
}
