// Every workload of the table, one after the other, each on a stage of its own.
import { allowanceKept } from './allowance.js'
import { cost } from './cost.js'
import { herd } from './herd.js'
import { large } from './large.js'
import { latency } from './latency.js'
import { memory } from './memory.js'
import { failedRow, withVerdict } from './rows.js'
import { start } from './start.js'
import { throughput } from './throughput.js'
import { token } from './token.js'

export const table = {
  latency,
  throughput,
  large,
  cost,
  memory,
  herd,
  start,
  token,
  allowance: allowanceKept,
}

/** What can be seen of a process that somebody else has started, from outside and by its pid. */
const ofTargets = ['latency', 'throughput', 'large']
const ofTargetsByPid = ['cost', 'memory']

/** @returns {Promise<{ rows: import('./rows.js').Row[], met: boolean }>} */
export async function comparison(request) {
  const rows = []
  const details = {}
  for (const [name, measure] of Object.entries(table)) {
    if (!isFor(request.target, name)) continue
    const began = performance.now()
    try {
      details[name] = await measure(request)
      rows.push(...details[name].rows)
    } catch (error) {
      rows.push(failedRow(name, error))
    }
    console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  return withVerdict(request.rounds, rows, { details })
}

/** The herd is left out: it needs a target that has no token yet, and a provider that forgives nothing. */
function isFor(target, name) {
  if (target === undefined) return true
  return ofTargets.includes(name) || (target.pid !== undefined && ofTargetsByPid.includes(name))
}
