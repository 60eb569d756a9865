import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
let folder: string
let child: ChildProcess
let complaints = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-log-'))
})

afterEach(async () => {
  if (child.exitCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await rm(folder, { recursive: true, force: true })
})

/** A postern whose log goes to this file, and the port of its web server. */
async function serveInto(log: string): Promise<number> {
  const web = await freePort()
  const file = await open(log, 'a')
  const env = {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: `127.0.0.1:${web}`,
  }
  complaints = ''
  child = spawn(process.execPath, [program, 'serve'], {
    cwd: folder,
    env,
    stdio: ['ignore', file.fd, 'pipe'],
  })
  child.stderr?.on('data', (text) => {
    complaints += text
  })
  await file.close()
  await eventually('postern serves', async () => {
    const answer = await fetch(`http://127.0.0.1:${web}/healthz`).catch(() => undefined)
    return answer?.status === 200
  })
  return web
}

async function stop(): Promise<number | null> {
  child.kill('SIGTERM')
  await once(child, 'close')
  return child.exitCode
}

it.skipIf(!existsSync('/dev/full'))(
  'postern serves and stops although its log cannot be written, and says so once',
  async () => {
    await serveInto('/dev/full')
    expect(await stop()).toBe(0)
    expect(complaints.match(/The log cannot be written \(ENOSPC\)/g)).toHaveLength(1)
  },
)

it('each line of the log is there soon, and the last ones are there when postern has stopped', async () => {
  const log = join(folder, 'log')
  await serveInto(log)
  await eventually('the start is in the log', async () => (await readFile(log, 'utf8')).includes('is ready'))
  expect(await stop()).toBe(0)
  const messages = (await readFile(log, 'utf8')).trimEnd().split('\n')
  expect(messages.map((line) => JSON.parse(line).msg).slice(-2)).toEqual([
    'postern stops',
    'postern has stopped',
  ])
})
