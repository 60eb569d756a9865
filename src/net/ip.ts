import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'
import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'

interface PlainAddress {
  address: string
  family: 'ipv4' | 'ipv6'
}

/**
 * The canonical form of an IP address; an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2)
 * becomes the IPv4 address. Undefined for any other text, and for an address with a zone behind a
 * percent sign (RFC 4007, section 11).
 */
export function plainAddress(text: string): PlainAddress | undefined {
  if (isIPv4(text)) return { address: text, family: 'ipv4' }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  return mapped === undefined ? { address, family: 'ipv6' } : { address: mapped, family: 'ipv4' }
}

/** The same for the peer address of a socket, which has a zone if it is link-local. */
function peerAddress(remoteAddress: string): PlainAddress | undefined {
  return plainAddress(remoteAddress.split('%', 1)[0] ?? '')
}

/**
 * Parses an address or a CIDR block (RFC 4632, RFC 4291 section 2.3) into the form `address/bits`.
 * An IPv4-mapped IPv6 block becomes the IPv4 block.
 * @throws Failure `invalid`
 */
export function parseNetwork(text: string): string {
  const [addressText = '', bitsText, ...more] = text.trim().split('/')
  const address = plainAddress(addressText)
  const written = isIPv6(addressText) ? 128 : 32
  const bits = bitsText === undefined ? written : /^(0|[1-9]\d{0,2})$/.test(bitsText) ? Number(bitsText) : -1
  // A block such as ::ffff:10.0.0.0/104 counts 96 bits that the IPv4 form does not have.
  const ownBits = address?.family === 'ipv4' ? bits - (written - 32) : bits
  if (!address || more.length > 0 || bits > written || ownBits < 0) {
    throw failure('address.no-network', { text: printable(text) })
  }
  return `${address.address}/${ownBits}`
}

/**
 * Whether `remoteAddress` is within one of the networks (in the form of `parseNetwork`), or there
 * are none.
 */
export function isWithin(networks: readonly string[], remoteAddress: string): boolean {
  if (networks.length === 0) return true
  const remote = peerAddress(remoteAddress)
  if (!remote) return false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    // A BlockList would match an IPv4 address with ::/0, by its mapped form.
    if (family === remote.family) list.addSubnet(address, Number(bits), family)
  }
  return list.check(remote.address, remote.family)
}

/**
 * Whether the network (in the form of `parseNetwork`) is larger than an IPv4 or IPv6 block of these
 * sizes.
 */
export function isWiderThan(network: string, bits: { ipv4: number; ipv6: number }): boolean {
  const [address = '', own = ''] = network.split('/')
  return Number(own) < (isIPv4(address) ? bits.ipv4 : bits.ipv6)
}

/** The source of a connection, for limits. */
export interface Source {
  /**
   * An IPv4 address, or the /64 of an IPv6 address, because one household or machine has countless
   * addresses in it.
   */
  key: string
  loopback: boolean
}

export function sourceOf(remoteAddress: string): Source {
  const { address, family } = peerAddress(remoteAddress) ?? { address: remoteAddress }
  const loopback = address === '::1' || address.startsWith('127.')
  return { key: family === 'ipv6' && !loopback ? prefix64(address) : address, loopback }
}

function prefix64(address: string): string {
  const [front = '', back = ''] = address.split('::')
  const first = front.split(':').filter((group) => group !== '')
  const last = back.split(':').filter((group) => group !== '')
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}
