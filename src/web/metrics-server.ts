import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { HandedSockets } from '../net/listen.ts'
import { close, createLimitedServer, isLoopbackHost, listen, metricsListener } from './listen.ts'
import type { Readiness } from './readiness.ts'

/** Metrics and health at addresses of their own, where nobody needs a key. Nothing else is served there. */
interface MetricsServer {
  /** @throws Failure `configuration` with the address and what to do */
  start(): Promise<Endpoint[]>
  stop(): Promise<void>
}

interface MetricsServerDeps {
  listen: readonly Endpoint[]
  handed?: HandedSockets | undefined
  metrics: Metrics
  readiness: Readiness
  log: Log
}

/** A Prometheus keeps one open; some more are for probes. */
const mostConnections = 50

interface Answer {
  status: number
  contentType: string
  text: string
  headers?: Record<string, string>
}

export function createMetricsServer({
  listen: endpoints,
  handed,
  metrics,
  readiness,
  log,
}: MetricsServerDeps): MetricsServer {
  let open: Server[] = []

  async function answerTo(request: IncomingMessage, isLoopback: boolean): Promise<Answer> {
    if (isLoopback && !isOwnName(request.headers.host)) return plain(421, 'No such host here')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return { ...plain(405, 'Use GET or HEAD'), headers: { Allow: 'GET, HEAD' } }
    switch (request.url?.split('?')[0]) {
      case '/metrics':
        return { status: 200, ...(await metrics.read()) }
      case '/healthz':
        return json(200, { status: 'ok' })
      case '/readyz':
        return readyOrNot(await readiness())
      default:
        return plain(404, 'There is only /metrics, /healthz and /readyz')
    }
  }

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    isLoopback: boolean,
  ): Promise<void> {
    const { status, contentType, text, headers } = await answerTo(request, isLoopback).catch(
      (error: unknown) => {
        log.error(
          { event: 'metrics.not-read', err: asFailure(error).cause ?? error },
          'The metrics could not be read',
        )
        return plain(500, 'Something went wrong inside postern')
      },
    )
    const length = Buffer.byteLength(text)
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : text)
  }

  async function openOne(endpoint: Endpoint): Promise<Endpoint> {
    const isLoopback = isLoopbackHost(endpoint.host)
    const server = createLimitedServer((request, response) => void handle(request, response, isLoopback))
    server.maxConnections = mostConnections
    const opened = await listen(server, endpoint, metricsListener, handed)
    server.on('error', (error) =>
      log.warn(
        { event: 'listener.not-accepting', err: error },
        'the metrics server could not take a connection',
      ),
    )
    open.push(server)
    return opened
  }

  async function stop(): Promise<void> {
    const closing = open
    open = []
    await Promise.all(closing.map(close))
  }

  return {
    async start() {
      const opened: Endpoint[] = []
      try {
        for (const endpoint of endpoints) opened.push(await openOne(endpoint))
      } catch (error) {
        await stop()
        throw error
      }
      // Whoever sets a listener wants to know of what happens before the first look, too.
      if (opened.length > 0) await metrics.begin()
      return opened
    },
    stop,
  }
}

/**
 * On loopback only by an address or as localhost: a page of another site whose name points to 127.0.0.1 (DNS rebinding) still sends its own
 * name. Elsewhere Prometheus comes by whatever name the network has for us.
 */
function isOwnName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || name.toLowerCase() === 'localhost'
}

function readyOrNot({ ready, worker }: Awaited<ReturnType<Readiness>>): Answer {
  const who = worker !== undefined && { worker }
  return ready ? json(200, { status: 'ready', ...who }) : json(503, { status: 'not ready', ...who })
}

function plain(status: number, text: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', text: `${text}\n` }
}

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json; charset=utf-8', text: JSON.stringify(body) }
}
