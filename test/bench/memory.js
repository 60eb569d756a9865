// What a session costs that is signed in and silent: how much postern's resident memory grows for 1,000 of them, with the settings
// that it has by default.
import { freshRounds } from './compare.js'
import { median, pause, residentOctets } from './figures.js'
import { row, withVerdict } from './rows.js'

const mostKilobytes = 25
const usualSizes = { sessions: 1000, settleSeconds: 3 }

export async function memory({ rounds, setStage, sizes = usualSizes }) {
  const figures = await freshRounds(rounds, setStage, {}, (stage) => measureSessions(stage, sizes))
  const kilobytes = median(figures.map(({ octetsPerSession }) => octetsPerSession / 1000))
  const goals = { figure: { atMost: mostKilobytes } }
  const name = `${sizes.sessions.toLocaleString('en-US')} idle sessions, each`
  return withVerdict(rounds, [row(name, 'KB', { through: kilobytes }, goals)], { figures })
}

async function measureSessions({ through, posternPid, worker }, { sessions, settleSeconds }) {
  const load = worker('load.js')
  const shape = { do: 'send', clients: 10, ...through }
  // What a process allocates once, it has after these.
  await load.ask({ ...shape, messages: 200, newConnections: false })
  await load.ask({ ...shape, messages: 200, newConnections: true })
  const before = await residentOctets(posternPid)
  const crowd = worker('idle-crowd.js')
  await crowd.ask({ do: 'open', sessions, ...through })
  await pause(settleSeconds)
  const after = await residentOctets(posternPid)
  const { open } = await crowd.ask({ do: 'count' })
  if (open !== sessions) throw new Error(`${sessions - open} of ${sessions} idle sessions were ended`)
  return { before, after, open, octetsPerSession: (after - before) / sessions }
}
