// Every workload of the table, one after the other, each on a stage of its own.
import { cost } from './cost.js'
import { large } from './large.js'
import { latency } from './latency.js'
import { withVerdict } from './rows.js'
import { throughput } from './throughput.js'

export const table = { latency, throughput, large, cost }

/** @returns {Promise<{ rows: import('./rows.js').Row[], met: boolean }>} */
export async function comparison(request) {
  const rows = []
  const details = {}
  for (const [name, measure] of Object.entries(table)) {
    details[name] = await measure(request)
    rows.push(...details[name].rows)
  }
  return withVerdict(request.rounds, rows, { details })
}
