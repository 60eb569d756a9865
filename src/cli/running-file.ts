import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Endpoint } from '../config/config.ts'

/** Where the running postern listens, for commands on the same machine. */
export interface Running {
  pid: number
  web: readonly Endpoint[]
  smtp: readonly Endpoint[]
}

export async function writeRunningFile(dataDir: string, running: Running): Promise<void> {
  const path = join(dataDir, 'running.json')
  await writeFile(`${path}.new`, `${JSON.stringify(running)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function removeRunningFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, 'running.json'), { force: true })
}

/** The running postern, or undefined: a file that a killed one left behind is found out by connecting. */
export async function findRunning(dataDir: string): Promise<Running | undefined> {
  const running = await readRunningFile(dataDir)
  const web = running?.web[0]
  return web && (await answers(web)) ? running : undefined
}

async function readRunningFile(dataDir: string): Promise<Running | undefined> {
  try {
    const running = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as Running
    return Array.isArray(running.web) ? running : undefined
  } catch {
    return undefined
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
