import { isIP, isIPv4, isIPv6 } from 'node:net'

/** Port 0 lets the system choose (tests). */
export interface Endpoint {
  host: string
  port: number
}

/**
 * Reads `host:port` or `[IPv6]:port`; port 0 lets the system choose. Undefined for anything else.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (!match) return undefined
  const [, bracketed, plain, digits] = match
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined
  const host = plain ?? ''
  return isHost(host) ? { host, port } : undefined
}

/** As `parseEndpoint` reads it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * Whether only this machine can reach it: 127.0.0.0/8, ::1 (RFC 6890), or the name `localhost` (RFC
 * 6761, 6.3).
 */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  const address = name.startsWith('::ffff:') ? name.slice('::ffff:'.length) : name
  return isIPv4(address) ? address.startsWith('127.') : address === '::1'
}

/** Whether it means every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true
  // A name whose last label is a number is a mistyped IPv4 address, never a host name (RFC 1123,
  // section 2.1).
  if (/(^|\.)\d+$/.test(host)) return false
  return /^(?!-)[A-Za-z0-9-]+(?<!-)(\.(?!-)[A-Za-z0-9-]+(?<!-))*$/.test(host)
}

/**
 * `localhost` is both: a browser takes the one that answers, and another program that listens on
 * the other would get what was meant for postern.
 */
const loopbackPair = ['127.0.0.1', '::1'] as const

/**
 * The address that browsers use where none is set: at the usual port if that is ours, and by a name
 * at which no other program can listen.
 */
export function announcedUrl(listen: readonly Endpoint[], usualPort: number): URL {
  const atUsualPort = listen.filter(({ port }) => port === usualPort)
  const [first] = atUsualPort.length > 0 ? atUsualPort : listen.filter(({ port }) => port !== 0)
  const { port } = first ?? { port: 0 }
  const there = listen.filter((one) => one.port === port)
  const held = loopbackPair.filter((host) => holds(there, { host, port }))
  if (held.length === loopbackPair.length) return new URL(`http://localhost:${port}`)
  const host = held[0] ?? there[0]?.host ?? 'localhost'
  return new URL(`http://${formatEndpoint({ host, port })}`)
}

/**
 * Where the web server has to listen so that every one of these addresses is ours alone: at both
 * loopback addresses of a port where it is at one of them and browsers are sent to it by the name
 * `localhost`, or one below that.
 */
export function withBothLoopbacks(listen: readonly Endpoint[], urls: readonly URL[]): Endpoint[] {
  const all = listen.flatMap((one) => (one.host.toLowerCase() === 'localhost' ? bothAt(one.port) : [one]))
  for (const { protocol, hostname, port } of urls) {
    const both = bothAt(Number(port || 80))
    const isByName = protocol === 'http:' && /(^|\.)localhost\.?$/.test(hostname)
    if (isByName && both.some((one) => holds(listen, one)))
      all.push(...both.filter((one) => !holds(all, one)))
  }
  return all
}

function bothAt(port: number): Endpoint[] {
  return loopbackPair.map((host) => ({ host, port }))
}

/** `::` takes IPv4 as well, as Node.js listens on it. */
function holds(listen: readonly Endpoint[], { host, port }: Endpoint): boolean {
  const names = host === '::1' ? ['::1', '::', 'localhost'] : [host, '0.0.0.0', '::', 'localhost']
  return listen.some(
    (one) => one.port === port && names.includes(one.host.toLowerCase().replace(/^::ffff:/, '')),
  )
}
