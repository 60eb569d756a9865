import { peerAddress } from './plain-address.ts'

/** Where a connection comes from, as far as limits go. */
export interface Source {
  /** An IPv4 address, or the /64 of an IPv6 address: one household or machine, not one of its countless addresses. */
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
