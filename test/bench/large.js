// Messages of 25 MiB. The provider hashes what arrives, and the hashes are compared: octets that are lost or changed are no rate.
import { compare } from './compare.js'
import { forgetPeak, peakOctets, residentOctets } from './figures.js'
import { row, withVerdict } from './rows.js'

const mostGrowth = 64e6

/** `messages` is for each client of a round. */
const usualSizes = { octets: 25 * 1024 * 1024, messages: 3 }

export async function large({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarder: true })
  try {
    const load = stage.worker('load.js')
    const message = await load.ask({ do: 'prepare', octets: sizes.octets })
    await load.ask({ do: 'send', clients: 1, newConnections: true, messages: 1, ...stage.through })
    const before = await watchMemory(stage.posternPid)
    const details = []
    for (const [clients, atLeast] of [
      [1, 0.9],
      [4, 0.8],
    ]) {
      const name = clients === 1 ? '25 MiB messages, 1 client' : `25 MiB messages, ${clients} clients`
      const figures = await measureClients(stage, load, message, sizes, clients, rounds)
      const rates = Object.fromEntries(Object.entries(figures).map(([key, { rate }]) => [key, rate.median]))
      details.push({ row: row(name, 'MB/s', rates, { of: 'ratio', atLeast }), figures })
    }
    const rows = details.map((detail) => detail.row)
    if (before !== undefined) rows.push(await growthRow(stage.posternPid, before))
    return withVerdict(rounds, rows, { details, message })
  } finally {
    await stage.clear()
  }
}

async function measureClients(stage, load, { octets, digest }, { messages }, clients, rounds) {
  const { direct, forwarder, through, provider } = stage
  const shape = { clients, newConnections: true, messages: clients * messages }
  return compare({ direct, forwarder, through }, rounds, async (target, contender) => {
    await provider.ask({ do: 'shape', digests: true })
    const { each, milliseconds } = await load.ask({ do: 'send', ...shape, ...target })
    const { digests } = await provider.ask({ do: 'counts' })
    if (digests[digest] !== each.length || Object.keys(digests).length !== 1) {
      throw new Error(`${contender}: sent ${each.length} times ${digest}, arrived ${JSON.stringify(digests)}`)
    }
    return { rate: (each.length * octets) / 1e6 / (milliseconds / 1000) }
  })
}

async function watchMemory(pid) {
  if (pid === undefined) return undefined
  await forgetPeak(pid)
  return residentOctets(pid)
}

async function growthRow(pid, before) {
  const grown = ((await peakOctets(pid)) - before) / 1e6
  return row(
    'growth of resident memory beside them',
    'MB',
    { through: grown },
    { of: 'figure', atMost: mostGrowth / 1e6 },
  )
}
