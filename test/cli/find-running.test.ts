import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectSecurely } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { findRunning, removeRunningFile, writeRunningFile } from '../../src/cli/reach-broker.ts'
import { createRemoteBroker } from '../../src/cli/remote-broker.ts'
import { ensureOwnerKey, ownerProof } from '../../src/store/owner-key.ts'
import { type CommandServer, createCommandServer } from '../../src/web/command-server.ts'

let folder: string
let dataDir: string
let ownerKey: Secret
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-running-'))
  dataDir = join(folder, 'data')
  ownerKey = await ensureOwnerKey(dataDir)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await rm(folder, { recursive: true })
})

const { pid } = process
const smtp = [{ host: '127.0.0.1', port: 2587, tls: 'none', plainAuth: false, oldTls: false } as const]
const noMailboxes: RequestListener = (_request, response) => response.end('{"mailboxes":[]}')

async function openServer(key = ownerKey, app = noMailboxes): Promise<CommandServer> {
  const server = createCommandServer({ dataDir, ownerKey: key, app, clock: systemClock, log: silentLog })
  const command = await server.start()
  closing.push(() => server.stop())
  await writeRunningFile(dataDir, { pid, web: [], smtp, ...(command && { command }) })
  return server
}

/** So deep that no UNIX socket can have this path. */
async function moveDeep(): Promise<void> {
  dataDir = join(folder, 'd'.repeat(60), 'e'.repeat(60), 'data')
  ownerKey = await ensureOwnerKey(dataDir)
}

const list = async () => {
  const search = await findRunning(dataDir)
  if (search.state !== 'found') throw new Error(`${search.state}`)
  return createRemoteBroker(search.address).mailboxes.list()
}

