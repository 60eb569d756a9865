import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { findRunning, removeRunningFile, writeRunningFile } from '../../src/cli/running-file.ts'

let folder: string
let server: Server
let port: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-running-'))
  server = createServer((socket) => socket.end())
  port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

const { pid } = process
const smtp = [{ host: '127.0.0.1', port: 2587, tls: 'none', plainAuth: false, oldTls: false } as const]

it('finds the running postern, in a file that is for its owner only', async () => {
  await writeRunningFile(folder, { pid, web: [{ host: '127.0.0.1', port }], smtp })
  expect(await findRunning(folder)).toMatchObject({ pid, smtp, answering: { host: '127.0.0.1', port } })
  expect(await readdir(folder)).toEqual(['running.json'])
  expect((await stat(join(folder, 'running.json'))).mode & 0o777).toBe(0o600)
  await removeRunningFile(folder)
  await removeRunningFile(folder)
  expect(await findRunning(folder)).toBeUndefined()
})

it('does not believe a file that a killed postern left behind', async () => {
  await writeRunningFile(folder, { pid, web: [{ host: '127.0.0.1', port: await freePort() }], smtp })
  expect(await findRunning(folder)).toBeUndefined()
})

it('does not hand the owner key to whoever took the port of a killed postern', async () => {
  const ended = spawnSync(process.execPath, ['--version']).pid
  await writeRunningFile(folder, { pid: ended, web: [{ host: '127.0.0.1', port }], smtp })
  expect(await findRunning(folder)).toBeUndefined()
})

it.each([
  { listens: '0.0.0.0', reached: '127.0.0.1' },
  { listens: '127.0.0.1', reached: '127.0.0.1' },
])('reaches a postern that listens on $listens by loopback', async ({ listens, reached }) => {
  const elsewhere = { host: '192.0.2.1', port: 8587 }
  await writeRunningFile(folder, { pid, web: [elsewhere, { host: listens, port }], smtp })
  expect((await findRunning(folder))?.answering).toEqual({ host: reached, port })
})
