import type { Socket } from 'node:net'
import type { buildConnector, Dispatcher, fetch, Response as UndiciResponse } from 'undici'
import { lazy } from '../base/async.ts'
import { Failure, filled } from '../base/failure.ts'
import { canonicalText, Secret } from '../base/secret.ts'
import { readUrl } from '../base/text.ts'
import {
  addressesWithin,
  type Connect,
  clientContext,
  createConnect,
  type Reach,
  requireWithin,
  type Target,
} from './connect.ts'
import { HttpError, NetworkFailure, networkFailure } from './network-failure.ts'

/** The signature that openid-client needs of a fetch; other callers use the same. */
export type HttpFetch = (url: string, request: HttpRequest) => Promise<Response>

interface HttpRequest {
  method: string
  headers: Record<string, string>
  body?: unknown
  signal?: AbortSignal | undefined
  /**
   * Absent: any address. Behind a proxy, which resolves names itself, only literal addresses are
   * checked.
   */
  reach?: Reach
}

/** A request that got a response, or none. */
export interface EndedRequest {
  url: URL
  method: string
  seconds: number
  /** Of the response. Absent: there was none that could be used. */
  status?: number
}

interface HttpFetchDeps {
  /** PEM text of certification authorities beside the system's. */
  extraCa?: string | undefined
  /** For a whole request: name lookup, connection, TLS and response. */
  timeoutSeconds: number
  /** One for the whole process, because its shares are counted over all requests. */
  connect?: Connect | undefined
}

/**
 * To one host. After a start, thousands of mailboxes may need a token at once: they queue, and
 * leave file descriptors for other sockets.
 */
const mostConnections = 64

/**
 * No token response, error or key set comes near this size. The limit is generous, because cutting
 * off a response loses the refresh token in it.
 */
const longestBody = 262_144

/**
 * All HTTPS requests leave by this fetch. Certificates are always checked, redirects are never
 * followed (a token request carries secrets for one address), and time and size are bounded, the
 * size after decompression. A failure of the network is thrown as NetworkFailure, an unusable
 * response as HttpError.
 */
export function createHttpFetch({ extraCa, timeoutSeconds, connect }: HttpFetchDeps): {
  fetch: HttpFetch
  /** The same through a proxy, or directly without one. */
  via(proxy: HttpProxy | undefined): HttpFetch
  /** From now on `see` is told of each request that has ended. */
  watch(see: (request: EndedRequest) => void): void
  close(): Promise<void>
} {
  const load = lazy(() => loadUndici(extraCa, timeoutSeconds, connect))
  const opened = new Set<Dispatcher>()
  let watcher: ((request: EndedRequest) => void) | undefined

  function through(proxy: HttpProxy | undefined): HttpFetch {
    // Each reach has its own connection pool, because a warm connection is not checked again.
    const opening = (reach?: Reach) =>
      lazy(async () => {
        const undici = await load()
        const dispatcher = undici.open(proxy, reach)
        opened.add(dispatcher)
        return { fetch: undici.fetch, dispatcher }
      })
    const open = { anywhere: opening(), public: opening('public'), private: opening('private') }
    return async (url, request) => {
      if (request.reach) requireWithin(request.reach, new URL(url).hostname)
      const since = performance.now()
      let status: number | undefined
      try {
        const response = await bounded(open[request.reach ?? 'anywhere'], proxy, url, request)
        status = response.status
        return response
      } finally {
        const seconds = (performance.now() - since) / 1000
        watcher?.({
          url: new URL(url),
          method: request.method,
          seconds,
          ...(status !== undefined && { status }),
        })
      }
    }
  }

  async function bounded(
    open: () => Promise<{ fetch: typeof fetch; dispatcher: Dispatcher }>,
    proxy: HttpProxy | undefined,
    url: string,
    { method, headers, body, signal }: HttpRequest,
  ): Promise<Response> {
    const { fetch, dispatcher } = await open()
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000)
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(body !== undefined && body !== null && { body: String(body) }),
        redirect: 'manual',
        dispatcher,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      })
      return await wholeResponse(response)
    } catch (error) {
      throw asNetworkFailure(error, url, timeoutSeconds, proxy)
    }
  }

  const direct = through(undefined)
  // One fetch for each proxy, which keeps its connection pool until close.
  const proxied = new Map<string, HttpFetch>()
  return {
    fetch: direct,
    via(proxy) {
      if (!proxy) return direct
      const key = canonicalText(proxy)
      const fetch = proxied.get(key) ?? through(proxy)
      proxied.set(key, fetch)
      return fetch
    },
    watch(see) {
      watcher = see
    },
    async close() {
      await Promise.all([...opened].map((dispatcher) => dispatcher.destroy()))
    },
  }
}

