import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { runPostern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

/** Another user of the machine, who listens where postern does not, and what browsers have told them. */
async function squat(host: string, port: number): Promise<string[]> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.headers.host}${request.url}`)
    response.end()
  })
  await once(server.listen(port, host), 'listening')
  onTestFinished(() => void server.close())
  return heard
}

/** Starts postern as somebody does; resolves with what it says once it is ready, or has ended. */
async function start(settings: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-squatter-'))
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }))
  const dataDir = join(folder, 'data')
  const env = {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: dataDir,
    POSTERN_SMTP_LISTEN: `127.0.0.1:${await freePort()}`,
    POSTERN_GOOGLE_CLIENT_ID: 'mine',
    ...settings,
  }
  const child = spawn(process.execPath, [program, 'serve'], { cwd: dirname(dataDir), env })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  await eventually('postern', () => text.includes('  pages   ') || child.exitCode !== null)
  const json = async (...words: string[]) => {
    const { stdout, stderr } = await runPostern([...words, '--json'], env, dataDir)
    return JSON.parse(stdout || stderr) as { url: string }
  }
  return { exitCode: child.exitCode, text, json }
}

/** Every address that postern gives to people. */
async function announced({ text, json }: Awaited<ReturnType<typeof start>>): Promise<string[]> {
  await json('mailbox', 'add', 'me@example.com', '--provider', 'google')
  const links = [await json('sign-in'), await json('consent', 'me@example.com')].map(({ url }) => url)
  const shown = /pages {3}(\S+)/.exec(text)?.[1] ?? ''
  return [shown, ...links].map((url) => new URL(url).origin)
}

describe.runIf(hasIpv6)('where somebody else listens on the other loopback address', () => {
  it.each(['127.0.0.1', '::1'])(
    'a postern that listens on the one that is left leads nobody to %s',
    async (taken) => {
      const port = await freePort()
      const heard = await squat(taken, port)
      const own = taken === '::1' ? `127.0.0.1:${port}` : `[::1]:${port}`
      const all = await announced(await start({ POSTERN_WEB_LISTEN: own }))
      expect(all).toEqual([`http://${own}`, `http://${own}`, `http://${own}`])
      for (const origin of all) await fetch(`${origin}/healthz`)
      expect(heard).toEqual([])
    },
  )

  it.each([
    ['with both addresses', (port: number) => ({ POSTERN_WEB_LISTEN: `127.0.0.1:${port},[::1]:${port}` })],
    ['with the name', (port: number) => ({ POSTERN_WEB_LISTEN: `localhost:${port}` })],
    [
      'with one, and the name as the public address',
      (port: number) => ({
        POSTERN_WEB_LISTEN: `127.0.0.1:${port}`,
        POSTERN_PUBLIC_URL: `http://localhost:${port}`,
      }),
    ],
    [
      'with one, and a name below it',
      (port: number) => ({
        POSTERN_WEB_LISTEN: `127.0.0.1:${port}`,
        POSTERN_PUBLIC_URL: `http://gate.localhost:${port}`,
      }),
    ],
    [
      'on every IPv4 address, and the name as the public address',
      (port: number) => ({
        POSTERN_WEB_LISTEN: `0.0.0.0:${port}+plain-http`,
        POSTERN_PUBLIC_URL: `http://localhost:${port}`,
      }),
    ],
  ])('a postern that is to be reached by localhost does not start: %s', async (_how, settings) => {
    const port = await freePort()
    await squat('::1', port)
    const { exitCode, text } = await start(settings(port))
    expect(exitCode).toBe(75)
    expect(text).toContain(`[::1]:${port}`)
    expect(text).not.toContain('/sign-in/')
  })
})

it.runIf(hasIpv6)('a public address at localhost is listened for on both loopback addresses', async () => {
  const port = await freePort()
  const listen = { POSTERN_WEB_LISTEN: `127.0.0.1:${port}`, POSTERN_PUBLIC_URL: `http://localhost:${port}` }
  const all = await announced(await start(listen))
  expect(all).toEqual([`http://localhost:${port}`, `http://localhost:${port}`, `http://localhost:${port}`])
  await expect(squat('::1', port)).rejects.toThrow('EADDRINUSE')
})

it('a port that the system chooses is the one that people are told', async () => {
  const postern = await start({ POSTERN_WEB_LISTEN: '127.0.0.1:0' })
  const [origin = '', ...others] = await announced(postern)
  expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/)
  expect(others).toEqual([origin, origin])
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
})
