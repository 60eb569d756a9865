import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'
import { runProgram } from '../support/run-program.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
let folder: string
let child: ChildProcess | undefined

afterEach(async () => {
  if (child && child.exitCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await rm(folder, { recursive: true, force: true })
})

/**
 * Files of this process cannot grow beyond so many blocks of 512 octets: to SQLite that is a disk which takes no more. Its -wal file grows
 * with each page that is written, and its database with what is added.
 */
function serveWithin(blocks: number | 'unlimited', env: Record<string, string>): ChildProcess {
  const line = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$1" serve`
  return spawn('/bin/sh', ['-c', line, process.execPath, program], { cwd: folder, env, stdio: 'ignore' })
}

it('postern is not ready while nothing can be stored, says why to the administrator alone, and goes on serving', async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-full-'))
  const [smtp, web] = [await freePort(), await freePort()]
  const env = {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: `127.0.0.1:${smtp}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${web}`,
    POSTERN_LOG_LEVEL: 'silent',
  }
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${web}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const health = () => runProgram(process.execPath, [program, 'health', '--json'], { cwd: folder, env })
  const add = (address: string) =>
    runProgram(process.execPath, [program, 'mailbox', 'add', address, '--provider', 'google', '--json'], {
      cwd: folder,
      env: { ...env, POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com' },
    })

  const serve = async (blocks: number | 'unlimited') => {
    child = serveWithin(blocks, { ...env, POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com' })
    await eventually('postern is ready', async () => {
      const asked = await ask('/readyz').catch(() => undefined)
      return asked?.status === 200
    })
    return child
  }

  const first = await serve('unlimited')
  first.kill('SIGTERM')
  await once(first, 'close')
  const { size } = await stat(join(folder, 'data', 'postern.sqlite'))
  await serve(Math.ceil(size / 512) + 8)
  expect((await health()).code).toBe(0)

  // Mailboxes are added until the database has outgrown its disk: until then, what was folded into it leaves room for more. A page may
  // still fit where a mailbox does not; each look takes one.
  let count = 0
  const said = await eventually(
    'not ready',
    async () => {
      count += 1
      await add(`number-${count}@example.com`)
      const looked = await health()
      return looked.code === 1 && looked
    },
    90,
  )
  expect(JSON.parse(said.output)).toMatchObject({
    ready: false,
    reason: 'The disk under the database fails',
    fix: expect.stringContaining('the log of the system'),
  })
  expect(await ask('/readyz')).toEqual({ status: 503, text: '{"status":"not ready"}' })
  expect((await ask('/healthz')).status).toBe(200)
})
