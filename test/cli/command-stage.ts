import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { freePort } from '../../examples/demo/free-port.js'
import { openLocalDoctor, openServices, startPostern } from '../../src/app.ts'
import { silentLog } from '../../src/base/log.ts'
import { runCommand } from '../../src/cli/program.ts'
import { diskFiles } from '../../src/config/files.ts'
import { dataDirOf } from '../../src/config/given-values.ts'
import { readConfig } from '../../src/config/read-config.ts'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface CommandStage {
  folder: string
  /** How wide the terminal is that it writes to; absent: that is none. */
  columns?: number
  /** Runs one command on this stage's data directory. */
  postern(
    words: readonly string[],
    input?: string | Readable,
    onStderr?: (text: string) => void,
    onStdout?: (text: string) => void,
  ): Promise<Outcome>
  /** As a postern leaves it that has run. */
  makeStore(): Promise<void>
  /** Starts postern in this process, as `postern serve` would. */
  serve(): Promise<void>
  /** Ends it, in good order. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** The command with a real store and, where asked for, a real postern behind it. */
export async function setCommandStage(
  settings: Record<string, string | undefined> = {},
): Promise<CommandStage> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-cli-'))
  // As whoever adds mailboxes before the first start makes it.
  await mkdir(join(folder, 'data'), { mode: 0o700 })
  const webPort = await freePort()
  const environment = {
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: `127.0.0.1:${webPort}`,
    POSTERN_PUBLIC_URL: `http://localhost:${webPort}`,
    POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com',
    ...settings,
  }
  const read = () => readConfig(environment, diskFiles(folder))
  let stop = async () => {}

  const stage: CommandStage = {
    folder,
    async postern(words, input = '', onStderr = () => {}, onStdout = () => {}) {
      const [stdout, stderr] = [collector(stage.columns), collector(stage.columns)]
      stderr.stream.on('data', () => onStderr(stderr.text()))
      stdout.stream.on('data', () => onStdout(stdout.text()))
      const stdin = typeof input === 'string' ? Readable.from([input]) : input
      const terminal = { stdin, stdout: stdout.stream, stderr: stderr.stream }
      const code = await runCommand(words, terminal, {
        version: '1.2.3',
        dataDir: () => dataDirOf(environment, diskFiles(folder)),
        readConfig: read,
        serve: async () => 0,
        openDoctor: async (config) => openLocalDoctor(config),
        openServices: (config) => openServices(config, silentLog),
      })
      return { code, stdout: stdout.text(), stderr: stderr.text() }
    },
    async makeStore() {
      const reading = await read()
      if (!('config' in reading)) throw new Error(reading.mistakes.join('\n'))
      await (await openServices(reading.config, silentLog)).close()
    },
    async serve() {
      const reading = await read()
      if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
      const running = await startPostern(reading.config, silentLog, '1.2.3')
      stop = async () => {
        stop = async () => {}
        await running.stop()
      }
    },
    stop: () => stop(),
    async close() {
      await stop()
      await rm(folder, { recursive: true })
    },
  }
  return stage
}

function collector(columns: number | undefined) {
  const stream = Object.assign(new PassThrough(), columns !== undefined && { columns })
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  return { stream, text: () => text }
}
