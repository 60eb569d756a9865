// The HTTP API gives a token that it holds already: requests a second over connections that stay open, and what one costs.
import { mailbox } from './credentials.js'
import { median, processorMilliseconds } from './figures.js'
import { row, withVerdict } from './rows.js'

const leastRate = 2000
const usualSizes = { connections: 8, requests: 5000 }

export async function token({ rounds, setStage, sizes = usualSizes }) {
  const stage = await setStage()
  try {
    const load = stage.worker('token-load.js')
    const figures = []
    for (let round = 0; round <= rounds; round++) {
      const before = await processorMilliseconds(stage.posternPid)
      const { milliseconds, requests } = await load.ask({ do: 'ask', mailbox, ...sizes, ...stage.web })
      const processor = ((await processorMilliseconds(stage.posternPid)) - before) / requests
      if (round > 0) figures.push({ rate: requests / (milliseconds / 1000), processor })
    }
    const rate = { through: median(figures.map((one) => one.rate)) }
    const processor = median(figures.map((one) => one.processor))
    const goal = { of: 'figure', atLeast: leastRate }
    const { tokenRequests } = await stage.provider.ask({ do: 'count' })
    const name = 'token API, warm token, 8 connections'
    return withVerdict(rounds, [row(name, 'requests/s', rate, goal, processor)], { figures, tokenRequests })
  } finally {
    await stage.clear()
  }
}
