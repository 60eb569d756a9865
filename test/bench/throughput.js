// The same generator sends to the provider directly and through postern, interleaved in one run; figures are
// medians of the rounds, and only the ratio means anything on another machine.
import { median } from './figures.js'
import { setStage } from './stage.js'

const shapes = [
  { name: '1 client, new connection per message', clients: 1, newConnections: true, messages: 60 },
  { name: '20 clients, new connection per message', clients: 20, newConnections: true, messages: 200 },
  { name: '20 clients, open connections', clients: 20, newConnections: false, messages: 1000 },
]

export async function throughput({ rounds }) {
  const stage = await setStage()
  try {
    const load = stage.worker('load.js')
    const results = []
    for (const shape of shapes) results.push(await compare(stage, load, shape, rounds))
    return { rounds, node: process.version, results }
  } finally {
    await stage.clear()
  }
}

async function compare({ direct, through }, load, { name, ...shape }, rounds) {
  const rates = { direct: [], postern: [] }
  for (let round = 0; round <= rounds; round++) {
    const pair = [await rate(load, { ...shape, ...direct }), await rate(load, { ...shape, ...through })]
    // The first round warms both sides up and is not counted.
    if (round === 0) continue
    rates.direct.push(pair[0])
    rates.postern.push(pair[1])
  }
  const [directRate, posternRate] = [median(rates.direct), median(rates.postern)]
  return { workload: name, directRate, posternRate, ratio: posternRate / directRate }
}

async function rate(load, job) {
  const { each, milliseconds } = await load.ask(job)
  return each.length / (milliseconds / 1000)
}

export function describeThroughput({ rounds, results }) {
  const lines = results.map(({ workload, directRate, posternRate, ratio }) => {
    const figures = [directRate.toFixed(0).padStart(9), posternRate.toFixed(0).padStart(9)]
    return workload.padEnd(42) + figures.join('') + ratio.toFixed(2).padStart(8)
  })
  return [
    `Messages of 5 KB a second, medians of ${rounds} rounds, Node ${process.version}`,
    '',
    `${'workload'.padEnd(42)}${'direct'.padStart(9)}${'postern'.padStart(9)}${'ratio'.padStart(8)}`,
    ...lines,
  ]
}
