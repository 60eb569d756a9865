// 3,000 sessions that send, break off, reset, sign in badly or just leave: postern's descriptors and memory afterwards.
import { megabytes, openDescriptors, pause, residentOctets } from './figures.js'

// What a process allocates once, it has after the warm-up.
const usualSizes = { sessions: 3000, warmUpSessions: 3000 }
const settleSeconds = 15
const mostGrowth = 0.1
// Warm connections to the provider are not a leak: they go soon, here. Bad sign-ins are answered, not slowed down.
const settings = {
  POSTERN_UPSTREAM_IDLE_SECONDS: '1',
  POSTERN_GUESSES_PER_SOURCE: '100000',
  POSTERN_GUESSES_PER_NAME: '100000',
  POSTERN_GUESSES_IN_ALL: '100000',
}

export async function soak({ setStage, sizes: { sessions, warmUpSessions } = usualSizes }) {
  const stage = await setStage({ settings })
  try {
    const { descriptors: idle } = await measure(stage)
    const crowd = stage.worker('soak-crowd.js')
    await crowd.ask({ do: 'run', sessions: warmUpSessions, ...stage.through })
    await settle(stage, idle)
    const before = await measure(stage)
    const { seconds, kinds } = await crowd.ask({ do: 'run', sessions, ...stage.through })
    await settle(stage, idle)
    const after = await measure(stage)
    const grown = after.residentOctets / before.residentOctets - 1
    const met = after.descriptors <= idle && grown < mostGrowth
    return { node: process.version, sessions, seconds, kinds, idle, before, after, met }
  } finally {
    await stage.clear()
  }
}

/** Until no more descriptors are open than `base`, for a bounded time. */
async function settle({ posternPid }, base) {
  for (let second = 0; second < settleSeconds; second++) {
    await pause(1)
    if ((await openDescriptors(posternPid)) <= base) return
  }
}

async function measure({ posternPid }) {
  return {
    descriptors: await openDescriptors(posternPid),
    residentOctets: await residentOctets(posternPid),
  }
}

export function describeSoak({ sessions, seconds, kinds, idle, before, after, met }) {
  const row = (name, ...cells) => name.padEnd(34) + cells.map((cell) => String(cell).padStart(12)).join('')
  return [
    `${sessions} sessions in ${seconds.toFixed(1)} s: ${Object.entries(kinds)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}; Node ${process.version}`,
    '',
    row('', 'at start', 'before', 'after'),
    row('open descriptors', idle, before.descriptors, after.descriptors),
    row('resident memory', '', megabytes(before.residentOctets), megabytes(after.residentOctets)),
    '',
    met ? 'Back to where it was' : 'NOT back to where it was',
  ]
}
