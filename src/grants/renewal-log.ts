import { LRUCache } from 'lru-cache'
import { type Address, addressKey } from '../base/address.ts'
import type { Log } from '../base/log.ts'
import type { Renewal } from './renewal.ts'

/** What the log says of renewals that went wrong. */
export interface RenewalLog {
  tell(mailbox: Address, renewal: Renewal): void
}

export function createRenewalLog(log: Log): RenewalLog {
  /** Providers, and mailboxes alone, whose wrong set-up has been told: nobody needs to hear it at every try. */
  const alarmed = new LRUCache<string, true>({ max: 10_000 })

  function tellTrouble(mailbox: Address, trouble: Renewal & { kind: 'trouble' }): void {
    const { failure, provider, about, reason } = trouble
    const { code, fix } = failure
    const fields = { event: 'grant.renewal-failed', mailbox, provider, about, code, reason, fix }
    const whom = about === 'registration' ? provider : addressKey(mailbox)
    if (code !== 'provider-setup') {
      log.warn(fields, 'An access token could not be renewed')
    } else if (alarmed.has(whom)) {
      log.debug(fields, 'The set-up is still wrong')
    } else {
      alarmed.set(whom, true)
      log.error(fields, failure.message)
    }
  }

  function tellSuccess(mailbox: Address, provider: string): void {
    alarmed.delete(addressKey(mailbox))
    if (alarmed.delete(provider))
      log.info({ event: 'registration.works', provider }, 'The provider accepts the registration again')
  }

  function tellRestored(mailbox: Address, provider: string): void {
    log.info(
      { event: 'grant.restored', mailbox, provider },
      'The provider accepts again a consent that it had refused',
    )
  }

  return {
    tell(mailbox, renewal) {
      switch (renewal.kind) {
        case 'fresh':
          tellSuccess(mailbox, renewal.provider)
          if (renewal.restored) tellRestored(mailbox, renewal.provider)
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
        case 'held-back':
          break
      }
    },
  }
}
