import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import type { PageAccessConfig } from '../config/config.ts'
import type { FreshToken } from '../grants/token-broker.ts'
import type { OAuthClient } from '../providers/oauth/oauth-client.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { Store } from '../store/ports.ts'

/** What consents stand on. */
export interface ConsentNeeds {
  store: Pick<Store, 'mailboxes' | 'grants' | 'consentLinks' | 'pendingConsents'>
  catalogue: Pick<Catalogue, 'registered' | 'list'>
  oauthClientFor(providerId: string): OAuthClient
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  publicUrl: URL
  /** How long a person may take to sign in. */
  consentSeconds: number
  consentLinkSeconds: number
  /** Who may sign in to the pages at a provider. */
  people: PageAccessConfig
  /** Runs something after a while, without keeping the process alive for it. */
  later?: (milliseconds: number, run: () => void) => void
  /** Forget what is cached for this mailbox, and use the token that the consent brought. */
  grantChanged(mailbox: Address, fresh?: FreshToken): void
}
