// npm run bench [-- WORKLOAD] [--json] [--rounds N]
// Without a name: the comparison. Each workload sets its own stage, is bounded in number and time, and clears up. One that
// shows a bound to be kept ends with 1 when it is not.
import { parseArgs } from 'node:util'
import { comparison, table } from './comparison.js'
import { describeFlood, flood } from './flood.js'
import { describeIdle, idle } from './idle.js'
import { describeRows } from './rows.js'
import { describeSignIn, signIn } from './sign-in.js'
import { describeSoak, soak } from './soak.js'
import { setStage } from './stage.js'

const inRows = (measure) => ({ measure, describe: ({ rows }) => describeRows(rows) })
const workloads = {
  comparison: inRows(comparison),
  ...Object.fromEntries(Object.entries(table).map(([name, measure]) => [name, inRows(measure)])),
  flood: { measure: flood, describe: describeFlood },
  idle: { measure: idle, describe: describeIdle },
  'sign-in': { measure: signIn, describe: describeSignIn },
  soak: { measure: soak, describe: describeSoak },
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
})
const [name = 'comparison'] = positionals
const workload = workloads[name]
if (workload === undefined) {
  console.error(`There is no workload ${name}, only ${Object.keys(workloads).join(', ')}`)
  process.exit(2)
}

const figures = await workload.measure({ rounds: Number(options.rounds), setStage })
console.log(options.json ? JSON.stringify(figures, null, 2) : workload.describe(figures).join('\n'))
if (figures.met === false) process.exitCode = 1
