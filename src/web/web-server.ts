import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { lazy } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type Endpoint, formatEndpoint } from '../net/endpoint.ts'
import { isWithin } from '../net/ip.ts'
import { type HandedSockets, isMissingAddress } from '../net/listen.ts'
import { createWebConnections, type WebConnectionLimits } from './connections.ts'
import { close, createLimitedServer, isLoopbackHost, listen, webListener } from './listen.ts'
import type { Readiness } from './readiness.ts'
import { createSignInLinks } from './sign-in-links.ts'
import type { WebAppDeps } from './web-app.ts'
import type { WebServices } from './web-services.ts'

/** The HTTP server: pages for people, the API for programs. */
interface WebServer {
  /**
   * Opens every address or none, and returns the ports that the system chose.
   * @throws Failure `configuration` with the address and what to do
   */
  start(): Promise<Endpoint[]>
  /** Accepts no more requests, gives those in flight five seconds to finish, and closes. */
  stop(): Promise<void>
  /** A fresh one-time URL that signs a browser in as the administrator; good for 15 minutes. */
  signInLink(): Promise<string>
  app: RequestListener
}

interface WebServerDeps {
  listen: readonly Endpoint[]
  handed?: HandedSockets | undefined
  /** The address that browsers use; no trailing slash in its path. */
  publicUrl: URL
  /** The address of the administration pages, if it is another one. */
  pagesUrl?: URL
  /** Further names of the pages and the API. */
  readonly furtherHosts?: readonly string[] | undefined
  /** Networks of the proxies whose `X-Forwarded-For` is believed, in the form of `parseNetwork`. */
  readonly trustedProxies?: readonly string[] | undefined
  services: WebServices
  readiness: Readiness
  metrics: Metrics
  limits: WebConnectionLimits
  clock: Clock
  log: Log
  version: string
  /** Who runs postern, as people who consent know them. */
  organisation?: string | undefined
}

export function createWebServer(deps: WebServerDeps): WebServer {
  const { listen: endpoints, publicUrl, pagesUrl = publicUrl, limits, clock, log } = deps
  const { services, readiness, metrics, version, organisation } = deps
  const connections = createWebConnections(limits, clock)
  const signInLinks = createSignInLinks({ publicUrl: pagesUrl, passing: services.passing, clock })
  let open: { server: Server; endpoint: Endpoint }[] = []
  let ports = endpoints.map(({ port }) => port)
  const app = createLazyApp({
    publicUrl,
    pagesUrl,
    get furtherHosts() {
      return deps.furtherHosts
    },
    ports: () => ports,
    isProxy: (address) => deps.trustedProxies !== undefined && isWithin(deps.trustedProxies, address),
    signInLinks,
    services,
    markAuthenticated: connections.markAuthenticated,
    readiness,
    metrics,
    clock,
    log,
    version,
    organisation,
  })

  async function openOne(endpoint: Endpoint, isFirst: boolean): Promise<void> {
    const server = createLimitedServer(limitPipelining(connections.tracking(app)))
    connections.watch(server)
    try {
      const opened = await listen(server, endpoint, webListener, deps.handed)
      open.push({ server, endpoint: opened })
      ports = [...ports, opened.port]
      server.on('error', (error) =>
        log.warn(
          { event: 'listener.not-accepting', err: error },
          'the web server could not take a connection',
        ),
      )
    } catch (error) {
      // The default names both loopback addresses; a machine without IPv6 has one of them, which
      // suffices.
      if (isFirst || !isMissingAddress(error) || !isLoopbackHost(endpoint.host)) throw error
      log.warn(
        { event: 'listener.left-out', address: formatEndpoint(endpoint) },
        'this machine has no such address: the web server does without it',
      )
    }
  }

  async function stop(): Promise<void> {
    const closing = open
    open = []
    await Promise.all(closing.map(({ server }) => close(server)))
    connections.close()
  }

  return {
    app,
    stop,
    signInLink: async () => (await signInLinks.create('administrator')).url,
    async start() {
      try {
        for (const [index, endpoint] of endpoints.entries()) await openOne(endpoint, index === 0)
      } catch (error) {
        await stop()
        throw error
      }
      return open.map(({ endpoint }) => endpoint)
    },
  }
}

/**
 * Loads the pages and the API with the first request. Express and zod take longer to load than
 * everything else at start, and a postern that only relays mail never needs them.
 */
function createLazyApp(deps: WebAppDeps): RequestListener {
  let app: RequestListener | undefined
  const load = lazy(async () => {
    const { createWebApp } = await import('./web-app.ts')
    app = createWebApp(deps)
    return app
  })

  return (request, response) => {
    if (app) return app(request, response)
    load().then(
      (loaded) => loaded(request, response),
      (error: unknown) => {
        deps.log.error({ event: 'page.not-loaded', err: error }, 'the pages and the API cannot be loaded')
        response.writeHead(500, { 'Cache-Control': 'no-store' }).end()
      },
    )
  }
}

/**
 * Requests in flight on one connection. Browsers and proxies send one at a time; a program may
 * pipeline (RFC 9112, section 9.3.2).
 */
const mostPipelined = 16

/**
 * Closes a connection that pipelines too deeply: thousands of requests fit into one read, and all
 * of them would start.
 */
function limitPipelining(app: RequestListener): RequestListener {
  const underway = new WeakMap<Socket, number>()

  return (request, response) => {
    const { socket } = request
    // Node still parses the requests that arrived before the connection was destroyed.
    if (socket.destroyed) return
    const count = (underway.get(socket) ?? 0) + 1
    if (count > mostPipelined) {
      socket.destroy()
      return
    }
    underway.set(socket, count)
    response.once('close', () => underway.set(socket, (underway.get(socket) ?? 1) - 1))
    app(request, response)
  }
}