interface Undici {
  fetch: typeof fetch
  open(proxy: HttpProxy | undefined, reach?: Reach): Dispatcher
}

/** undici and the certificates take megabytes, so they are loaded with the first request. */
async function loadUndici(
  extraCa: string | undefined,
  timeoutSeconds: number,
  connect: Connect = createConnect(),
): Promise<Undici> {
  const { Agent, buildConnector, fetch } = await import('undici')
  const tunnel = createTunnels(extraCa, connect)
  const timeout = timeoutSeconds * 1000
  // Explicit, because an environment variable of Node can change the default.
  const overTls = buildConnector({
    timeout,
    secureContext: clientContext(extraCa),
    rejectUnauthorized: true,
  })
  const openBy = (proxy: HttpProxy | undefined, reach: Reach | undefined) => (target: Target) => {
    const signal = AbortSignal.timeout(timeout)
    if (proxy) return tunnel(proxy, target, signal)
    return connect(target, signal, reach && addressesWithin(reach, target.host))
  }
  return {
    fetch,
    // undici's own ProxyAgent retries without end, thousands of times a second, when a proxy hangs
    // up.
    open: (proxy, reach) =>
      new Agent({ connections: mostConnections, connect: connectorBy(openBy(proxy, reach), overTls) }),
  }
}

/** Reads undici's response to the end and returns it as Node's own `Response`. */
async function wholeResponse(response: UndiciResponse): Promise<Response> {
  const { status } = response
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels the stream, and with it the connection.
    if (size > longestBody) throw new HttpError('the provider sent too long an answer', status)
    chunks.push(chunk)
  }
  const init = { status, headers: [...response.headers] as [string, string][] }
  return new Response(withoutBody(status) ? null : Buffer.concat(chunks), init)
}

/** Statuses for which `Response` takes no body. */
function withoutBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function asNetworkFailure(
  error: unknown,
  url: string,
  timeoutSeconds: number,
  proxy: HttpProxy | undefined,
): Error {
  const own = ownErrorIn(error)
  if (own) return own
  const { host } = new URL(url)
  const whom = proxy ? `${host} (by the proxy ${proxy.origin})` : host
  if (!(error instanceof Error && error.name === 'TimeoutError'))
    return networkFailure(error, { host: whom, kind: 'endpoint' })
  return new NetworkFailure(filled('network.too-slow', { host: whom, seconds: timeoutSeconds }))
}

/**
 * An error of our own inside another error: from the tunnel, the address check or the size limit.
 */
function ownErrorIn(error: unknown): HttpError | Failure | undefined {
  if (error instanceof HttpError || error instanceof Failure) return error
  return error instanceof Error ? ownErrorIn(error.cause) : undefined
}

/** An HTTP proxy that tunnels by CONNECT (RFC 9110, section 9.3.6). */
export interface HttpProxy {
  /** `http://proxy.example.com:3128`, or https. */
  origin: string
  /** `name:password`, for Basic authentication. */
  credentials?: Secret
}

