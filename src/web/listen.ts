import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Failure, failure } from '../base/failure.ts'
import { type Endpoint, formatEndpoint } from '../net/endpoint.ts'
import { backlog, type HandedSockets, requireUnused } from '../net/listen.ts'

const stopMilliseconds = 5_000

const patience = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 30_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
}

/** Limits for slow and greedy clients: each of them ends the connection by itself, and says why. */
export function createLimitedServer(app: RequestListener, less: Partial<typeof patience> = {}): Server {
  const server = createHttpServer({ ...patience, ...less }, app)
  server.on('clientError', (error, socket) => void refuseUnread(error, socket))
  return server
}

async function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): Promise<void> {
  const { answerToUnread } = await import('./http-errors.ts')
  // As Node does it: nothing goes into the middle of another answer, or to who has gone.
  const { _httpMessage: begun } = socket as { _httpMessage?: ServerResponse }
  if (!socket.writable || error.code === 'ECONNRESET' || begun?.headersSent) return void socket.destroy(error)
  socket.end(answerToUnread(error), () => socket.destroy())
}

/** Accepts no more requests, and gives those in flight five seconds. */
export async function close(server: Server): Promise<void> {
  const impatience = setTimeout(() => server.closeAllConnections(), stopMilliseconds)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(impatience)
}

/** What a listener is called, and what moves it. */
export interface NamedListener {
  name: string
  setting: string
}

export const webListener: NamedListener = { name: 'The web server', setting: 'POSTERN_WEB_LISTEN' }
export const metricsListener: NamedListener = {
  name: 'The metrics server',
  setting: 'POSTERN_METRICS_LISTEN',
}

/**
 * Opens the server at one address, or takes the socket that was opened there for us, and returns that address with the port that it got.
 * @throws Failure `configuration` with the address and what to do; its cause has the system's code
 */
export async function listen(
  server: Server,
  endpoint: Endpoint,
  of: NamedListener,
  handed?: HandedSockets,
): Promise<Endpoint> {
  const socket = handed?.socketFor(endpoint)
  try {
    if (!socket) await requireUnused(endpoint)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      const listening = () => {
        server.off('error', reject)
        resolve()
      }
      if (socket) server.listen(socket, backlog, listening)
      else server.listen({ host: endpoint.host, port: endpoint.port, backlog }, listening)
    })
  } catch (error) {
    throw cannotListen(endpoint, error, of)
  }
  const { port } = server.address() as AddressInfo
  return { host: endpoint.host, port }
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function cannotListen(endpoint: Endpoint, error: unknown, { name, setting }: NamedListener): Failure {
  const address = formatEndpoint(endpoint)
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return failure('listen.web-in-use', {
        server: name,
        address,
        port: endpoint.port,
        setting,
        cause: error,
      })
    case 'EACCES':
      return failure('listen.web-forbidden', { server: name, address, setting, cause: error })
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
      return failure('listen.web-no-such-address', { server: name, address, setting, cause: error })
    default:
      return failure('listen.web-failed', { server: name, address, setting, cause: error })
  }
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/**
 * Replaces port 0 by a port that the system chooses, before any address is handed out. If another
 * program takes that port in between, the start fails, and that program learns nothing. An address
 * that cannot be opened is left for the server to report.
 */
export async function choosePorts(endpoints: readonly Endpoint[]): Promise<Endpoint[]> {
  const chosen: Endpoint[] = []
  for (const endpoint of endpoints) chosen.push(endpoint.port === 0 ? await choosePort(endpoint) : endpoint)
  return chosen
}

async function choosePort(endpoint: Endpoint): Promise<Endpoint> {
  const server = createServer().listen(endpoint)
  try {
    await once(server, 'listening')
  } catch {
    return endpoint
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { ...endpoint, port }
}
