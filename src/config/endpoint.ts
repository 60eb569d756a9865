import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { Endpoint } from './config.ts'

/** Reads `host:port` or `[IPv6]:port`; port 0 lets the system choose. Undefined for anything else. */
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

/** Whether only this machine can reach it: 127.0.0.0/8, ::1 (RFC 6890), or the name `localhost` (RFC 6761, 6.3). */
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
  // A name whose last label is a number is a mistyped IPv4 address, never a host name (RFC 1123, section 2.1).
  if (/(^|\.)\d+$/.test(host)) return false
  return /^(?!-)[A-Za-z0-9-]+(?<!-)(\.(?!-)[A-Za-z0-9-]+(?<!-))*$/.test(host)
}
