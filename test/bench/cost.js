// The processor time that a message costs on its way, of the whole process: postern's, and for scale that of forwarders that read nothing.
import { compareSending, costsOf, mediansOf } from './compare-sending.js'
import { row, withVerdict } from './rows.js'

const mostMilliseconds = 0.7

/** Messages in a round. */
const usualSizes = { through: 3000, others: 300 }

export async function cost({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage({ withForwarders: true })
  try {
    const load = stage.worker('load.js')
    const figures = await compareSending(stage, load, {
      contenders: ['forwarder', 'stunnel', 'through'],
      rounds,
      shape: (contender) => ({
        clients: 1,
        newConnections: true,
        messages: sizes[contender] ?? sizes.others,
      }),
    })
    const name = `1 client, ${sizes.through.toLocaleString('en-US')} new connections, a message each`
    const goals = { processor: { atMost: mostMilliseconds } }
    const rows = [row(name, 'messages/s', mediansOf(figures, 'rate'), goals, costsOf(figures))]
    return withVerdict(rounds, rows, { figures })
  } finally {
    await stage.clear()
  }
}
