// How many files somebody would have to open to follow one message: those of postern that run for it.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pause } from './figures.js'
import { row, withVerdict } from './rows.js'

const [mostWarm, mostFirst] = [65, 85]
const mostSeconds = 20
const preload = pathToFileURL(join(import.meta.dirname, 'executed-files.js')).href

export async function footprint({ rounds, setStage }) {
  const answer = join(tmpdir(), `postern-bench-files-${process.pid}.json`)
  const settings = { NODE_OPTIONS: `--import ${preload}`, BENCH_EXECUTED_FILES: answer }
  const stage = await setStage({ settings, cold: true })
  try {
    await stage.provider.ask({ do: 'shape' })
    const load = stage.worker('load.js')
    const send = () =>
      load.ask({ do: 'send', clients: 1, messages: 1, newConnections: true, ...stage.through })
    const executed = async () => {
      rmSync(answer, { force: true })
      process.kill(stage.posternPid, 'SIGUSR2')
      for (let waited = 0; !existsSync(answer); waited += 0.02) {
        if (waited > mostSeconds) throw new Error('postern does not tell which of its files ran')
        await pause(0.02)
      }
      return JSON.parse(readFileSync(answer, 'utf8'))
    }
    await executed()
    await send()
    const first = await executed()
    // The second one reads again what the sign-in of the first has changed.
    await send()
    await executed()
    await send()
    const warm = await executed()
    const rows = [
      row(
        'files that run for a message, the provider connected',
        'files',
        { through: warm.length },
        { figure: { atMost: mostWarm } },
      ),
      row(
        'files that run for the first message',
        'files',
        { through: first.length },
        { figure: { atMost: mostFirst } },
      ),
    ]
    return withVerdict(rounds, rows, { files: { first, warm } })
  } finally {
    await stage.clear()
    rmSync(answer, { force: true })
  }
}
