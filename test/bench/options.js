import { isIPv4 } from 'node:net'
import { parseArgs } from 'node:util'

// What can be measured of a process that somebody else has started: from outside, and with its pid.
const forTargets = ['comparison', 'latency', 'throughput', 'large', 'herd']
const forTargetsByPid = ['cost', 'memory']

const usage = `npm run bench [-- WORKLOAD] [options]

  --rounds N               counted rounds; one more comes first and warms up (5)
  --json                   all figures, those of every round too
  --save FILE              where the figures of the run are stored (of a run of all workloads: bench-run.json)
  --against FILE           beside its figures, the change since a run that was stored

Ends with 1 when a goal is missed or a workload fails, with 3 when one takes over 10 % more processor time than in the run of --against.

Another proxy in postern's place, for latency, throughput, large, cost, memory and herd:
  --target HOST:PORT       where it takes mail, plain, on this machine
  --target-user NAME       what to sign in with, by AUTH PLAIN
  --target-password TEXT
  --target-auth TEXT       instead: what follows AUTH; XOAUTH2 alone for one that passes its clients' tokens on
  --target-pid PID         its process, of the same user: for processor time and memory
  --provider-port PORT     where the bench's provider takes mail with STARTTLS (2590); with TLS at once, the next port
  --token-port PORT        where its token endpoint is (2592)
  --ca-file FILE           where the certificate of the provider is written (bench-ca.pem)
`

const text = /** @type {const} */ ({ type: 'string' })
const yes = /** @type {const} */ ({ type: 'boolean', default: false })
const known = {
  json: yes,
  help: yes,
  rounds: { ...text, default: '5' },
  save: text,
  against: text,
  target: text,
  'target-user': text,
  'target-password': text,
  'target-auth': text,
  'target-pid': text,
  'provider-port': { ...text, default: '2590' },
  'token-port': { ...text, default: '2592' },
  'ca-file': { ...text, default: 'bench-ca.pem' },
}

/**
 * Ends the process where they cannot be read.
 *
 * @param {string[]} words
 * @param {string[]} workloads
 * @param {string[]} storable those whose figures can be stored
 */
export function readOptions(words, workloads, storable) {
  const { values, positionals } = parse(words)
  if (values.help) stop(0, `${usage}\nWorkloads: ${workloads.join(', ')}`)
  const [workload = 'comparison', ...rest] = positionals
  if (!workloads.includes(workload) || rest.length > 0) {
    stop(2, `There is no workload ${positionals.join(' ')}, only ${workloads.join(', ')}`)
  }
  const { save, against } = values
  if (!storable.includes(workload) && (save ?? against) !== undefined) {
    stop(2, `--save and --against are for ${storable.join(', ')}`)
  }
  const whole = workload === 'comparison'
  return {
    workload,
    whole,
    json: values.json,
    save: save ?? (whole && values.target === undefined ? 'bench-run.json' : undefined),
    against,
    rounds: number('rounds', values.rounds, 1000),
    target: values.target === undefined ? undefined : readTarget(values, workload),
  }
}

/** @returns {{ values: Record<string, any>, positionals: string[] }} */
function parse(words) {
  try {
    return parseArgs({ args: words, allowPositionals: true, options: known })
  } catch (error) {
    return stop(2, `${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
}

/** @returns {import('./target.js').TargetOptions} */
function readTarget(values, workload) {
  const { target, 'target-auth': auth, 'target-user': user, 'target-password': password } = values
  if (auth === undefined && (user === undefined || password === undefined)) {
    stop(2, '--target needs --target-user and --target-password, or --target-auth')
  }
  const pid = values['target-pid']
  if (![...forTargets, ...(pid ? forTargetsByPid : [])].includes(workload)) {
    stop(
      2,
      `A target can be measured by ${forTargets.join(', ')}; with --target-pid by ${forTargetsByPid.join(', ')}`,
    )
  }
  const providerPort = number('provider-port', values['provider-port'], 65_534)
  return {
    ...readAddress(target),
    auth,
    user,
    password,
    pid: pid === undefined ? undefined : number('target-pid', pid, 2 ** 22),
    providerPort,
    implicitPort: providerPort + 1,
    tokenPort: number('token-port', values['token-port'], 65_535),
    caFile: values['ca-file'],
  }
}

function readAddress(target) {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(target) ?? []
  const address = host === 'localhost' ? '127.0.0.1' : host
  if (isIPv4(address) && address.startsWith('127.')) {
    return { host: address, port: number('target', port, 65_535) }
  }
  return stop(2, `--target must be host:port on the loopback of this machine, not ${target}`)
}

function number(name, text, most) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  return stop(2, `--${name} must be a whole number from 1 to ${most}, not ${text}`)
}

/** @param {number} code @param {string} text @returns {never} */
export function stop(code, text) {
  if (code === 0) console.log(text)
  else console.error(text)
  process.exit(code)
}
