// npm run simulate [-- SCENARIO …] [options]
// Many hosts with very many mailboxes, in virtual time: the token brokers are the real ones; the provider, the store and the clock are not.
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { runScenario, scenarios } from './scenarios.js'

const usage = `npm run simulate [-- SCENARIO …] [options]

  --mailboxes N            that are sent from (100000)
  --hosts N                behind one load balancer (10)
  --messages-per-hour N    of each mailbox, on average (2)
  --seed N                 the same seed gives the same run (1)
  --json                   all figures

Scenarios, all of them without a name:
${Object.keys(scenarios)
  .map((name) => `  ${name}`)
  .join('\n')}

Ends with 1 when a refresh token was spent twice, or a message never got through.`

const options = /** @type {const} */ ({
  mailboxes: { type: 'string', default: '100000' },
  hosts: { type: 'string', default: '10' },
  'messages-per-hour': { type: 'string', default: '2' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})

setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

const { values, names } = read(process.argv.slice(2))
if (values.help) console.log(usage)
else await simulate()

async function simulate() {
  const size = {
    mailboxes: whole('mailboxes'),
    hosts: whole('hosts'),
    messagesPerHour: whole('messages-per-hour'),
    seed: whole('seed'),
  }
  /** @type {Record<string, import('./scenarios.js').Result>} */
  const results = {}
  for (const name of names) {
    const result = await runScenario(name, size)
    results[name] = result
    if (!values.json) console.log(`${describe(name, result).join('\n')}\n`)
  }
  if (values.json) console.log(JSON.stringify({ size, results }, null, 2))
  if (Object.values(results).some(({ reused, waiting }) => reused > 0 || waiting > 0)) process.exitCode = 1
}

function read(words) {
  try {
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true })
    const unknown = positionals.find((name) => scenarios[name] === undefined)
    if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}"`)
    return { values, names: positionals.length > 0 ? positionals : Object.keys(scenarios) }
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

/** @param {'mailboxes' | 'hosts' | 'messages-per-hour' | 'seed'} name */
function whole(name) {
  const value = Number(values[name])
  return Number.isInteger(value) && value >= 1 && value <= 1_000_000
    ? value
    : stop(`--${name} must be a whole number from 1 to 1000000, not ${values[name]}`)
}

/** @returns {never} */
function stop(reason) {
  console.error(`${reason}\n\n${usage}`)
  process.exit(2)
}

/** @param {string} name @param {import('./scenarios.js').Result} result @returns {string[]} Markdown */
function describe(name, { phases, reused, waiting, recoverySeconds, heapPerHost }) {
  const columns = ['seconds', 'requests', 'mostRequests', 'statements', 'changes', 'messages', 'putOff']
  const titles = [
    'seconds',
    'token requests/s',
    'in the busiest second',
    'statements/s',
    'changes/s',
    'messages/s',
    'put off/s',
  ]
  const cells = (phase) =>
    columns.map((column) => Number(phase[column].toPrecision(3)).toLocaleString('en-US'))
  return [
    `## ${name}`,
    '',
    `| | ${titles.join(' | ')} |`,
    `|---|${titles.map(() => '---:').join('|')}|`,
    ...phases.map((phase) => `| ${phase.name} | ${cells(phase).join(' | ')} |`),
    '',
    `${reused} refresh tokens were spent twice; ${waiting} messages never got through; ${(heapPerHost / 1e6).toFixed(0)} MB of memory for the tokens of each host.`,
    ...(recoverySeconds === undefined
      ? []
      : [
          `The last message that had to wait got through ${Math.ceil(recoverySeconds)} s after the end of the outage.`,
        ]),
  ]
}
