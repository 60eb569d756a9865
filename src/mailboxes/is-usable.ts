import { isWithin } from '../net/ip.ts'
import type { Login } from '../store/ports.ts'
import { credentialState } from './expiry.ts'

/** Whether a login that is right may be used now and from here. `now`: milliseconds since 1970. */
export function isUsable(
  login: Pick<Login, 'expiresAt' | 'revokedAt' | 'networks'>,
  remoteAddress: string,
  now: number,
): boolean {
  return credentialState(login, now) === 'active' && isWithin(login.networks, remoteAddress)
}
