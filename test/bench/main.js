// npm run bench [-- WORKLOAD] [--json] [--rounds N] [--save FILE] [--against FILE] [--target HOST:PORT ...]
// Without a name: the comparison. Each workload sets its own stage, is bounded in number and time, and clears up. One that
// shows a bound to be kept ends with 1 when it is not.
import { readFileSync } from 'node:fs'
import { changesBetween, describeChanges, slowdowns } from './changes.js'
import { comparison, table } from './comparison.js'
import { crowded, describeCrowded } from './crowded.js'
import { describeFlood, flood } from './flood.js'
import { footprint } from './footprint.js'
import { describeIdle, idle } from './idle.js'
import { readOptions, stop } from './options.js'
import { describePage, page } from './page.js'
import { describeRows } from './rows.js'
import { describeSignIn, signIn } from './sign-in.js'
import { describeSoak, soak } from './soak.js'
import { setStage } from './stage.js'
import { readRun, saveRun, thisMachine } from './stored-run.js'
import { createTargetStages } from './target.js'
import { describeWorkers, workers } from './workers.js'

const inRows = (measure) => ({
  inRows: true,
  measure,
  describe: ({ rows }, { target }) => describeRows(rows, target ? 'target' : 'postern'),
})
const workloads = {
  comparison: inRows(comparison),
  ...Object.fromEntries(Object.entries(table).map(([name, measure]) => [name, inRows(measure)])),
  crowded: { measure: crowded, describe: describeCrowded },
  flood: { measure: flood, describe: describeFlood },
  footprint: inRows(footprint),
  idle: { measure: idle, describe: describeIdle },
  page: { measure: page, describe: describePage },
  'sign-in': { measure: signIn, describe: describeSignIn },
  soak: { measure: soak, describe: describeSoak },
  workers: { measure: workers, describe: describeWorkers },
}

const storable = Object.keys(workloads).filter((name) => workloads[name].inRows)
const options = readOptions(process.argv.slice(2), Object.keys(workloads), storable)
const workload = workloads[options.workload]
const machine = thisMachine()
const measured = new Date().toISOString()
const earlier = options.against === undefined ? undefined : await earlierRun(options.against)
const stages = options.target ? createTargetStages(options.target) : { setStage, end() {} }
try {
  const figures = await workload.measure({ ...options, setStage: stages.setStage })
  const changes = earlier && changesBetween(earlier.rows, figures.rows)
  if (options.json) console.log(JSON.stringify({ ...figures, ...(changes && { changes }) }, null, 2))
  else console.log([...workload.describe(figures, options), ...tellOf(earlier, changes)].join('\n'))
  if (options.save !== undefined) await save(options.save, figures)
  if (figures.met === false) process.exitCode = 1
  if (changes && slowdowns(changes).length > 0) process.exitCode = 3
} catch (error) {
  console.error(`${options.workload}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  stages.end()
}

/** Read before anything is measured: the wait would be in vain. */
async function earlierRun(path) {
  try {
    return await readRun(path)
  } catch (error) {
    return stop(2, `--against: ${error instanceof Error ? error.message : error}`)
  }
}

function tellOf(run, changes) {
  return run === undefined ? [] : ['', ...describeChanges(run, machine, changes, options)]
}

async function save(path, { rounds, rows }) {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const of = options.target ? 'target' : `postern ${version}`
  await saveRun(path, { of, measured, rounds, machine, rows })
  console.error(`The figures are in ${path}.`)
}
