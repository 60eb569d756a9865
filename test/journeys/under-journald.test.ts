import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')

it('lines to journald begin with their priority, and SIGUSR1 opens no inspector', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-journald-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const log = openSync(join(folder, 'log'), 'a')
  const { dev, ino } = fstatSync(log)
  const [smtp, web] = [await freePort(), await freePort()]
  const env = {
    PATH: process.env.PATH ?? '',
    JOURNAL_STREAM: `${dev}:${ino}`,
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: `127.0.0.1:${smtp}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${web}`,
  }
  const child = spawn(process.execPath, [program, 'serve'], {
    cwd: folder,
    env,
    stdio: ['ignore', log, 'pipe'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const written = () => readFile(join(folder, 'log'), 'utf8')
  await eventually('it is ready', async () => (await written()).includes('postern is ready'))
  child.kill('SIGUSR1')
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([0, null])
  const lines = (await written()).trimEnd().split('\n')
  expect(lines.every((line) => /^<[3-7]>\{/.test(line))).toBe(true)
  expect(lines.find((line) => line.includes('postern is ready'))).toMatch(/^<6>/)
  expect(said).not.toContain('Debugger listening')
})
