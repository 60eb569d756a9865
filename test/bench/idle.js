// What 10,000 sessions that are signed in and silent cost: postern's resident memory, and the time of a message beside them.
import { median, megabytes, milliseconds, pause, residentOctets } from './figures.js'

const mostOctets = 250e6
// Nothing may end the sessions while they are counted; each source stays within what one address may have by default.
const settings = { POSTERN_CONNECTIONS: '10100', POSTERN_IDLE_SECONDS: '600' }
const usualSizes = { sessions: 10_000, settleSeconds: 10 }

export async function idle({ setStage, sizes: { sessions, settleSeconds } = usualSizes }) {
  const stage = await setStage({ settings })
  try {
    const load = stage.worker('load.js')
    await latency(load, stage)
    const before = { residentOctets: await residentOctets(stage.posternPid), ...(await latency(load, stage)) }
    const crowd = stage.worker('idle-crowd.js')
    const { seconds } = await crowd.ask({ do: 'open', sessions, ...stage.through })
    await pause(settleSeconds)
    const resident = await residentOctets(stage.posternPid)
    const beside = await latency(load, stage)
    const { open } = await crowd.ask({ do: 'count' })
    const octetsPerSession = (resident - before.residentOctets) / sessions
    return {
      node: process.version,
      sessions,
      open,
      seconds,
      before,
      with: { residentOctets: resident, octetsPerSession, ...beside },
      ratio: beside.openConnection / before.openConnection,
      met: open === sessions && resident < mostOctets,
    }
  } finally {
    await stage.clear()
  }
}

/** Medians in milliseconds, of one client that sends 100 messages. */
async function latency(load, { through }) {
  const shape = { clients: 1, messages: 100, ...through }
  const { each: openConnection } = await load.ask({ do: 'send', ...shape, newConnections: false })
  const { each: newConnection } = await load.ask({ do: 'send', ...shape, newConnections: true })
  return { openConnection: median(openConnection), newConnection: median(newConnection) }
}

export function describeIdle({ sessions, open, seconds, before, with: beside, met }) {
  const row = (name, from, to, ratio) =>
    [name.padEnd(34), from.padStart(10), to.padStart(10), ratio].join('  ')
  const ratio = (name) => (beside[name] / before[name]).toFixed(2).padStart(6)
  const times = (name) => [milliseconds(before[name]), milliseconds(beside[name]), ratio(name)]
  return [
    `${open} of ${sessions} sessions signed in and silent, opened in ${seconds.toFixed(1)} s, Node ${process.version}`,
    '',
    row('', 'before', 'with them', ' ratio'),
    row('resident memory', megabytes(before.residentOctets), megabytes(beside.residentOctets), ''),
    row('a message, open connection', ...times('openConnection')),
    row('a message, new connection', ...times('newConnection')),
    '',
    `${(beside.octetsPerSession / 1000).toFixed(1)} KB a session; ${met ? 'within' : 'NOT within'} ${megabytes(mostOctets)} in all`,
  ]
}
