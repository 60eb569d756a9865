// How many files somebody would have to open to follow one message: those of postern that run for it. And how often an address is
// brought into the form by which it is looked up, which is to be done where it comes in.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pause } from './figures.js'
import { row, withVerdict } from './rows.js'

const [mostWarm, mostFirst, mostKeys] = [65, 85, 2]
const warmMessages = 12
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
    // The second message reads again what the sign-in of the first has changed, and what is written
    // later, some messages together, falls on one of them.
    const messages = []
    while (messages.length < warmMessages) {
      await send()
      messages.push(await executed())
    }
    const [warm] = messages.sort((one, other) => one.files.length - other.files.length)
    const rows = [
      row(
        'files that run for a message, the provider connected',
        'files',
        { through: warm.files.length },
        { figure: { atMost: mostWarm } },
      ),
      row(
        'keys made of addresses for a message, the provider connected',
        'keys',
        { through: warm.keys },
        { figure: { atMost: mostKeys } },
      ),
      row(
        'files that run for the first message',
        'files',
        { through: first.files.length },
        { figure: { atMost: mostFirst } },
      ),
    ]
    return withVerdict(rounds, rows, { files: { first: first.files, warm: warm.files }, keys: warm.keys })
  } finally {
    await stage.clear()
    rmSync(answer, { force: true })
  }
}
