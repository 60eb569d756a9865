import { isIPv6, SocketAddress } from 'node:net'

/** Where a connection comes from, as far as limits go. */
export interface Source {
  /** An IPv4 address, or the /64 of an IPv6 address: one household or machine, not one of its countless addresses. */
  key: string
  loopback: boolean
}

export function sourceOf(remoteAddress: string): Source {
  const address = plainAddress(remoteAddress.replace(/%.*$/, ''))
  const loopback = address === '::1' || address.startsWith('127.')
  return { key: isIPv6(address) && !loopback ? prefix64(address) : address, loopback }
}

/** The one spelling of an address; an IPv4-mapped one (RFC 4291, section 2.5.5.2) is the IPv4 address that it means. */
function plainAddress(text: string): string {
  if (!isIPv6(text)) return text
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address
}

function prefix64(address: string): string {
  const [front = '', back = ''] = address.split('::')
  const first = front.split(':').filter((group) => group !== '')
  const last = back.split(':').filter((group) => group !== '')
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}
