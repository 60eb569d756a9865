import type { Choose } from '../../net/connect.ts'
import { plainAddress } from '../../net/ip.ts'
import { OAuthError } from '../oauth/oauth-error.ts'
import { isPrivateHost, isPublicAddress } from './public-address.ts'

/** To which addresses a request may go: to those of the Internet only, or only to others. */
export type Reach = 'public' | 'private'

/** A host outside of a request's reach: nothing was sent. */
export class OutOfReach extends OAuthError {
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
