// A provider that allows three connections for the mailbox, as Exchange Online does, and 20 clients that send 2,000 messages. Nobody may be
// refused, nothing lost, and the provider never sees a fourth connection sign in. Half of the clients stay connected.
import { row, withVerdict } from './rows.js'

const allowance = 3
const usualSizes = { clients: 20, messages: 2000 }
const mostMilliseconds = 100_000

export async function allowanceKept({ setStage, sizes = usualSizes }) {
  const stage = await setStage({ limits: { connections: allowance } })
  try {
    const load = stage.worker('load.js')
    await stage.provider.ask({ do: 'shape', allowance, digests: true })
    const shape = {
      ...sizes,
      newConnections: 'half',
      numberThem: true,
      countFailures: true,
      mostMilliseconds,
    }
    const { each, digests, failures, milliseconds } = await load.ask({
      do: 'send',
      ...shape,
      ...stage.through,
    })
    if (each.length < sizes.messages) throw new Error(`only ${each.length} messages were begun in time`)
    const counts = await stage.provider.ask({ do: 'count' })
    const lost = digests.filter((digest) => counts.digests[digest] !== 1).length
    const strange = counts.messages - (digests.length - lost)
    const messagesText = sizes.messages.toLocaleString('en-US')
    const name = `${allowance} connections allowed, ${sizes.clients} clients, ${messagesText} messages:`
    const none = { figure: { atMost: 0 } }
    const rows = [
      row(`${name} refused`, '', { through: failures.length }, none),
      row(`${name} lost or doubled`, '', { through: lost + strange }, none),
      row(`${name} fourth connections`, '', { through: counts.refused }, none),
    ]
    const { mostSignedIn, messages } = counts
    return withVerdict(1, rows, { milliseconds, messages, mostSignedIn, failures: failures.slice(0, 3) })
  } finally {
    await stage.clear()
  }
}
