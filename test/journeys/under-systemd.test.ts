import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from '../support/eventually.ts'
import { type NotifySocket, openNotifySocket } from '../support/notify-socket.ts'
import { peer, searchPath } from '../support/peer.ts'
import { smtpDialogue } from '../support/smtp-client.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
let folder: string
let child: ChildProcess | undefined
let said: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-under-systemd-'))
  said = ''
})
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await rm(folder, { recursive: true })
})

function start(words: string[], env: Record<string, string> = {}): ChildProcess {
  const [name = '', ...rest] = words
  const started = spawn(name, rest, {
    cwd: folder,
    env: { PATH: searchPath, POSTERN_DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [started.stdout, started.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  child = started
  return started
}

async function ended(process: ChildProcess): Promise<number | null> {
  if (process.exitCode === null) await once(process, 'close')
  return process.exitCode
}

async function atFreePorts() {
  return {
    POSTERN_SMTP_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTERN_WEB_LISTEN: `127.0.0.1:${await freePort()}`,
  }
}

describe.runIf(peer('python3', 'systemd'))('Type=notify', () => {
  let systemd: NotifySocket
  beforeEach(async () => {
    systemd = await openNotifySocket(folder)
  })
  afterEach(() => systemd.close())

  it('systemd hears when postern is ready, works, reloads and stops', async () => {
    const env = { ...(await atFreePorts()), NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: '1000000' }
    const postern = start([process.execPath, program, 'serve'], env)
    const ready = await systemd.heard('READY=1')
    expect(ready[1]).toContain(env.POSTERN_SMTP_LISTEN)
    const [greeting] = await smtpDialogue(Number(env.POSTERN_SMTP_LISTEN.split(':')[1]), ['QUIT'])
    expect(greeting).toMatch(/^220/)
    await systemd.heard('WATCHDOG=1')

    for (const [text, status] of [
      ['POSTERN_BAD_COMMANDS=many', 'the new settings have mistakes'],
      ['POSTERN_BAD_COMMANDS=7', 'Ready: '],
    ] as const) {
      await writeFile(join(folder, '.env'), text, { mode: 0o600 })
      const from = systemd.datagrams().length
      postern.kill('SIGHUP')
      await systemd.heard('RELOADING=1', from)
      expect((await systemd.heard('READY=1', from))[1]).toContain(status)
    }

    const from = systemd.datagrams().length
    postern.kill('SIGTERM')
    expect(await ended(postern)).toBe(0)
    expect(await systemd.heard('STOPPING=1', from)).toEqual(['STOPPING=1', expect.stringContaining('25 s')])
  })
})

describe.runIf(peer('systemd'))('sockets that systemd has opened', () => {
  function activated(
    sockets: readonly string[],
    names: string | undefined,
    env: Record<string, string> = {},
  ) {
    const asked = Object.entries(env).map(([name, value]) => `-E${name}=${value}`)
    return start([
      'systemd-socket-activate',
      ...sockets.map((address) => `--listen=${address}`),
      ...(names === undefined ? [] : [`--fdname=${names}`]),
      `-EPOSTERN_DATA_DIR=${join(folder, 'data')}`,
      ...asked,
      process.execPath,
      program,
      'serve',
    ])
  }

  it.each([
    ['by their names', 'web:submission', ([one, other]: number[]) => ({ web: one, smtp: other })],
    ['by their order', undefined, ([one, other]: number[]) => ({ smtp: one, web: other })],
  ])('are taken %s, and whoever came before the start is served', async (_, names, order) => {
    const ports = [await freePort(), await freePort()]
    const { smtp = 0, web = 0 } = order(ports)
    const postern = activated(
      ports.map((port) => `127.0.0.1:${port}`),
      names,
    )
    await eventually('systemd listens', () => said.includes(`127.0.0.1:${ports[1]} as`))
    // This connection starts postern, and waits in the queue of the socket until it is there.
    const replies = await smtpDialogue(smtp, ['EHLO early.example.com', 'QUIT'])
    expect(replies.map((line) => line.slice(0, 3))).toEqual(['220', '250', '221'])
    const health = await fetch(`http://127.0.0.1:${web}/readyz`)
    expect(await health.json()).toEqual({ status: 'ready' })
    // The pages are where the socket is, and links lead there.
    expect(said).toContain(`http://127.0.0.1:${web}`)
    postern.kill('SIGTERM')
    expect(await ended(postern)).toBe(0)
  })

  it('one that other machines reach is refused where nothing there would be encrypted', async () => {
    const port = await freePort()
    const postern = activated([`0.0.0.0:${port}`], 'smtp', {
      POSTERN_WEB_LISTEN: `127.0.0.1:${await freePort()}`,
    })
    await eventually('systemd listens', () => said.includes(`${port} as`))
    await smtpDialogue(port, ['QUIT']).catch(() => {})
    expect(await ended(postern)).toBe(78)
    expect(said).toContain('POSTERN_TLS_CERT_FILE')
    expect(said).toContain('+plain-auth')
  })

  it('one with words behind its address in the settings has these', async () => {
    const port = await freePort()
    const postern = activated([`0.0.0.0:${port}`], 'smtp', {
      POSTERN_WEB_LISTEN: `127.0.0.1:${await freePort()}`,
      POSTERN_SMTP_LISTEN: `0.0.0.0:${port}+plain-auth`,
    })
    await eventually('systemd listens', () => said.includes(`${port} as`))
    expect((await smtpDialogue(port, ['QUIT']))[0]).toMatch(/^220/)
    postern.kill('SIGTERM')
    expect(await ended(postern)).toBe(0)
  })

  it.each([
    ['an unknown name', ['127.0.0.1:0'], 'imap:smtp', 'FileDescriptorName='],
    ['no TCP', ['./postern.sock'], 'smtp', 'ListenStream='],
  ])('%s is refused with what to set', async (_, sockets, names, fix) => {
    const port = await freePort()
    const first = sockets[0] === './postern.sock' ? join(folder, 'postern.sock') : `127.0.0.1:${port}`
    const all = names.includes(':') ? [first, `127.0.0.1:${await freePort()}`] : [first]
    const postern = activated(all, names)
    await eventually('systemd listens', () => said.split(' as ').length > all.length)
    const wake = spawn('python3', [
      '-c',
      `import socket,sys\np=sys.argv[1]\ns=socket.socket(socket.AF_UNIX if p.startswith('/') else socket.AF_INET)\ns.connect(p if p.startswith('/') else ('127.0.0.1', ${port}))`,
      first,
    ])
    await once(wake, 'close')
    expect(await ended(postern)).toBe(78)
    expect(said).toContain(fix)
  })

  it('what is for another process is left alone', async () => {
    const env = { ...(await atFreePorts()), LISTEN_FDS: '2', LISTEN_PID: '1', LISTEN_FDNAMES: 'smtp:web' }
    const postern = start([process.execPath, program, 'serve'], env)
    await eventually('it is ready', () => said.includes('postern is ready'))
    expect(said).toContain(env.POSTERN_SMTP_LISTEN)
    postern.kill('SIGTERM')
    expect(await ended(postern)).toBe(0)
  })
})
