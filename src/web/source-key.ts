import type { Request } from 'express'
import { plainAddress, sourceOf } from '../net/ip.ts'

/** Where a request comes from, as far as limits go. */
export interface RequestSource {
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
