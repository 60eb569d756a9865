import { isIPv6 } from 'node:net'

const fullyQualified = /^(?=.{1,255}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i

/**
 * Who we say we are (RFC 5321, sections 4.1.1.1 and 4.1.3): the machine's name when it is a full one, otherwise
 * the address that the connection leaves from. Some providers turn `localhost` and bare names away.
 */
export function ehloName(hostName: string, localAddress: string): string {
  const numeric = /^[\d.]+$/.test(hostName)
  if (fullyQualified.test(hostName) && !numeric && !/\.(local|localdomain)$/i.test(hostName)) return hostName
  const [address = ''] = localAddress.split('%')
  return isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`
}
