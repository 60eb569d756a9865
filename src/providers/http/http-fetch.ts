import { createSecureContext } from 'node:tls'
import type { buildConnector, Dispatcher, fetch, Response as UndiciResponse } from 'undici'
import { Failure } from '../../base/failure.ts'
import { lazy } from '../../base/lazy.ts'
import type { HttpProxy } from '../../config/config.ts'
import { OAuthError } from '../oauth/oauth-error.ts'
import { revealed } from '../revealed.ts'
import { createTunnels } from './proxy-tunnel.ts'
import { lookupWithin, type Reach, requireWithin } from './reach.ts'
import { trustedAuthorities } from './trusted-authorities.ts'

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

export interface HttpFetchSettings {
  /** PEM text of certification authorities beside the system's. */
  extraCa?: string | undefined
  /** For a whole request: name, connection, TLS, answer. */
  timeoutSeconds: number
}

/** No token answer, error or set of keys comes near this. */
const longestBody = 65_536

/**
 * The one way to providers' HTTPS endpoints: certificates are always checked, redirects are never followed (a token request carries
 * secrets for one address), and time and size are bounded, after decompression.
 * Trouble on the way is thrown as OAuthError.
 */
export function createHttpFetch({ extraCa, timeoutSeconds }: HttpFetchSettings): {
  fetch: HttpFetch
  /** The same by way of a proxy; directly without one. */
  via(proxy: HttpProxy | undefined): HttpFetch
  close(): Promise<void>
} {
  const load = lazy(() => loadUndici(extraCa, timeoutSeconds))
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
      throw inWords(error, url, timeoutSeconds, proxy)
    }
  }

  const direct = through(undefined)
  // One way for each proxy, however often it is asked for: each keeps its connections until the end.
  const ways = new Map<string, HttpFetch>()
  return {
    fetch: direct,
    via(proxy) {
      if (!proxy) return direct
      const key = revealed(proxy)
      const way = ways.get(key) ?? through(proxy)
      ways.set(key, way)
      return way
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
async function loadUndici(extraCa: string | undefined, timeoutSeconds: number): Promise<Undici> {
  const { Agent, buildConnector, fetch } = await import('undici')
  const ca = trustedAuthorities(extraCa)
  const tunnel = createTunnels(extraCa)
  // Read once: hundreds of certificates would otherwise be parsed for each connection.
  const secureContext = createSecureContext({ ...(ca && { ca: [...ca] }), minVersion: 'TLSv1.2' })
  // Said outright, because an environment variable of Node can turn the default around.
  const connect = { timeout: timeoutSeconds * 1000, secureContext, rejectUnauthorized: true }
  // undici's own ProxyAgent tries again without end, thousands of times a second, when a proxy hangs up.
  const tunnelled =
    (proxy: HttpProxy, overSocket: buildConnector.connector): buildConnector.connector =>
    (options, callback) => {
      const { protocol, hostname, port } = options
      const target = { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
      tunnel(proxy, target, AbortSignal.timeout(connect.timeout)).then(
        (socket) => {
          if (protocol === 'https:') overSocket({ ...options, httpSocket: socket }, callback)
          else callback(null, socket)
        },
        (error: Error) => callback(error, null),
      )
    }
  return {
    fetch,
    open(proxy, reach) {
      if (proxy) return new Agent({ connect: tunnelled(proxy, buildConnector(connect)) })
      return new Agent({ connect: { ...connect, ...(reach && { lookup: lookupWithin(reach) }) } })
    },
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
    if (size > longestBody) throw new OAuthError('the provider sent too long an answer', { status })
    chunks.push(chunk)
  }
  const init = { status, headers: [...response.headers] as [string, string][] }
  return new Response(withoutBody(status) ? null : Buffer.concat(chunks), init)
}

/** Statuses for which `Response` takes no body. */
function withoutBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function inWords(
  error: unknown,
  url: string,
  timeoutSeconds: number,
  proxy: HttpProxy | undefined,
): OAuthError {
  if (error instanceof OAuthError) return error
  const { host } = new URL(url)
  const way = proxy ? ` by the proxy ${proxy.origin}` : ''
  if (error instanceof Error && error.name === 'TimeoutError')
    return new OAuthError(`${host} did not answer within ${timeoutSeconds} seconds${way}`)
  const own = ownIn(error)
  if (own) return own
  return new OAuthError(`${host} cannot be reached${way}${codeOf(error)}`)
}

/** The tunnel's own words, or those of the look-up of a name. */
function ownIn(error: unknown): OAuthError | undefined {
  if (error instanceof OAuthError) return error
  if (error instanceof Failure) return new OAuthError(error.message)
  return error instanceof Error ? ownIn(error.cause) : undefined
}

/** Node's code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`) says what to look for; messages may quote what was sent. */
function codeOf(error: unknown): string {
  const codes = [error, (error as { cause?: unknown } | undefined)?.cause].map(
    (from) => (from as { code?: unknown } | undefined)?.code,
  )
  const code = codes.find((found) => typeof found === 'string')
  return code === undefined ? '' : ` (${String(code)})`
}
