import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'
import { peer } from '../support/peer.ts'

const main = resolve(import.meta.dirname, '../../dist/main.js')
const aLink = /\/sign-in\/[\w-]{43}/
const advice = '"postern sign-in"'

let folder: string
let env: NodeJS.ProcessEnv
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-link-'))
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }))
  env = {
    ...process.env,
    POSTERN_DATA_DIR: join(folder, 'data'),
    POSTERN_SMTP_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTERN_LOG_LEVEL: 'debug',
  }
})

function collected(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  }
  onTestFinished(
    () =>
      new Promise<void>((ended) => {
        child.once('close', () => ended())
        child.kill()
      }),
  )
  return () => text
}

/** On a terminal that Python makes; what the shell is told goes elsewhere. */
function inTerminal(command: string): ChildProcess {
  const program = 'import pty, sys; pty.spawn(sys.argv[1:])'
  return spawn('python3', ['-c', program, 'sh', '-c', command, process.execPath, main], { cwd: folder, env })
}

it("an administrator's sign-in link stands on no pipe, where a service keeps what it says", async () => {
  const output = collected(spawn(process.execPath, [main, 'serve'], { cwd: folder, env }))
  await eventually('postern', () => output().includes(advice))
  expect(output()).not.toMatch(aLink)
})

it("an administrator's sign-in link stands in no file", async () => {
  const log = await open(join(folder, 'log'), 'w')
  collected(spawn(process.execPath, [main, 'serve'], { cwd: folder, env, stdio: ['ignore', log.fd, log.fd] }))
  const text = () => readFile(join(folder, 'log'), 'utf8')
  await eventually('postern', async () => (await text()).includes(advice))
  await log.close()
  expect(await text()).not.toMatch(aLink)
})

it.runIf(peer('python3'))("an administrator's sign-in link is printed on a terminal", async () => {
  const output = collected(inTerminal('exec "$0" "$@" serve'))
  await eventually('postern', () => aLink.test(output()))
  expect(output()).not.toContain('ssh -L')
})

it.runIf(peer('python3'))('who came by ssh is told the line that leads a browser there', async () => {
  env.SSH_CONNECTION = '198.51.100.7 50022 192.0.2.10 22'
  const output = collected(inTerminal('exec "$0" "$@" serve'))
  const port = String(env.POSTERN_WEB_LISTEN).split(':').at(-1)
  const line = `ssh -L ${port}:127.0.0.1:${port} 192.0.2.10`
  await eventually('postern', () => output().includes(line))
})

it.runIf(peer('python3'))(
  'a sign-in link is not printed where only the log goes to the terminal, and its words to a file',
  async () => {
    const output = collected(inTerminal('exec "$0" "$@" serve 2>words'))
    const words = () => readFile(join(folder, 'words'), 'utf8').catch(() => '')
    await eventually('postern', async () => (await words()).includes(advice))
    expect((await words()) + output()).not.toMatch(aLink)
  },
)