describe('the running postern', () => {
  it('postern is found by a socket that is for the owner only, and asked there', async () => {
    const server = await openServer()
    expect((await readdir(dataDir)).sort()).toEqual(['owner.key', 'postern.sock', 'running.json'])
    for (const file of ['postern.sock', 'running.json']) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600)
    }
    expect(await findRunning(dataDir)).toMatchObject({ state: 'found', running: { pid, smtp } })
    expect(await list()).toEqual([])
    await server.stop()
    await removeRunningFile(dataDir)
    await removeRunningFile(dataDir)
    expect(await readdir(dataDir)).toEqual(['owner.key'])
    expect(await findRunning(dataDir)).toEqual({ state: 'none' })
  })

  it('postern is found by a handshake with the owner key where the path is too long for a socket', async () => {
    await moveDeep()
    await openServer()
    expect(await readdir(dataDir)).not.toContain('postern.sock')
    expect(await list()).toEqual([])
  })

  it('a start replaces the socket of a killed one', async () => {
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.stdout.write('.'))`
    const killed = spawn(process.execPath, ['-e', script, join(dataDir, 'postern.sock')])
    await once(killed.stdout, 'data')
    killed.kill('SIGKILL')
    await once(killed, 'close')
    expect(await readdir(dataDir)).toContain('postern.sock')
    await writeRunningFile(dataDir, { pid, web: [], smtp })
    expect((await findRunning(dataDir)).state).toBe('left-behind')
    await openServer()
    expect(await list()).toEqual([])
  })

  it('postern is not looked for in a data directory that others can enter', async () => {
    await openServer()
    await chmod(dataDir, 0o755)
    await expect(findRunning(dataDir)).rejects.toMatchObject({
      code: 'configuration',
      fix: expect.stringContaining(`Run: chmod 700 ${dataDir}`),
    })
  })
})

describe('its server for the command', () => {
  const ask = (path: string, onAnswer: (text: string) => void) => {
    const socket = connect({ path: join(dataDir, 'postern.sock') })
    socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
    socket.setEncoding('utf8').on('data', onAnswer)
    return once(socket, 'close')
  }

  it('the server answers for the API only: pages have no owner who is there already', async () => {
    await openServer()
    let answer = ''
    await ask('/', (text) => {
      answer += text
    })
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  })

  it('the port lets nobody in who has another key, or none', async () => {
    await moveDeep()
    let asked = 0
    await openServer(new Secret('another owner key'), (_request, response) => {
      asked++
      response.end('{"mailboxes":[]}')
    })
    expect((await findRunning(dataDir)).state).toBe('left-behind')
    expect(asked).toBe(0)
  })

  it('the server is reached while strangers hold open more connections than it keeps unproven', async () => {
    await moveDeep()
    await openServer()
    const search = await findRunning(dataDir)
    const port = search.state === 'found' ? search.running.command?.port : undefined
    const strangers = Array.from({ length: 200 }, () => connect({ host: '127.0.0.1', port: port ?? 0 }))
    for (const stranger of strangers) stranger.on('error', () => {})
    await Promise.all(strangers.map((stranger) => once(stranger, 'connect')))
    expect(await list()).toEqual([])
    for (const stranger of strangers) stranger.destroy()
  })

  it('the command has the time to prove that it holds the key, however fast strangers come', async () => {
    await moveDeep()
    await openServer()
    const search = await findRunning(dataDir)
    const port = (search.state === 'found' && search.running.command?.port) || 0
    const come = () => connect({ host: '127.0.0.1', port }).on('error', () => {})
    const ours = come()
    await once(ours, 'connect')
    const strangers = Array.from({ length: 100 }, come)
    await Promise.all(strangers.map((stranger) => once(stranger, 'connect')))
    // Whoever comes behind all of them is answered when they have been accepted.
    expect(await list()).toEqual([])
    const proven = connectSecurely({ socket: ours, ...ownerProof(ownerKey).client })
    await once(proven, 'secureConnect')
    for (const one of [...strangers, proven]) one.destroy()
  })
})

describe('what a killed postern leaves behind', () => {
  let heard: Buffer[]

  async function squat(server: Server): Promise<number> {
    heard = []
    const sockets: Socket[] = []
    server.on('connection', (socket) => {
      sockets.push(socket)
      socket.on('error', () => {}).on('data', (data) => heard.push(data))
    })
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    closing.push(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    return port
  }
  const told = () => Buffer.concat(heard).toString('latin1')

  it('the file is not believed, though the port is open and a process has its number', async () => {
    const port = await squat(createHttpServer(noMailboxes))
    await writeRunningFile(dataDir, { pid, web: [{ host: '0.0.0.0', port }], smtp })
    const search = await findRunning(dataDir)
    expect(search).toMatchObject({ state: 'left-behind' })
    expect(search).toMatchObject({ found: expect.stringContaining(`what listens on 127.0.0.1:${port}`) })
    expect(told()).toBe('')
  })

  it.each([
    ['speaks HTTP', () => createHttpServer(noMailboxes)],
    ['says nothing', () => createServer()],
    ['repeats what it hears', () => createServer((socket) => socket.pipe(socket))],
  ])('the command tells nothing to one on its port who %s', async (_what, server) => {
    const port = await squat(server())
    await writeRunningFile(dataDir, { pid, web: [], smtp, command: { host: '127.0.0.1', port } })
    expect((await findRunning(dataDir)).state).toBe('left-behind')
    expect(told()).not.toContain(ownerKey.reveal())
    expect(told()).not.toContain('HTTP')
  })

  it('the command tells nothing readable to one who passes everything on to a postern that runs', async () => {
    await moveDeep()
    await openServer()
    const search = await findRunning(dataDir)
    const behind = search.state === 'found' ? search.running.command : undefined
    if (!behind) throw new Error('there is no port')
    const seen: Buffer[] = []
    const port = await squat(
      createServer((socket) => {
        const onward = connect(behind)
        onward.on('error', () => socket.destroy()).on('data', (data) => seen.push(data))
        socket.pipe(onward).pipe(socket)
      }),
    )
    await writeRunningFile(dataDir, { pid, web: [], smtp, command: { host: '127.0.0.1', port } })
    expect(await list()).toEqual([])
    expect(heard.length).toBeGreaterThan(1)
    for (const octets of [told(), Buffer.concat(seen).toString('latin1')]) {
      expect(octets).not.toMatch(/mailboxes|HTTP/)
      expect(octets).not.toContain(ownerKey.reveal())
    }
  })

  it('a file or folder with the name of the socket is not taken for it', async () => {
    await writeRunningFile(dataDir, { pid, web: [], smtp })
    await writeFile(join(dataDir, 'postern.sock'), '')
    expect((await findRunning(dataDir)).state).toBe('left-behind')
    await rm(join(dataDir, 'postern.sock'))
    await mkdir(join(dataDir, 'postern.sock'))
    expect((await findRunning(dataDir)).state).toBe('left-behind')
  })
})
