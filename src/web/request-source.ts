import type { Request } from 'express'
import { Secret } from '../base/secret.ts'
import type { Guard } from '../guessing/guard.ts'
import { plainAddress, sourceOf } from '../net/ip.ts'

/** Where a request comes from, as far as limits go. */
interface RequestSource {
  /** As it is counted, logged and shown. */
  key: string
  /** Many may come from there: this machine (its proxy, perhaps), or a proxy that does not say for whom it asks. */
  isShared: boolean
}

/** Whether an address is a proxy's that may be believed. */
export type IsProxy = (address: string) => boolean

const setting = 'trusted proxies'

/** More hops than any way has. */
const mostHops = 32

/** From then on this application believes these proxies. */
export function believeProxies(app: { set(name: string, value: unknown): unknown }, isProxy: IsProxy): void {
  app.set(setting, isProxy)
}

/** The key of `requestSource`. */
export function sourceKey(request: Pick<Request, 'socket' | 'headers' | 'app'>): string {
  return requestSource(request).key
}

/**
 * The one place that decides where a request comes from: the address of its connection; where that is a proxy's of `POSTERN_TRUSTED_PROXIES`, the last
 * address in `X-Forwarded-For` that is none of theirs. What stands before that was written by whoever asked, and no other header is believed.
 */
export function requestSource({
  socket,
  headers,
  app,
}: Pick<Request, 'socket' | 'headers' | 'app'>): RequestSource {
  const peer = socket.remoteAddress ?? ''
  const isProxy: IsProxy = app.get(setting) ?? (() => false)
  const { key, loopback } = sourceOf(peer)
  if (!isProxy(peer)) return { key, isShared: loopback }
  const client = forwardedFor(headers['x-forwarded-for'], isProxy)
  return client === undefined ? { key, isShared: true } : { key: sourceOf(client).key, isShared: false }
}

function forwardedFor(header: string | string[] | undefined, isProxy: IsProxy): string | undefined {
  const hops = String(header ?? '')
    .split(',')
    .slice(-mostHops)
  for (const hop of hops.reverse()) {
    const address = addressIn(hop.trim())
    // Nothing that stands before what cannot be read is believed.
    if (address === undefined) return undefined
    if (!isProxy(address)) return address
  }
  return undefined
}

/** Some proxies write the port behind it, and then an IPv6 address in brackets. */
function addressIn(text: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([0-9a-fA-F:.]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  return plainAddress(bracketed ?? withPort ?? text)?.address
}

/**
 * Counts an API key, link or `state` that was wrong, for the source of the request. A right one never comes here and goes on working: nobody
 * guesses 256 bits. What another site's page made a browser ask for is nobody's guess; and links that come from this machine or through a
 * proxy are not counted: it may be anybody, and whoever holds a link that has ended is to hear just that.
 * @throws Failure `limit-reached` when the source has no more guesses
 */
export type CountWrongSecret = (request: Request, presented: string, kind: 'key' | 'link') => void

export function createWrongSecretCount(guard: Pick<Guard, 'refused'>): CountWrongSecret {
  return (request, presented, kind) => {
    const { key, isShared } = requestSource(request)
    if (comesFromOtherSite(request) || (kind === 'link' && isShared)) return
    guard.refused(key, new Secret(presented))
  }
}

/** What a browser asks for to show it within a page, not as one (Fetch Metadata, `Sec-Fetch-Dest`). */
const partsOfPages =
  /^(image|iframe|frame|embed|object|script|style|font|audio|video|track|manifest|fencedframe)$/

/** Whether a browser says that another site's page made it ask, or that it asks for a part of a page. Programs say nothing of that kind. */
function comesFromOtherSite(request: Pick<Request, 'get' | 'headers'>): boolean {
  const site = request.get('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') return true
  if (partsOfPages.test(request.get('sec-fetch-dest') ?? '')) return true
  // Our own pages give no referrer, and their forms then have an opaque origin.
  if (site === 'same-origin') return false
  const { host = '' } = request.headers
  return [request.get('origin'), request.get('referer')].some(
    (from) => from !== undefined && isForeign(from, host),
  )
}

function isForeign(from: string, host: string): boolean {
  // An opaque origin, too.
  return !URL.canParse(from) || new URL(from).host !== host.toLowerCase()
}
