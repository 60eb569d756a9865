import type { Address } from '../base/address.ts'
import { movedMeanwhile } from '../grants/failures.ts'
import type { AccessToken } from '../grants/token-broker.ts'
import type { Provider } from '../providers/provider.ts'

/**
 * The token, for the servers of this provider only: between the look at the mailbox and the token it may have moved.
 * @throws Failure `provider-unavailable`
 */
export function tokenAt(provider: Pick<Provider, 'id'>, mailbox: Address, token: AccessToken): AccessToken {
  if (token.grant.providerId === provider.id) return token
  throw movedMeanwhile(mailbox)
}
