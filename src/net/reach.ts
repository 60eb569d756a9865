import { BlockList } from 'node:net'
import type { Choose } from './connect.ts'
import { plainAddress } from './ip.ts'
import { HttpError } from './network-failure.ts'

/** To which addresses a request may go: to those of the Internet only, or only to others. */
export type Reach = 'public' | 'private'

/** A host outside of a request's reach: nothing was sent. */
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

/** What the host says by itself; names are left to `addressesWithin`, or to the proxy that resolves them. @throws OutOfReach */
export function requireWithin(reach: Reach, hostname: string): void {
  const isPrivate = isPrivateHost(hostname)
  const isAddress = plainAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (reach === 'public' ? isPrivate : isAddress && !isPrivate) throw new OutOfReach(hostname, reach)
}

/** Of the addresses that a connection may go to, those within reach: what it goes to is what was looked at, however it was found. */
export function addressesWithin(reach: Reach, hostname: string): Choose {
  return (found) => {
    const within = found.filter(({ address }) => isPublicAddress(address) === (reach === 'public'))
    if (within.length === 0) throw new OutOfReach(hostname, reach)
    return within
  }
}

// The registries of special addresses (RFC 6890): this host, private, shared, loopback, link-local (and with it the metadata services of clouds),
// protocol assignments, examples, benchmarks, multicast, reserved.
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

/** Whether an IP address is one of the Internet's own. False of all else, also of what is no address. */
export function isPublicAddress(text: string): boolean {
  const plain = plainAddress(text)
  return plain !== undefined && !special.check(plain.address, plain.family)
}

/** Whether a URL's host (as `URL.hostname` gives it, which has read numbers of every spelling) says by itself that it is none of the Internet's; of other names the resolver tells. */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  if (isLoopbackHost(name)) return true
  const bare = name.replace(/^\[|\]$/g, '')
  return plainAddress(bare) !== undefined && !isPublicAddress(bare)
}

/** Whether this URL host (as `URL.hostname` gives it) never leaves the machine: the only place for plain HTTP. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '[::1]' || isLoopbackIpv4(bare)
}

/** All of 127.0.0.0/8 (RFC 1122, section 3.2.1.3). The URL parser has turned its short and hexadecimal forms into this one. */
function isLoopbackIpv4(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host)
}
