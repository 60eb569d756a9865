import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// With room for gigabytes, V8 lets garbage lie, and what is resident says nothing of a leak. Of this, postern needs less than half.
const smallHeap = '--max-old-space-size=128'
const program = resolve(import.meta.dirname, '../../dist/main.js')

/**
 * postern as a process of its own. Its log is looked at as it comes and only the end of it is kept.
 *
 * @typedef {Awaited<ReturnType<typeof startBroker>>} Broker
 *
 * @param {Record<string, string>} environment
 * @param {(text: string) => void} onOutput
 */
export async function startBroker(environment, onOutput) {
  const dataDir = /** @type {string} */ (environment.POSTERN_DATA_DIR)
  const child = spawn(process.execPath, [smallHeap, program, 'serve'], {
    env: environment,
    cwd: dirname(dataDir),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let tail = ''
  let stopping = false
  /** @type {Promise<string>} */
  const exited = new Promise((done) => {
    child.once('close', (code, signal) => done(`postern ended with ${code ?? signal}`))
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      tail = (tail + text).slice(-20_000)
      onOutput(text)
    })
  }

  const ports = await listening()
  return {
    ...ports,
    /** The last of what it said. */
    tail: () => tail,
    /** Rejects when it ends before it is told to. */
    crash: exited.then((how) =>
      stopping ? new Promise(() => {}) : Promise.reject(new Error(`${how}\n${tail}`)),
    ),
    vitals: () => vitals(child.pid),
    async stop() {
      stopping = true
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 15_000)
      const how = await exited
      clearTimeout(force)
      return how
    },
  }

  /** @returns {Promise<{ smtpPort: number, webPort: number }>} */
  async function listening() {
    for (let attempt = 0; attempt < 400; attempt++) {
      const text = await readFile(join(dataDir, 'running.json'), 'utf8').catch(() => '')
      if (text) {
        const { smtp, web } = JSON.parse(text)
        return { smtpPort: smtp[0].port, webPort: web[0].port }
      }
      if (child.exitCode !== null) break
      await pause(25)
    }
    child.kill('SIGKILL')
    throw new Error(`postern did not start:\n${tail}`)
  }
}

/** Open descriptors, and resident memory in MB; zeros where there is no /proc. @param {number | undefined} pid */
function vitals(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const memory = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
    return { descriptors: readdirSync(`/proc/${pid}/fd`).length, memory: Math.round(memory / 1024) }
  } catch {
    return { descriptors: 0, memory: 0 }
  }
}
