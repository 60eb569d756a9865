// 50 clients sign in at once, and there is no token yet. The provider gives each refresh token for one use only, and takes a second use for
// theft: whoever asks twice has lost the mailbox.
import { freshRounds } from './compare.js'
import { median } from './figures.js'
import { row, withVerdict } from './rows.js'

const usualSizes = { clients: 50 }
// A token endpoint of the real world takes a while: long enough for all to ask.
const tokens = { rotating: true, answerMilliseconds: 100 }

export async function herd({ rounds, setStage, sizes: { clients } = usualSizes }) {
  const figures = await freshRounds(rounds, setStage, { tokens, cold: true }, async (stage) => {
    const load = stage.worker('load.js')
    const { failures, ...signIns } = await load.ask({ do: 'herd', clients, ...stage.through })
    const { tokenRequests, grantAlive, mostSignedIn } = await stage.provider.ask({ do: 'count' })
    return { ...signIns, tokenRequests, grantAlive, mostSignedIn, failures: failures.slice(0, 3) }
  })
  const worst = (choose, name) => choose(...figures.map((one) => one[name]))
  const requests = { through: worst(Math.max, 'tokenRequests') }
  const accepted = { through: worst(Math.min, 'accepted') }
  const rows = [
    row(`${clients} cold logins: token requests`, '', requests, { figure: { atMost: 1 } }),
    row(`${clients} cold logins: answered 235`, '', accepted, { figure: { atLeast: clients } }),
  ]
  return withVerdict(rounds, rows, { milliseconds: median(figures.map((one) => one.milliseconds)), figures })
}
