import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'
import { peer } from '../support/peer.ts'

const main = resolve(import.meta.dirname, '../../dist/main.js')

// Python gives it a terminal, which closes when Python is killed.
it.runIf(peer('python3'))('postern ends with the terminal that its log goes to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-terminal-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const env = {
    ...process.env,
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${await freePort()}`,
  }
  const command = 'echo "process $$"; exec "$0" "$@" serve'
  const inTerminal = ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])', 'sh', '-c', command]
  const terminal = spawn('python3', [...inTerminal, process.execPath, main], { cwd: folder, env })
  let output = ''
  terminal.stdout.on('data', (octets: Buffer) => {
    output += octets.toString()
  })
  await eventually('postern', () => output.includes('postern is ready'))
  const pid = Number(/process (\d+)/.exec(output)?.[1])
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')))

  process.kill(pid, 'SIGHUP')
  await eventually('a reload', () => output.includes('settings.reloaded'))
  terminal.kill('SIGKILL')
  await eventually('its end', () => !isAlive(pid))
  expect(isAlive(pid)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
