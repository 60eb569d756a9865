import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Endpoint, SmtpListener } from '../config/config.ts'
import { isLoopback, isWildcard } from '../config/endpoint.ts'

/** Where the running postern listens, for commands on the same machine. */
export interface Running {
  pid: number
  web: readonly Endpoint[]
  smtp: readonly SmtpListener[]
}

/** A running postern, and where its HTTP door takes connections from this machine. */
export type FoundRunning = Running & { answering: Endpoint }

export async function writeRunningFile(dataDir: string, running: Running): Promise<void> {
  const path = join(dataDir, 'running.json')
  await writeFile(`${path}.new`, `${JSON.stringify(running)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function removeRunningFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, 'running.json'), { force: true })
}

/**
 * The running postern, or undefined. A file that a killed one left behind is found out by its process and by connecting: whoever took the
 * port since must not be given the owner key.
 */
export async function findRunning(dataDir: string): Promise<FoundRunning | undefined> {
  const running = await readRunningFile(dataDir)
  if (!running || !isAlive(running.pid)) return undefined
  // The owner key goes there: over loopback wherever that is possible.
  const reachable = running.web.map(fromHere)
  const loopbackFirst = [
    ...reachable.filter(({ host }) => isLoopback(host)),
    ...reachable.filter(({ host }) => !isLoopback(host)),
  ]
  for (const endpoint of loopbackFirst) {
    if (await answers(endpoint)) return { ...running, answering: endpoint }
  }
  return undefined
}

/** "Every address" is for listening; who connects needs one. */
function fromHere({ host, port }: Endpoint): Endpoint {
  if (!isWildcard(host)) return { host, port }
  return { host: host === '::' ? '::1' : '127.0.0.1', port }
}

async function readRunningFile(dataDir: string): Promise<Running | undefined> {
  try {
    const running = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as Running
    return Array.isArray(running.web) && Array.isArray(running.smtp) ? running : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Alive, and somebody else's: the command runs as another user than the service.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function answers({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    const settle = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('timeout', () => settle(false))
  })
}
