// From the start of the process to the moment when both servers take connections, and the resident memory then.
import { connect } from 'node:net'
import { join } from 'node:path'
import { spawnBroker, writeData } from './broker.js'
import { median, pause, processorBetween, processorTime, residentOctets } from './figures.js'
import { freePorts } from './free-ports.js'
import { row, withVerdict } from './rows.js'

const mostMilliseconds = 500
const mostMegabytes = 100
const giveUpMilliseconds = 20_000
const nothing = { coarse: 0, fine: 0 }

export async function start({ rounds, setStage }) {
  const stage = await setStage()
  try {
    const existing = join(stage.directory, 'existing')
    await writeData(existing)
    /** @type {Record<'existing' | 'fresh', Awaited<ReturnType<typeof startOnce>>[]>} */
    const figures = { existing: [], fresh: [] }
    for (let round = 0; round <= rounds; round++) {
      const fresh = join(stage.directory, `fresh-${round}`)
      const [onExisting, onFresh] = [await startOnce(stage, existing), await startOnce(stage, fresh)]
      if (round === 0) continue
      figures.existing.push(onExisting)
      figures.fresh.push(onFresh)
    }
    const rows = [
      ...rowsOf('a data directory that exists', figures.existing),
      ...rowsOf('a new data directory', figures.fresh),
    ]
    return withVerdict(rounds, rows, { figures })
  } finally {
    await stage.clear()
  }
}

function rowsOf(name, figures) {
  const middle = (figure) => ({ through: median(figures.map((one) => one[figure])) })
  const within = (atMost) => ({ figure: { atMost } })
  const processor = middle('processor')
  return [
    row(`start, ${name}`, 'ms', middle('milliseconds'), within(mostMilliseconds), {
      processor,
      used: processor.through,
    }),
    row(`resident then, ${name}`, 'MB', middle('megabytes'), within(mostMegabytes)),
  ]
}

/** @param {import('./stage.js').Stage} stage @param {string} dataDirectory */
export async function startOnce({ directory, environment }, dataDirectory) {
  const [smtp, web] = await freePorts(2)
  const own = {
    ...environment,
    POSTERN_DATA_DIR: dataDirectory,
    POSTERN_SMTP_LISTEN: `127.0.0.1:${smtp}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${web}`,
  }
  const began = performance.now()
  const broker = await spawnBroker(directory, own)
  try {
    for (const port of [smtp, web]) await untilListening(port, began)
    const milliseconds = performance.now() - began
    const pid = Number(broker.process.pid)
    const processor = processorBetween(nothing, await processorTime(pid))
    return { milliseconds, processor, megabytes: (await residentOctets(pid)) / 1e6 }
  } finally {
    await broker.stop()
  }
}

async function untilListening(port, began) {
  while (performance.now() - began < giveUpMilliseconds) {
    if (await accepts(port)) return
    await pause(0.001)
  }
  throw new Error(`nobody listens at ${port}`)
}

function accepts(port) {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    const answer = (yes) => {
      socket.destroy()
      resolve(yes)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}
