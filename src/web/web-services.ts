import type { KeyedHash } from '../base/secret.ts'
import type { SmtpListener } from '../config/config.ts'
import type { ConsentService } from '../consent/service.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import type { Guard } from '../guessing/guard.ts'
import type { JournalReader } from '../journal/journal.ts'
import type { ApiKeys, Logins, Mailboxes, PagePasswords } from '../mailboxes/services.ts'
import type { Notices } from '../notices/notices.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { RegistrationChecks } from '../providers/registration-checks.ts'
import type { PageAccessStore } from '../store/ports.ts'
import type { Rehearse } from '../upstream/rehearse.ts'

/** What the pages and operations stand on. */
export interface WebServices {
  mailboxes: Mailboxes
  logins: Logins
  apiKeys: ApiKeys
  pagePasswords: PagePasswords
  /** The browsers that are signed in. */
  pageAccess: PageAccessStore
  keyedHash: KeyedHash
  journal: JournalReader
  consent: ConsentService
  notices: Pick<Notices, 'channels' | 'sendConsentLink'>
  tokens: TokenBroker
  catalogue: Catalogue
  /** Whether what was set for a provider works. */
  registrationChecks: RegistrationChecks
  /** Sends a test message, step by step. */
  sendTestMessage: Rehearse
  /** Where applications hand in their mail. */
  smtp(): readonly SmtpListener[]
  /** Counts what was wrong at both servers. */
  guard: Guard
}
