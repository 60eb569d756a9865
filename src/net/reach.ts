import { BlockList } from 'node:net'
import type { Choose } from './connect.ts'
import { plainAddress } from './ip.ts'
import { HttpError } from './network-failure.ts'

/** The addresses that a request may go to: only public ones, or only others. */
export type Reach = 'public' | 'private'

/** The host is outside of the request's reach; nothing was sent. */
export class OutOfReach extends HttpError {
  constructor(host: string, reach: Reach) {
    super(
      reach === 'public'
        ? `${host} is at a private address, to which a public issuer must not lead`
        : `${host} is at a public address`,
    )
    this.name = 'OutOfReach'
  }
}

/**
 * Checks a literal address or a name that is private by itself. Other names are checked by
 * `addressesWithin` when they are resolved, or by the proxy.
 * @throws OutOfReach
 */
export function requireWithin(reach: Reach, hostname: string): void {
  const isPrivate = isPrivateHost(hostname)
  const isAddress = plainAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (reach === 'public' ? isPrivate : isAddress && !isPrivate) throw new OutOfReach(hostname, reach)
}

/**
 * Keeps the resolved addresses that are within reach, so the connection goes to an address that was
 * checked.
 */
export function addressesWithin(reach: Reach, hostname: string): Choose {
  return (found) => {
    const within = found.filter(({ address }) => isPublicAddress(address) === (reach === 'public'))
    if (within.length === 0) throw new OutOfReach(hostname, reach)
    return within
  }
}

// The registries of special addresses (RFC 6890): this host, private, shared, loopback, link-local
// (which includes the metadata services of clouds), protocol assignments, documentation,
// benchmarks, multicast, reserved.
const specialIpv4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]
const specialIpv6 = [
  ...['::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2001:db8::/32', '2002::/16', '3fff::/20'],
  ...['5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]

const special = new BlockList()
for (const block of specialIpv4) {
  const [address = '', bits] = block.split('/')
  special.addSubnet(address, Number(bits), 'ipv4')
  // NAT64 (RFC 6052): the same networks behind a gateway's prefix.
  special.addSubnet(`64:ff9b::${address}`, 96 + Number(bits), 'ipv6')
}
for (const block of specialIpv6) {
  const [address = '', bits] = block.split('/')
  special.addSubnet(address, Number(bits), 'ipv6')
}

/** Whether a text is a public IP address. False for anything that is not an IP address. */
export function isPublicAddress(text: string): boolean {
  const plain = plainAddress(text)
  return plain !== undefined && !special.check(plain.address, plain.family)
}

/**
 * Whether a URL's host (as `URL.hostname` normalises it) is a private address or a loopback name.
 * Other names are known only after they are resolved.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  if (isLoopbackHost(name)) return true
  const bare = name.replace(/^\[|\]$/g, '')
  return plainAddress(bare) !== undefined && !isPublicAddress(bare)
}

/**
 * Whether a URL host (as `URL.hostname` normalises it) is on this machine: plain HTTP is allowed
 * only there.
 */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '[::1]' || isLoopbackIpv4(bare)
}

/**
 * All of 127.0.0.0/8 (RFC 1122, section 3.2.1.3). The URL parser has already expanded short and
 * hexadecimal forms.
 */
function isLoopbackIpv4(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host)
}
