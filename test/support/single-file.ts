import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const elsewhere = 75

/**
 * The single file for this machine, built unless it is there already; undefined, and the reason printed, where it cannot be.
 * @throws under CI=true, where nothing may be skipped, and for a build that fails
 */
export function singleFile(): string | undefined {
  const here = `${process.platform}-${process.arch}`
  if (here !== 'linux-x64')
    return skipped(`the single file is made and run on linux-x64 only; this is ${here}`)
  const built = spawnSync('npm', ['run', '--silent', 'build:single-file'], { cwd: root, encoding: 'utf8' })
  if (built.status === elsewhere) return skipped(built.stderr.trim())
  if (built.status !== 0) throw new Error(`the single file cannot be built: ${built.stdout}${built.stderr}`)
  return join(root, built.stdout.trim().split('\n').at(-1) ?? '')
}

function skipped(reason: string): undefined {
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`skipped: ${reason}`)
  return undefined
}
