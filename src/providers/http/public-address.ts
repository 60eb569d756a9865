import { BlockList } from 'node:net'
import { plainAddress } from '../../net/ip.ts'
import { isLoopbackHost } from './loopback.ts'

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
