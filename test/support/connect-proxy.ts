import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Secret } from '../../src/base/secret.ts'
import type { HttpProxy } from '../../src/net/http-fetch.ts'

export interface ConnectProxy extends HttpProxy {
  /** `host:port` of each CONNECT that was let through. */
  tunnels: string[]
  /** How often it was asked for a tunnel. */
  asked(): number
  close(): Promise<void>
}

export interface ConnectProxyOptions {
  /** `name:password` that it asks for. */
  credentials?: string
  /** The targets, `host:port`, that it lets nobody through to. */
  refuses?: (target: string) => boolean
  /** Where a target, `host:port`, really is; there, unless it says otherwise. */
  leadsTo?: (target: string) => string
  /** What it does instead of opening a tunnel. */
  instead?: (client: Duplex) => void
}

/** An HTTP proxy on loopback that knows CONNECT and nothing else. */
export async function startConnectProxy({
  credentials,
  refuses = () => false,
  leadsTo = (target) => target,
  instead,
}: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const tunnels: string[] = []
  let asked = 0
  const sockets = new Set<Socket>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    asked += 1
    client.on('error', () => {})
    if (instead) return instead(client)
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
    if (wanted && request.headers['proxy-authorization'] !== wanted)
      return void client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n',
      )
    if (refuses(request.url ?? '')) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    tunnels.push(request.url ?? '')
    const target = new URL(`tcp://${leadsTo(request.url ?? '')}`)
    const upstream = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    sockets.add(upstream)
    upstream.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...(credentials !== undefined && { credentials: new Secret(credentials) }),
    tunnels,
    asked: () => asked,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
