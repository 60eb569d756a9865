// npm run bench [-- --json] [-- --rounds N]
// The same generator sends to the provider directly and through postern, interleaved in one run; figures are
// medians of the rounds, and only the ratio means anything on another machine.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
})
const rounds = Number(options.rounds)
const workloads = [
  { name: '1 client, new connection per message', clients: 1, newConnections: true, messages: 60 },
  { name: '20 clients, new connection per message', clients: 20, newConnections: true, messages: 200 },
  { name: '20 clients, open connections', clients: 20, newConnections: false, messages: 1000 },
]
const mailbox = 'bench@example.com'
const accessToken = `bench-${'t'.repeat(1400)}`
const here = import.meta.dirname
const postern = resolve(here, '../../dist/main.js')
const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'))

const provider = fork(join(here, 'provider.js'), { env: { ...process.env, BENCH_ACCESS_TOKEN: accessToken } })
const [facts] = await once(provider, 'message')
const environment = await settings(facts)
const password = await prepare()
const broker = spawn(process.execPath, [postern, 'serve'], {
  env: environment,
  stdio: 'ignore',
})
const load = fork(join(here, 'load.js'))
try {
  const smtpPort = await listening()
  const direct = {
    port: facts.smtpPort,
    ca: facts.ca,
    auth: `XOAUTH2 ${base64(`user=${mailbox}\u0001auth=Bearer ${accessToken}\u0001\u0001`)}`,
    mailbox,
  }
  const through = { port: smtpPort, auth: `PLAIN ${base64(`\u0000${mailbox}\u0000${password}`)}`, mailbox }
  await report(await measure(direct, through))
} finally {
  load.disconnect()
  broker.kill()
  await once(broker, 'exit')
  provider.disconnect()
  await rm(directory, { recursive: true })
}

async function settings({ smtpPort, tokenPort, ca }) {
  const providersFile = join(directory, 'providers.json')
  const caFile = join(directory, 'ca.pem')
  await writeFile(caFile, ca)
  const bench = {
    id: 'bench',
    name: 'Bench',
    authorizationEndpoint: `http://127.0.0.1:${tokenPort}/authorize`,
    tokenEndpoint: `http://127.0.0.1:${tokenPort}/token`,
    scopes: ['mail'],
    authorizationParameters: {},
    clientId: 'bench',
    smtp: { host: 'localhost', port: smtpPort, tls: 'starttls' },
    mechanisms: ['XOAUTH2'],
    limits: { connections: 20 },
  }
  await writeFile(providersFile, JSON.stringify({ providers: [bench] }))
  return {
    PATH: process.env.PATH,
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_PROVIDERS_FILE: providersFile,
    POSTERN_EXTRA_CA_FILE: caFile,
    POSTERN_LOG_LEVEL: 'warn',
  }
}

async function prepare() {
  const tokenFile = join(directory, 'refresh-token')
  await writeFile(tokenFile, 'bench-refresh-token', { mode: 0o600 })
  await command('mailbox', 'add', mailbox, '--provider', 'bench', '--refresh-token-file', tokenFile)
  return JSON.parse(await command('login', 'add', mailbox, '--json')).password
}

async function command(...words) {
  const child = spawn(process.execPath, [postern, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`postern ${words[0]} ${words[1]} ended with ${code}`)
  return output
}

async function listening() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const text = await readFile(join(directory, 'data/running.json'), 'utf8').catch(() => undefined)
    if (text) return JSON.parse(text).smtp[0].port
    await new Promise((later) => setTimeout(later, 50))
  }
  throw new Error('postern did not start')
}

async function run(job) {
  load.send(job)
  const [result] = await once(load, 'message')
  if (result.error) throw new Error(result.error)
  return result.messages / (result.milliseconds / 1000)
}

async function measure(direct, through) {
  const results = []
  for (const workload of workloads) {
    const rates = { direct: [], postern: [] }
    for (let round = 0; round <= rounds; round++) {
      const pair = [
        await run({ ...workload, ...direct, messages: workload.messages }),
        await run({ ...workload, ...through, messages: workload.messages }),
      ]
      // The first round warms both sides up and is not counted.
      if (round === 0) continue
      rates.direct.push(pair[0])
      rates.postern.push(pair[1])
    }
    const [directRate, posternRate] = [median(rates.direct), median(rates.postern)]
    results.push({ workload: workload.name, directRate, posternRate, ratio: posternRate / directRate })
  }
  return results
}

async function report(results) {
  if (options.json) {
    console.log(JSON.stringify({ rounds, node: process.version, results }, null, 2))
    return
  }
  console.log(`Messages of 5 KB a second, medians of ${rounds} rounds, Node ${process.version}\n`)
  console.log(`${'workload'.padEnd(42)}${'direct'.padStart(9)}${'postern'.padStart(9)}${'ratio'.padStart(8)}`)
  for (const { workload, directRate, posternRate, ratio } of results) {
    const figures = [
      directRate.toFixed(0).padStart(9),
      posternRate.toFixed(0).padStart(9),
      ratio.toFixed(2).padStart(8),
    ]
    console.log(workload.padEnd(42) + figures.join(''))
  }
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]
}

function base64(text) {
  return Buffer.from(text, 'utf8').toString('base64')
}
