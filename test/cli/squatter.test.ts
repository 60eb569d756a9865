import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage
let ownerKey: string
let heard: Buffer[]
const closing: (() => Promise<unknown>)[] = []

/** As a kill leaves it behind, with what a live process has taken since: the number, and the port. */
beforeEach(async () => {
  stage = await setCommandStage()
  await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
  ownerKey = (await readFile(join(stage.folder, 'data', 'owner.key'), 'utf8')).trim()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await stage.close()
})

async function squat(answer: RequestListener): Promise<void> {
  heard = []
  const sockets: Socket[] = []
  const server = createServer(answer)
  server.on('connection', (socket) => {
    sockets.push(socket)
    // As it comes in, whatever the server makes of it.
    socket.on('data', (data) => heard.push(data)).on('error', () => {})
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
  closing.push(async () => {
    other.kill()
    await once(other, 'close')
  })
  const web = [{ host: '127.0.0.1', port }]
  const running = JSON.stringify({ pid: other.pid, web, smtp: [] })
  await writeFile(join(stage.folder, 'data', 'running.json'), running, { mode: 0o600 })
}

it.each<[string, RequestListener]>([
  ['answers as postern would', (_request, response) => response.end('{"mailboxes":[]}')],
  ['asks for a key', (_request, response) => response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()],
  ['sends elsewhere', (_request, response) => response.writeHead(307, { location: 'http://[::1]:1/' }).end()],
])('the command tells nothing to whoever took the port of a killed postern and %s', async (_what, answer) => {
  await squat(answer)
  const listed = await stage.postern(['mailbox', 'list'])
  expect(Buffer.concat(heard).toString()).toBe('')
  expect(listed.stdout).toContain('me@example.com')
  expect(listed.stderr).toMatch(
    /^postern: warning: No postern answers .* does not prove to be postern, and was told nothing/,
  )

  const token = await stage.postern(['token', 'me@example.com'])
  expect(Buffer.concat(heard).toString()).toBe('')
  expect(token).toMatchObject({ code: 75, stdout: '' })
  expect(token.stderr).toContain('does not prove to be postern')
  expect(listed.stderr + token.stderr).not.toContain(ownerKey)
})
