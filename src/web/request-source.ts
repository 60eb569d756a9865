import type { Request } from 'express'
import { Secret } from '../base/secret.ts'
import type { LoginThrottle } from '../credentials/login-throttle.ts'
import { plainAddress, sourceOf } from '../net/ip.ts'

/** The source of a request, for limits and logs. */
interface RequestSource {
  /** The address or network that is counted, logged and shown. */
  key: string
  /** The address itself. */
  address: string
  /**
   * Many clients may share it: this machine (perhaps its proxy), or a proxy that does not forward
   * the client's address.
   */
  isShared: boolean
}

/** Whether an address belongs to a trusted proxy. */
export type IsProxy = (address: string) => boolean

const setting = 'trusted proxies'

/** More hops than any real request has. */
const mostHops = 32

/** Makes an application trust these proxies. */
export function believeProxies(app: { set(name: string, value: unknown): unknown }, isProxy: IsProxy): void {
  app.set(setting, isProxy)
}

/** The key of `requestSource`. */
export function sourceKey(request: Pick<Request, 'socket' | 'headers' | 'app'>): string {
  return requestSource(request).key
}

/**
 * The only place that decides where a request comes from: the address of its connection, or, if
 * that is a proxy of `POSTERN_TRUSTED_PROXIES`, the last address in `X-Forwarded-For` that is not
 * such a proxy. The entries before that one were written by the client. No other header is
 * believed.
 */
export function requestSource({
  socket,
  headers,
  app,
}: Pick<Request, 'socket' | 'headers' | 'app'>): RequestSource {
  const peer = socket.remoteAddress ?? ''
  const isProxy: IsProxy = app.get(setting) ?? (() => false)
  const { key, loopback } = sourceOf(peer)
  if (!isProxy(peer)) return { key, address: peer, isShared: loopback }
  const client = forwardedFor(headers['x-forwarded-for'], isProxy)
  return client === undefined
    ? { key, address: peer, isShared: true }
    : { key: sourceOf(client).key, address: client, isShared: false }
}

function forwardedFor(header: string | string[] | undefined, isProxy: IsProxy): string | undefined {
  const hops = String(header ?? '')
    .split(',')
    .slice(-mostHops)
  for (const hop of hops.reverse()) {
    const address = addressIn(hop.trim())
    // Entries before an unreadable one are not believed.
    if (address === undefined) return undefined
    if (!isProxy(address)) return address
  }
  return undefined
}

/** Some proxies append the port, and then put an IPv6 address in brackets. */
function addressIn(text: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([0-9a-fA-F:.]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  return plainAddress(bracketed ?? withPort ?? text)?.address
}

/**
 * Counts a wrong API key, link or `state` against the source of the request. Valid ones are never
 * counted or blocked, because 256 bits cannot be guessed. Requests that another site's page caused
 * are not guesses. Links from a shared source are not counted either: somebody else may have
 * guessed there, and the holder of an expired link is to be told that it has expired.
 * @throws Failure `limit-reached` when the source has no more guesses
 */
export type CountWrongSecret = (request: Request, presented: string, kind: 'key' | 'link') => void

export function createWrongSecretCount(throttle: Pick<LoginThrottle, 'refused'>): CountWrongSecret {
  return (request, presented, kind) => {
    const { key, isShared } = requestSource(request)
    if (comesFromOtherSite(request) || (kind === 'link' && isShared)) return
    throttle.refused(key, new Secret(presented))
  }
}

/** Values of `Sec-Fetch-Dest` (Fetch Metadata) for parts of a page, as against a page itself. */
const partsOfPages =
  /^(image|iframe|frame|embed|object|script|style|font|audio|video|track|manifest|fencedframe)$/

/**
 * Whether a browser says that another site's page caused this request, or that it is for a part of
 * a page. Programs send no such headers.
 */
function comesFromOtherSite(request: Pick<Request, 'get' | 'headers'>): boolean {
  const site = request.get('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') return true
  if (partsOfPages.test(request.get('sec-fetch-dest') ?? '')) return true
  // Our own pages send no referrer, and so their forms have an opaque origin.
  if (site === 'same-origin') return false
  const { host = '' } = request.headers
  return [request.get('origin'), request.get('referer')].some(
    (from) => from !== undefined && isForeign(from, host),
  )
}

function isForeign(from: string, host: string): boolean {
  // An opaque origin is foreign, too.
  return !URL.canParse(from) || new URL(from).host !== host.toLowerCase()
}
