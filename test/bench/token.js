// The HTTP API gives a token that it holds already: requests a second over connections that stay open, and what one costs.
import { mailbox } from './credentials.js'
import { median, processorBetween, processorTime } from './figures.js'
import { row, withVerdict } from './rows.js'

const leastRate = 2000
const usualSizes = { connections: 8, requests: 5000 }

export async function token({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage()
  try {
    const load = stage.worker('token-load.js')
    const figures = []
    for (let round = 0; round <= rounds; round++) {
      const before = await processorTime(stage.posternPid)
      const { milliseconds, requests } = await load.ask({ do: 'ask', mailbox, ...sizes, ...stage.web })
      const used = processorBetween(before, await processorTime(stage.posternPid))
      if (round > 0)
        figures.push({ rate: requests / (milliseconds / 1000), used, processor: used / requests })
    }
    const middle = (name) => median(figures.map((one) => one[name]))
    const goals = { figure: { atLeast: leastRate } }
    const { tokenRequests } = await stage.provider.ask({ do: 'count' })
    const name = 'token API, warm token, 8 connections'
    const costs = { processor: { through: middle('processor') }, used: middle('used') }
    const rows = [row(name, 'requests/s', { through: middle('rate') }, goals, costs)]
    return withVerdict(rounds, rows, { figures, tokenRequests })
  } finally {
    await stage.clear()
  }
}
