import type { Address } from '../base/address.ts'
import type { Log } from '../base/log.ts'
import type { Renewal } from './renewal.ts'

/** What the log says of renewals that went wrong. */
export interface RenewalLog {
  tell(mailbox: Address, renewal: Renewal): void
}

export function createRenewalLog(log: Log): RenewalLog {
  /** Providers whose wrong set-up has been told: the alarm is for the provider, not for each of its mailboxes. */
  const alarmed = new Set<string>()

  function tellTrouble(mailbox: Address, { failure, provider, reason }: Renewal & { kind: 'trouble' }): void {
    const fields = { event: 'grant.renewal-failed', mailbox, provider, code: failure.code, reason }
    if (failure.code !== 'provider-setup') {
      log.warn(fields, 'An access token could not be renewed')
    } else if (alarmed.has(provider)) {
      log.debug(fields, 'The provider still refuses the registration')
    } else {
      alarmed.add(provider)
      log.error(fields, 'The provider refuses the registration: none of its mailboxes can be renewed')
    }
  }

  return {
    tell(mailbox, renewal) {
      switch (renewal.kind) {
        case 'fresh':
          alarmed.delete(renewal.provider)
          break
        case 'trouble':
          tellTrouble(mailbox, renewal)
          break
        case 'store-down':
          log.error({ event: 'grant.store-down', mailbox }, renewal.failure.message)
          break
        case 'unstored':
          log.error(
            { event: 'grant.rotation-unstored', mailbox },
            'A rotated refresh token cannot be stored and is held in memory only: ending postern now would cost this consent',
          )
          break
        case 'refused':
          break
      }
    },
  }
}
