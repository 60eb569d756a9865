import { isIPv4, isIPv6, SocketAddress } from 'node:net'

export interface PlainAddress {
  address: string
  family: 'ipv4' | 'ipv6'
}

/**
 * The one spelling of an IP address; an IPv4-mapped one (RFC 4291, section 2.5.5.2) is the IPv4 address that it means.
 * Undefined for anything else, and for one with its interface behind a percent sign (RFC 4007, section 11).
 */
export function plainAddress(text: string): PlainAddress | undefined {
  if (isIPv4(text)) return { address: text, family: 'ipv4' }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  return mapped === undefined ? { address, family: 'ipv6' } : { address: mapped, family: 'ipv4' }
}

/** The same for what a socket says of its peer: a link-local one may carry its interface. */
export function peerAddress(remoteAddress: string): PlainAddress | undefined {
  return plainAddress(remoteAddress.split('%', 1)[0] ?? '')
}
