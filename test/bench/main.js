// npm run bench [-- WORKLOAD] [--json] [--rounds N] [--target HOST:PORT ...]
// Without a name: the comparison. Each workload sets its own stage, is bounded in number and time, and clears up. One that
// shows a bound to be kept ends with 1 when it is not.
import { comparison, table } from './comparison.js'
import { describeFlood, flood } from './flood.js'
import { footprint } from './footprint.js'
import { describeIdle, idle } from './idle.js'
import { readOptions } from './options.js'
import { describePage, page } from './page.js'
import { describeRows } from './rows.js'
import { describeSignIn, signIn } from './sign-in.js'
import { describeSoak, soak } from './soak.js'
import { setStage } from './stage.js'
import { createTargetStages } from './target.js'

const inRows = (measure) => ({
  measure,
  describe: ({ rows }, { target }) => describeRows(rows, target ? 'target' : 'postern'),
})
const workloads = {
  comparison: inRows(comparison),
  ...Object.fromEntries(Object.entries(table).map(([name, measure]) => [name, inRows(measure)])),
  flood: { measure: flood, describe: describeFlood },
  footprint: inRows(footprint),
  idle: { measure: idle, describe: describeIdle },
  page: { measure: page, describe: describePage },
  'sign-in': { measure: signIn, describe: describeSignIn },
  soak: { measure: soak, describe: describeSoak },
}

const options = readOptions(process.argv.slice(2), Object.keys(workloads))
const workload = workloads[options.workload]
const stages = options.target ? createTargetStages(options.target) : { setStage, end() {} }
try {
  const figures = await workload.measure({ ...options, setStage: stages.setStage })
  console.log(
    options.json ? JSON.stringify(figures, null, 2) : workload.describe(figures, options).join('\n'),
  )
  if (figures.met === false) process.exitCode = 1
} catch (error) {
  console.error(`${options.workload}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  stages.end()
}
