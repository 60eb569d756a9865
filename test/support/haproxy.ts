import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../examples/demo/free-port.js'
import { eventually } from './eventually.ts'
import { searchPath } from './peer.ts'

export interface HaProxy {
  port: number
  close(): Promise<void>
}

/** An HAProxy that passes connections on, says whose they are, and looks every second whether the server is there. */
export async function startHaProxy(
  server: { host: string; port: number },
  way: 'send-proxy' | 'send-proxy-v2',
): Promise<HaProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-haproxy-'))
  const port = await freePort()
  const settings = `
global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen mail
    bind 127.0.0.1:${port}
    server postern ${server.host}:${server.port} ${way} check check-send-proxy inter 1s
`
  await writeFile(join(folder, 'haproxy.cfg'), settings)
  const child = spawn('haproxy', ['-f', join(folder, 'haproxy.cfg'), '-db'], {
    env: { PATH: searchPath },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'close')
  await eventually(`HAProxy listens ${said}`, () => answers(port))
  return {
    port,
    async close() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => socket.end(() => resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
