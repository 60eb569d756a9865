import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { plainAddress } from '../../base/plain-address.ts'
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

/** What the host says by itself; names are left to `lookupWithin`, or to the proxy that resolves them. @throws OutOfReach */
export function requireWithin(reach: Reach, hostname: string): void {
  const isPrivate = isPrivateHost(hostname)
  const isAddress = plainAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (reach === 'public' ? isPrivate : isAddress && !isPrivate) throw new OutOfReach(hostname, reach)
}

/** Resolves names to addresses within reach: what the connection goes to is what was looked at. */
export function lookupWithin(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const within = found.filter(({ address }) => isPublicAddress(address) === (reach === 'public'))
      const [first] = within
      if (!first) return callback(new OutOfReach(hostname, reach), '')
      if (options.all) return callback(null, within)
      callback(null, first.address, first.family)
    })
  }
}
