import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { readUrl } from '../base/text.ts'
import { type Connect, createConnect, type Target } from './connect.ts'
import { NetworkFailure, networkFailure } from './network-failure.ts'
import { clientContext } from './trusted-authorities.ts'

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
export function parseProxy(text: string): { value: HttpProxy } | { must: string } {
  const url = readUrl(text.trim())
  const must =
    'be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one)'
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return { must }
  const { origin, username, password } = url
  if (username === '') return { value: { origin } }
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { value: { origin, credentials: new Secret(credentials) } }
  } catch {
    return { must: 'write a % in its name or password as %25' }
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

function refusedBy({ origin, credentials }: HttpProxy, path: string, status: number): NetworkFailure {
  const message = `The proxy ${origin} does not let us through to ${path}: HTTP status ${status}`
  if (status !== 407)
    return new NetworkFailure('provider-unavailable', message, {
      fix: `Have the proxy allow CONNECT to ${path}, or set "proxy": "direct" for this provider.`,
    })
  return new NetworkFailure('provider-setup', message, {
    fix: credentials
      ? "Check the proxy's name and password in the settings."
      : "Put the proxy's name and password into its address in the settings.",
  })
}

function unreachable({ origin }: HttpProxy, error: unknown, signal: AbortSignal): NetworkFailure {
  if (!signal.aborted) return networkFailure(error, { host: origin, kind: 'proxy' })
  return new NetworkFailure('provider-unavailable', `The proxy ${origin} did not answer in time`, {
    fix: 'Check the address of the proxy, and whether it is there.',
  })
}

/** The Proxy-Authorization header (RFC 9110, section 11.7.2) for Basic (RFC 7617). */
function proxyAuthorization({ credentials }: HttpProxy): Record<string, string> {
  if (!credentials) return {}
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials.reveal()).toString('base64')}` }
}

/**
 * A connector for undici that opens its sockets with `open`, and runs TLS over them with `overTls`.
 */
export function connectorBy(
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
