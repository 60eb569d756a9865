import { asFailure, byId } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { text } from '../failures/texts.ts'
import { type Address, sameAddress } from '../model/address.ts'
import type { ListedGrant } from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import type { OAuthClient } from '../providers/oauth/oauth-client.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { GrantStore } from '../store/ports.ts'
import { isAppOnlyFlow } from './app-only.ts'
import type { RevocationStatus } from './mailboxes.ts'

export interface RevocationDeps {
  grants: Pick<GrantStore, 'list'>
  catalogue: Pick<Catalogue, 'list'>
  oauthClientFor(providerId: string): OAuthClient
  log: Log
}

/** The mailbox and the provider that gave the grant. No other provider gets its refresh token. */
type Granted = Pick<Mailbox, 'address' | 'providerId'>

type Advice = `revocation.${'kept' | 'unsupported' | 'failed'}`

export interface UnwantedConsent {
  refreshToken?: Secret
  /** Absent when it is not known. */
  signedInAs?: Address
}

/**
 * Revokes a removed grant at its provider (RFC 7009), unless another mailbox may live on it: some
 * providers end all grants of a person to a registration when one of its refresh tokens is revoked.
 * Never throws.
 */
export function createRevocation({ grants, catalogue, oauthClientFor, log }: RevocationDeps) {
  return async (mailbox: Granted, unwanted: UnwantedConsent): Promise<RevocationStatus> => {
    const { refreshToken } = unwanted
    if (!refreshToken) return { revocation: 'nothing' }
    const found = catalogue.list().find(({ provider }) => provider.id === mailbox.providerId)
    const name = found?.provider.name ?? mailbox.providerId
    const place = found?.provider.oauth.endGrantsAt ?? text('revocation.settings')
    const advise = (id: Advice) => {
      const found = text(id, { provider: name, place })
      return { advice: found.message, adviceText: byId(found) }
    }
    try {
      const others = await grants.list()
      if (others.some((other) => mayBeOfSamePerson(other, mailbox.providerId, unwanted)))
        return { revocation: 'kept', ...advise('revocation.kept') }
      const revocation = await oauthClientFor(mailbox.providerId).revoke(refreshToken)
      if (revocation === 'revoked') return { revocation }
      return { revocation, ...advise('revocation.unsupported') }
    } catch (error) {
      const reason = error instanceof Error ? error.message : asFailure(error).message
      log.warn(
        { event: 'grant.revocation-failed', mailbox: mailbox.address, provider: mailbox.providerId, reason },
        'A removed grant could not be revoked at its provider',
      )
      return { revocation: 'failed', ...advise('revocation.failed') }
    }
  }
}

function mayBeOfSamePerson(other: ListedGrant, providerId: string, { signedInAs }: UnwantedConsent): boolean {
  if (other.providerId !== providerId || isAppOnlyFlow(other.flow)) return false
  if (other.signedInAs === undefined || signedInAs === undefined) return true
  return sameAddress(other.signedInAs, signedInAs)
}
