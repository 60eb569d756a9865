import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Endpoint, SmtpListener } from '../config/config.ts'
import { unusable } from '../store/file-failures.ts'

/** Where the running postern listens, for commands on the same machine. */
export interface Running {
  pid: number
  web: readonly Endpoint[]
  smtp: readonly SmtpListener[]
  /** Where the command comes in, if there is no socket in the data directory. */
  command?: Endpoint
}

export async function writeRunningFile(dataDir: string, running: Running): Promise<void> {
  const path = runningFile(dataDir)
  await writeFile(`${path}.new`, `${JSON.stringify(running)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function removeRunningFile(dataDir: string): Promise<void> {
  await rm(runningFile(dataDir), { force: true })
}

/**
 * What a postern wrote when it started, or undefined. One that was killed leaves it behind: it proves nothing.
 * @throws Failure `configuration` when this user may not read it
 */
export async function readRunningFile(dataDir: string): Promise<Running | undefined> {
  try {
    const running = JSON.parse(await readFile(runningFile(dataDir), 'utf8')) as Running
    return Array.isArray(running.web) && Array.isArray(running.smtp) ? running : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') throw unusable(error, 'data directory', dataDir)
    return undefined
  }
}

function runningFile(dataDir: string): string {
  return join(dataDir, 'running.json')
}
