import type { Dispatcher, fetch, Response as UndiciResponse } from 'undici'
import { lazy } from '../base/async.ts'
import { Failure } from '../base/failure.ts'
import { canonicalText } from '../base/secret.ts'
import { type Connect, createConnect, type Target } from './connect.ts'
import { connectorBy, createTunnels, type HttpProxy } from './http-proxy.ts'
import { HttpError, NetworkFailure, networkFailure } from './network-failure.ts'
import { addressesWithin, type Reach, requireWithin } from './reach.ts'
import { clientContext } from './trusted-authorities.ts'

/** What openid-client asks of a fetch; any other satisfies it too. */
export type HttpFetch = (url: string, request: HttpRequest) => Promise<Response>

export interface HttpRequest {
  method: string
  headers: Record<string, string>
  body?: unknown
  signal?: AbortSignal | undefined
  /** Absent: anywhere. By way of a proxy, which resolves names by itself, only literal addresses are looked at. */
  reach?: Reach
}

export interface HttpFetchDeps {
  /** PEM text of certification authorities beside the system's. */
  extraCa?: string | undefined
  /** For a whole request: name, connection, TLS, answer. */
  timeoutSeconds: number
  /** One for the whole process, so that its shares hold. */
  connect?: Connect | undefined
}

/** To one host. After a start thousands of mailboxes may want a token at once: they take turns, and leave the process its sockets. */
const mostConnections = 64

/** No token answer, error or set of keys comes near this. Generous, because with an answer that is cut off the refresh token in it is lost. */
const longestBody = 262_144

/**
 * The one way to providers' HTTPS endpoints: certificates are always checked, redirects are never followed (a token request carries
 * secrets for one address), and time and size are bounded, after decompression.
 * Trouble on the way is thrown as NetworkFailure, an answer that cannot be taken as HttpError.
 */
export function createHttpFetch({ extraCa, timeoutSeconds, connect }: HttpFetchDeps): {
  fetch: HttpFetch
  /** The same by way of a proxy; directly without one. */
  via(proxy: HttpProxy | undefined): HttpFetch
  close(): Promise<void>
} {
  const load = lazy(() => loadUndici(extraCa, timeoutSeconds, connect))
  const opened = new Set<Dispatcher>()

  function through(proxy: HttpProxy | undefined): HttpFetch {
    // Connections are kept for each reach by itself: one that is warm is not looked at again.
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
      return bounded(open[request.reach ?? 'anywhere'], proxy, url, request)
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
  // One way for each proxy, however often it is asked for: each keeps its connections until the end.
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
    async close() {
      await Promise.all([...opened].map((dispatcher) => dispatcher.destroy()))
    },
  }
}

interface Undici {
  fetch: typeof fetch
  open(proxy: HttpProxy | undefined, reach?: Reach): Dispatcher
}

/** Megabytes of code and of certificates, which a postern that has no token to ask for yet does without. */
async function loadUndici(
  extraCa: string | undefined,
  timeoutSeconds: number,
  connect: Connect = createConnect(),
): Promise<Undici> {
  const { Agent, buildConnector, fetch } = await import('undici')
  const tunnel = createTunnels(extraCa, connect)
  const timeout = timeoutSeconds * 1000
  // Said outright, because an environment variable of Node can turn the default around.
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
    // undici's own ProxyAgent tries again without end, thousands of times a second, when a proxy hangs up.
    open: (proxy, reach) =>
      new Agent({ connections: mostConnections, connect: connectorBy(openBy(proxy, reach), overTls) }),
  }
}

/** undici's answer as Node's own `Response`, read to the end. */
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
  return new NetworkFailure(
    'provider-unavailable',
    `${whom} did not answer within ${timeoutSeconds} seconds`,
    {
      fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
    },
  )
}

/** What was said already: by the tunnel, of an address, of an answer. */
function ownErrorIn(error: unknown): HttpError | Failure | undefined {
  if (error instanceof HttpError || error instanceof Failure) return error
  return error instanceof Error ? ownErrorIn(error.cause) : undefined
}
