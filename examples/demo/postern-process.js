import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const built = [process.execPath, fileURLToPath(new URL('../../dist/main.js', import.meta.url))]

/**
 * postern as a process of its own, as a user starts it.
 *
 * @typedef {object} Options
 * @property {string} dataDir
 * @property {number} smtpPort
 * @property {number} webPort
 * @property {Record<string, string>} [env] more `POSTERN_...` settings
 * @property {string[]} [command] what postern is started by, where it is not the built program
 *
 * @typedef {{ code: number, stdout: string, stderr: string }} CommandResult
 * @typedef {Awaited<ReturnType<typeof startPostern>>} Postern
 *
 * @param {Options} options
 * @throws when it ends, or is not ready after thirty seconds: with what it said
 */
export async function startPostern(options) {
  const environment = posternEnvironment(options)
  const [program = '', ...first] = options.command ?? built
  const child = spawn(program, [...first, 'serve'], {
    env: environment,
    cwd: dirname(options.dataDir),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => child.once('close', (code) => resolve(code)))
  const url = `http://localhost:${options.webPort}`
  try {
    await becomesReady(`${url}/readyz`, child)
  } catch (error) {
    child.kill('SIGKILL')
    await exited
    throw new Error(`postern did not start: ${output.text().trim() || /** @type {Error} */ (error).message}`)
  }

  return {
    url,
    smtpPort: options.smtpPort,
    pid: /** @type {number} */ (child.pid),
    /** Everything that it has said so far, on both outputs. */
    output: output.text,
    exited,
    /** @param {string[]} words @returns {Promise<CommandResult>} */
    cli: (...words) => runPostern(words, environment, options.dataDir, '', options.command),
    /** Ends it in good order; by force when that takes more than ten seconds. Resolves with its exit code, null after force. */
    async stop() {
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
      return exited.finally(() => clearTimeout(force))
    },
    /** Ends it as a power failure would. */
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Settings for postern, and nothing that this shell happens to carry. @param {Options} options */
export function posternEnvironment({ dataDir, smtpPort, webPort, env = {} }) {
  return {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: dataDir,
    POSTERN_SMTP_LISTEN: `127.0.0.1:${smtpPort}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${webPort}`,
    POSTERN_PUBLIC_URL: `http://localhost:${webPort}`,
    ...env,
  }
}

/**
 * Runs the `postern` command to its end.
 * @param {string[]} words
 * @param {Record<string, string>} environment
 * @param {string} dataDir its parent is the working directory, so that no `.env` of a developer is read
 * @param {string} [input]
 * @param {string[]} [command] what postern is started by
 * @returns {Promise<CommandResult>}
 */
export async function runPostern(words, environment, dataDir, input = '', command = built) {
  const [program = '', ...first] = command
  const child = spawn(program, [...first, ...words], { env: environment, cwd: dirname(dataDir) })
  const output = collect(child)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? -1))
  })
  return { code, stdout: output.stdout(), stderr: output.stderr() }
}

/** @param {import('node:child_process').ChildProcess} child */
function collect(child) {
  /** @type {{ stream: string, text: string }[]} */
  const pieces = []
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    child[stream]?.setEncoding('utf8').on('data', (text) => pieces.push({ stream, text }))
  }
  /** @param {string} [wanted] */
  const joined = (wanted) => {
    const chosen = pieces.filter(({ stream }) => !wanted || stream === wanted)
    return chosen.map(({ text }) => text).join('')
  }
  return { text: () => joined(), stdout: () => joined('stdout'), stderr: () => joined('stderr') }
}

/** @param {string} url @param {import('node:child_process').ChildProcess} child */
async function becomesReady(url, child) {
  const limit = Date.now() + 30_000
  while (Date.now() < limit) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended with ${child.exitCode ?? child.signalCode} and said nothing`)
    const response = await fetch(url).catch(() => undefined)
    await response?.text()
    if (response?.ok) return
    await pause(30)
  }
  throw new Error(`${url} did not answer within thirty seconds`)
}