/**
 * Parses `http://name:password@proxy.example.com:3128`. `must` is the end of a sentence and
 * contains nothing of the text.
 */
export function parseProxy(text: string): { value: HttpProxy } | { must: string; isReadable: boolean } {
  const url = readUrl(text.trim())
  const must =
    'be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one)'
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return { must, isReadable: false }
  const { origin, username, password } = url
  if (username === '') return { value: { origin } }
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { value: { origin, credentials: new Secret(credentials) } }
  } catch {
    return { must: 'write a % in its name or password as %25', isReadable: true }
  }
}

/** Opens a connection to `host:port` through a proxy. */
type OpenTunnel = (
  proxy: HttpProxy,
  target: { host: string; port: number },
  signal: AbortSignal,
) => Promise<Socket>

/**
 * Tunnels by CONNECT (RFC 9110, section 9.3.6). The returned socket is connected to the target;
 * data that the target has already sent is read first.
 * @throws NetworkFailure `provider-unavailable`, which names the proxy, or `provider-setup` when
 * the proxy wants other credentials or cannot be trusted
 */
export function createTunnels(extraCa: string | undefined, connect: Connect = createConnect()): OpenTunnel {
  return async (proxy, { host, port }, signal) => {
    const { buildConnector, Client } = await import('undici')
    // Explicit, because an environment variable of Node can change the default.
    const overTls = buildConnector({
      ...(proxy.origin.startsWith('https:') && { secureContext: clientContext(extraCa) }),
      rejectUnauthorized: true,
    })
    const client = new Client(proxy.origin, {
      connect: connectorBy((origin) => connect(origin, signal), overTls),
    })
    // An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
    const bare = host.replace(/^\[|\]$/g, '')
    const path = `${bare.includes(':') ? `[${bare}]` : bare}:${port}`
    try {
      const { statusCode, socket } = await client.connect({
        path,
        headers: { host: path, ...proxyAuthorization(proxy) },
        signal,
      })
      if (statusCode >= 200 && statusCode < 300) return readied(socket as Socket)
      socket.destroy()
      throw refusedBy(proxy, path, statusCode)
    } catch (error) {
      throw error instanceof Failure ? error : unreachable(proxy, error, signal)
    } finally {
      // The tunnel has left the client, which can be destroyed.
      void client.destroy()
    }
  }
}

/**
 * The caller adds its own error listener; until then errors are ignored, because an unhandled one
 * would end the process. Commands are small: Nagle's algorithm would only add delay.
 */
function readied(socket: Socket): Socket {
  socket.on('error', () => {})
  return socket.setNoDelay(true)
}

function refusedBy({ origin: proxy, credentials }: HttpProxy, host: string, status: number): NetworkFailure {
  const known = { proxy, host, status }
  if (status !== 407) return new NetworkFailure(filled('proxy.refused', known))
  const id = credentials ? 'proxy.credentials-refused' : 'proxy.credentials-missing'
  return new NetworkFailure(filled(id, known))
}

function unreachable({ origin }: HttpProxy, error: unknown, signal: AbortSignal): NetworkFailure {
  if (!signal.aborted) return networkFailure(error, { host: origin, kind: 'proxy' })
  return new NetworkFailure(filled('proxy.too-slow', { proxy: origin }))
}

/** The Proxy-Authorization header (RFC 9110, section 11.7.2) for Basic (RFC 7617). */
function proxyAuthorization({ credentials }: HttpProxy): Record<string, string> {
  if (!credentials) return {}
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials.reveal()).toString('base64')}` }
}

/**
 * A connector for undici that opens its sockets with `open`, and runs TLS over them with `overTls`.
 */
function connectorBy(
  open: (target: Target) => Promise<Socket>,
  overTls: buildConnector.connector,
): buildConnector.connector {
  return (options, callback) => {
    const { protocol, hostname, port } = options
    open({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }).then(
      (socket) => {
        if (protocol === 'https:') overTls({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}
