// Several processes on one PostgreSQL: those that share an address (POSTERN_WORKERS) beside as many with an address each.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresPrograms, startPostgres } from '../support/postgres.js'
import { runCommand, startBroker, writeData } from './broker.js'
import { freePorts } from './free-ports.js'
import { setStage } from './stage.js'

const contenders = [
  { name: '1 process', processes: 1, workers: 1 },
  { name: '2 workers', processes: 1, workers: 2 },
  { name: '2 processes', processes: 2, workers: 1 },
  { name: '4 workers', processes: 1, workers: 4 },
  { name: '4 processes', processes: 4, workers: 1 },
]
const shapes = [
  { name: 'open connections', newConnections: false, size: 'many' },
  { name: 'a connection for each message', newConnections: true, size: 'some' },
]
const clients = 20
const usualSizes = { many: 6000, some: 1200 }

export async function workers({ sizes = usualSizes }) {
  if (postgresPrograms() === undefined) throw new Error('there is no PostgreSQL server here')
  // With each commit on disk, as in use.
  const server = await startPostgres({ durable: true })
  try {
    const rows = []
    for (const contender of contenders) rows.push(...(await measure(contender, sizes, server.url)))
    return { node: process.version, rows }
  } finally {
    await server.close()
  }
}

async function measure({ name, processes, workers: count }, sizes, serverUrl) {
  const database = new URL(serverUrl)
  database.pathname = `/bench_${count}_${processes}`
  const [web, smtp] = await freePorts(2)
  const settings = {
    POSTERN_DATABASE_URL: database.href,
    POSTERN_WORKERS: String(count),
    POSTERN_WEB_LISTEN: `127.0.0.1:${web}`,
    POSTERN_SMTP_LISTEN: `127.0.0.1:${smtp}`,
    POSTERN_LOG_LEVEL: 'warn',
  }
  const stage = await setStage({
    settings,
    limits: { connections: 2 * clients },
    async fill(dataDirectory) {
      const credentials = await writeData(dataDirectory)
      await createDatabase(serverUrl, database)
      const environment = { PATH: process.env.PATH ?? '', POSTERN_DATA_DIR: dataDirectory }
      await runCommand(['store', 'copy', '--to', database.href, '--json'], environment)
      return credentials
    },
  })
  const others = []
  try {
    for (let place = 1; place < processes; place += 1) others.push(await another(stage, place))
    const targets = [stage.through, ...others.map(({ smtpPort }) => ({ ...stage.through, port: smtpPort }))]
    const loads = Array.from({ length: Math.max(processes, count) }, () => stage.worker('load.js'))
    await stage.provider.ask({ do: 'shape' })
    const send = async (shape, messages) => {
      const each = Math.ceil(messages / loads.length)
      const parts = await Promise.all(
        loads.map((load, place) =>
          load.ask({
            do: 'send',
            newConnections: shape.newConnections,
            clients: Math.ceil(clients / loads.length),
            messages: each,
            mostMilliseconds: 60_000,
            ...targets[place % targets.length],
          }),
        ),
      )
      const sent = parts.flatMap((part) => part.each)
      const { messages: arrived } = await stage.provider.ask({ do: 'count' })
      if (arrived !== sent.length) throw new Error(`${name}: sent ${sent.length}, arrived ${arrived}`)
      return { sent, milliseconds: Math.max(...parts.map(({ milliseconds }) => milliseconds)) }
    }
    const rows = []
    for (const shape of shapes) {
      // Everybody has connections to the provider then.
      await send(shape, sizes[shape.size] / 10)
      const { sent, milliseconds } = await send(shape, sizes[shape.size])
      sent.sort((one, other) => one - other)
      rows.push({
        contender: name,
        shape: shape.name,
        rate: sent.length / (milliseconds / 1000),
        median: sent[Math.floor(sent.length / 2)],
        p99: sent[Math.floor(sent.length * 0.99)],
      })
    }
    return rows
  } finally {
    for (const other of others) await other.stop()
    await stage.clear()
  }
}

async function createDatabase(serverUrl, database) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(`create database ${database.pathname.slice(1)}`)
  await client.end()
}

/** With a data directory and an address of its own. */
async function another(stage, place) {
  const directory = join(stage.directory, `other-${place}`)
  await mkdir(directory)
  const dataDirectory = join(directory, 'data')
  await writeData(dataDirectory)
  return startBroker(directory, {
    ...stage.environment,
    POSTERN_DATA_DIR: dataDirectory,
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
  })
}

export function describeWorkers({ node, rows }) {
  const lines = rows.map(({ contender, shape, rate, median, p99 }) =>
    [
      contender.padEnd(12),
      shape.padEnd(30),
      rate.toFixed(0).padStart(11),
      median.toFixed(1).padStart(10),
      p99.toFixed(1).padStart(10),
    ].join('  '),
  )
  const heading = [
    ''.padEnd(12),
    `${clients} clients`.padEnd(30),
    'messages/s'.padStart(11),
    'median ms'.padStart(10),
    'p99 ms'.padStart(10),
  ].join('  ')
  return [`Node.js ${node}, PostgreSQL on the same machine`, heading, ...lines]
}
