import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../examples/demo/free-port.js'

const versions = '/usr/lib/postgresql'
const startSeconds = 30

/**
 * The folder of the newest PostgreSQL server that Debian has installed, which is on nobody's path; Debian's program that
 * rules the servers is. Where it is not, this is to be a machine without one.
 *
 * @returns {string | undefined}
 */
export function postgresPrograms() {
  const path = (process.env.PATH ?? '').split(':')
  if (!existsSync(versions) || !path.some((folder) => existsSync(join(folder, 'pg_ctlcluster'))))
    return undefined
  const newest = readdirSync(versions)
    .filter((version) => existsSync(join(versions, version, 'bin', 'postgres')))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1)
  return newest && join(versions, newest, 'bin')
}

/**
 * @typedef {object} Postgres
 * @property {string} url of a database that is always there
 * @property {(how: 'fast' | 'immediate') => Promise<void>} stop ends it as `how` says, with the connections that there are
 * @property {() => Promise<void>} start
 * @property {() => Promise<void>} close
 */

/**
 * A PostgreSQL server of its own on this machine.
 *
 * @param {{ durable?: boolean }} [terms] durable: as it is in use, a commit is on disk. Most tests do not look at that
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ durable = false } = {}) {
  const programs = postgresPrograms() ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'postern-postgres-'))
  // It does not run as root.
  const isRoot = process.getuid?.() === 0
  const owner = isRoot ? numbersOf('postgres') : undefined
  if (owner) await chown(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const port = await freePort()
  /** @param {string} program @param {string[]} words */
  const run = (program, ...words) =>
    execFileSync(join(programs, program), words, {
      ...owner,
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    })
  run('initdb', '--pgdata', data, '--username', 'postern', '--auth', 'trust', '--no-sync')
  const url = `postgres://postern@127.0.0.1:${port}/postgres`

  function answers() {
    try {
      return run('psql', '--no-psqlrc', '-qAt', '-c', 'select 1', url).trim() === '1'
    } catch {
      return false
    }
  }

  async function start() {
    const quick = durable
      ? []
      : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300']
    const place = [`port=${port}`, `unix_socket_directories=${folder}`, 'listen_addresses=127.0.0.1']
    const settings = [...place, ...quick]
    const words = ['-D', data, ...settings.flatMap((one) => ['-c', one])]
    const child = spawn(join(programs, 'postgres'), words, { ...owner, cwd: folder, stdio: 'ignore' })
    child.unref()
    const limit = performance.now() + startSeconds * 1000
    while (!answers()) {
      if (performance.now() > limit)
        throw new Error(`PostgreSQL does not answer after ${startSeconds} seconds`)
      await pause(20)
    }
  }

  await start()
  return {
    url,
    async stop(how) {
      run('pg_ctl', 'stop', '--pgdata', data, '--mode', how, '--wait')
    },
    start,
    async close() {
      run('pg_ctl', 'stop', '--pgdata', data, '--mode', 'immediate', '--wait')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** @param {string} user */
function numbersOf(user) {
  /** @param {string} flag */
  const number = (flag) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: number('-u'), gid: number('-g') }
}
