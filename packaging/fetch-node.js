import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What has been fetched and made, and may be thrown away. */
export const cache = resolve(import.meta.dirname, '../node_modules/.cache/postern')

/** The registry is not reached, or does not have it. */
export class OutOfReach extends Error {}

/**
 * The folder of a Node.js, fetched by npm the first time.
 * @param {import('./targets.js').NodePackage} node
 */
export function fetchNode({ name, version, integrity }) {
  const folder = join(cache, `${name}-${version}`)
  if (existsSync(folder)) return folder
  needTar()
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetching-'))
  try {
    const archive = join(work, pack(`${name}@${version}`, work))
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (found !== integrity) throw new Error(`${name}@${version} is not what it was: ${found}`)
    execFileSync('tar', ['-xzf', archive, '-C', work])
    try {
      renameSync(join(work, 'package'), folder)
    } catch (error) {
      // Another build has fetched it meanwhile.
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(work, { recursive: true })
  }
  return folder
}

/** What npm fetches is unpacked by it. */
function needTar() {
  try {
    execFileSync('tar', ['--version'], { stdio: 'ignore' })
  } catch {
    throw new OutOfReach('Node.js cannot be unpacked: there is no tar here')
  }
}

/** Without the network npm would try for more than a minute. */
const briefly = ['--fetch-retries=1', '--fetch-retry-mintimeout=2000']

/**
 * @param {string} what
 * @param {string} into a folder
 * @returns {string} the name of the file
 */
function pack(what, into) {
  try {
    const words = ['pack', what, '--pack-destination', into, '--loglevel=error', ...briefly]
    return execFileSync('npm', words, { encoding: 'utf8', stdio: 'pipe', cwd: into }).trim()
  } catch (error) {
    const { stderr = '' } = /** @type {{ stderr?: string }} */ (error)
    throw new OutOfReach(`${what} cannot be fetched from the npm registry. ${stderr}`.trim())
  }
}
