import type { Approvals } from '../approvals/approvals.ts'
import type { LogLevel } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import type { NetworkAccess } from '../config/network-access.ts'
import type { ConsentService } from '../consent/consent-service.ts'
import type { ApiKeys } from '../credentials/api-keys.ts'
import type { LoginThrottle } from '../credentials/login-throttle.ts'
import type { Logins } from '../credentials/logins.ts'
import type { PagePasswords } from '../credentials/page-passwords.ts'
import type { Doctor } from '../diagnosis/doctor.ts'
import type { ProgramUse } from '../governor/governor.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import type { JournalReader } from '../journal/journal.ts'
import type { Mailboxes } from '../mailboxes/mailboxes.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { WorkerState } from '../model/worker.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { Notices } from '../notices/notices.ts'
import type { Suggestion } from '../providers/catalogue.ts'
import type { OwnCertificates } from '../providers/own-certificates.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { RegistrationChecks } from '../providers/registration-checks.ts'
import type { Registrations } from '../providers/registrations.ts'
import type { Backup } from '../store/backup.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Confirmations, PageAccessStore, PassingStore, SentKeyStore } from '../store/ports.ts'
import type { Traces } from '../traces/traces.ts'
import type { Rehearse, Submit } from '../upstream/submission.ts'
import type { SendTestMessage } from '../upstream/test-message.ts'
import type { PageSignIns } from './page-sign-ins.ts'

/** The services that pages and API operations use. */
export interface WebServices {
  mailboxes: Mailboxes
  logins: Logins
  apiKeys: ApiKeys
  pagePasswords: PagePasswords
  pageSignIns: PageSignIns
  /** The browsers that are signed in. */
  pageAccess: PageAccessStore
  keyedHash: KeyedHash
  /** What is needed for a while. */
  passing: PassingStore
  journal: JournalReader
  /** From now on, until the next start. */
  setLogLevel(level: LogLevel): void
  traces: Pick<Traces, 'begin' | 'read' | 'list' | 'stop' | 'end'>
  consent: ConsentService
  notices: Pick<Notices, 'channels' | 'sendConsentLink' | 'sendTest'>
  tokens: TokenBroker
  catalogue: Catalogue
  /** App registrations: of the settings, and of the store. */
  registrations: Registrations
  /** The certificates that postern makes for some of them. */
  ownCertificates: Pick<OwnCertificates, 'make' | 'show' | 'tryNow'>
  /** The provider that probably has the mailbox of an address. */
  suggestProvider(address: string): Promise<Suggestion>
  /** Checks whether the settings of a provider work. */
  registrationChecks: RegistrationChecks
  /** Sends a test message, step by step. */
  sendTestMessage: SendTestMessage
  /** Sends a message of a program. */
  submit: Submit
  /** What an API key with limits has used of them. @throws Failure `store-unavailable` */
  programUse(key: { id: string; name: string; limits: SendingLimits }): Promise<ProgramUse>
  /** Messages that wait for a person: what is needed for them is loaded with the first. */
  approvals: { opened(): Promise<Approvals>; waiting(): Promise<number> }
  /** Looks at one as if it were to be sent. */
  rehearse: Rehearse
  /** The messages that were sent with an Idempotency-Key. */
  sentKeys: SentKeyStore
  /** Finds what is wrong with a mailbox. */
  doctor: Pick<Doctor, 'mailbox'>
  /** The listeners at which applications submit mail. */
  smtp(): readonly SmtpListener[]
  networkAccess(): Promise<NetworkAccess>
  /** Which key seals what. */
  keyring(): Promise<Keyring>
  /** The processes of this host, where it has several. */
  workers?: () => Promise<readonly WorkerState[]>
  /** A copy of the store, for a file. @throws Failure */
  makeBackup(): Promise<Backup>
  /** Throttles wrong passwords, keys and links of both servers. */
  throttle: LoginThrottle
  /** Where other processes use the same database. */
  confirmations?: Confirmations | undefined
}
