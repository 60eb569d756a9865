import type { Command } from 'commander'
import type { Answers } from '../api/answers.ts'
import type { LogLevel } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Config } from '../config/config.ts'
import type { EffectiveConfig } from '../config/read-config.ts'
import type {
  BegunDeviceConsent,
  CompletedConsent,
  ConsentLinkStatus,
  CreatedLink,
  DeviceConsentState,
} from '../consent/consent-service.ts'
import type { ApiKeys } from '../credentials/api-keys.ts'
import type { LoginPage, Logins } from '../credentials/logins.ts'
import type { Doctor } from '../diagnosis/doctor.ts'
import type { Finding } from '../diagnosis/finding.ts'
import type { JournalFilters, JournalPage } from '../journal/journal.ts'
import type { Mailboxes, MailboxStatus } from '../mailboxes/mailboxes.ts'
import type { JournalVerdict } from '../model/journal.ts'
import type { LoginQuery } from '../model/login.ts'
import type { PageRole } from '../model/page-access.ts'
import type { WorkerState } from '../model/worker.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { SentLink } from '../notices/notices.ts'
import type { OwnCertificates } from '../providers/own-certificates.ts'
import type { RegistrationCheck } from '../providers/registration-checks.ts'
import type { Registrations } from '../providers/registrations.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Place } from '../system/service-steps.ts'
import type { TracePage, TraceRequest, TraceStatus } from '../traces/traces.ts'
import type { Terminal } from './terminal.ts'

/** What a verb works with. */
export interface Context {
  terminal: Terminal
  /** @throws Failure `configuration` with every mistake */
  config(): Promise<EffectiveConfig>
  /**
   * Also where other settings hold mistakes. @throws Failure `configuration` with every mistake
   * when it is not known
   */
  dataDir(): Promise<string>
  /** For the verbs that send. */
  environment: SendingEnvironment
  /** Runs until a signal ends it; resolves with the exit code. */
  serve(config: Config): Promise<number>
  /**
   * Does something with the running postern, or with the store when none runs; makes none. `smtp`:
   * where applications hand in mail.
   */
  withBroker<T>(work: (broker: Broker, smtp: readonly SmtpListener[]) => Promise<T>): Promise<T>
  /** The same for what may be the first thing in a data directory. */
  withNewBroker<T>(work: (broker: Broker, smtp: readonly SmtpListener[]) => Promise<T>): Promise<T>
  /** This machine, and what postern is begun by on it. */
  host: Host
  /** What is examined without a running postern. The caller closes it. */
  openDoctor(config: Config): Promise<LocalDoctor>
  /** Does something that needs the running postern. */
  withRunningBroker<T>(work: (broker: RunningBroker, smtp: readonly SmtpListener[]) => Promise<T>): Promise<T>
  /** What is allowed but should be known, on standard error. */
  warn(warnings: readonly string[]): void
  secret(from: string): Promise<Secret>
  /** Writes a result: as JSON with `--json`, in words otherwise. */
  tell(command: Command, result: unknown, words: string): void
  exitCode: number
}

/** A machine that postern can become a service of. */
export interface Host {
  platform: NodeJS.Platform
  place: Place
}

/** What the environment of a program that sends says, which may not read the settings of postern. */
export interface SendingEnvironment {
  /** POSTERN_API_KEY */
  apiKey?: string | undefined
  /** POSTERN_API_URL */
  apiUrl?: string | undefined
  /** POSTERN_SENDMAIL_FROM */
  sendmailFrom?: string | undefined
  /** POSTERN_SENDMAIL_TO */
  sendmailTo?: string | undefined
}

/**
 * What most verbs need of postern: the running one through its command server, or its
 * store when none runs.
 */
export interface Broker {
  mailboxes: Omit<Mailboxes, 'addresses' | 'named' | 'isPersonal' | 'signInName' | 'tryNow'>
  logins: Omit<Logins, 'page' | 'anyActive'> & { page(query: LoginQuery): Promise<LoginPage> }
  apiKeys: Omit<ApiKeys, 'check'>
  registrations: Registrations
  ownCertificates: Pick<OwnCertificates, 'make' | 'show' | 'tryNow'>
  keyring(): Promise<Pick<Keyring, 'list' | 'rotate'>>
  close(): Promise<void>
}

/** Examines what needs no running postern. */
export interface LocalDoctor {
  /** The ids of those that are set up. */
  providers: readonly string[]
  /** Data directory and key; only while no postern runs on it. */
  store(): AsyncIterable<Finding>
  provider: Doctor['provider']
  close(): Promise<void>
}

/** Whether postern can do its work; with the reason, in a sentence without a full stop, why it cannot. */
export type Health = ({ ready: true } | { ready: false; reason: string; fix?: string }) & {
  /** The processes of this host, where it has several. */
  workers?: readonly WorkerState[]
}

/** What only a running postern can do: its servers listen, and the provider knows it. */
export interface RunningBroker extends Broker {
  health(): Promise<Health>
  /** @throws Failure `store-unavailable` */
  backup(): Promise<AsyncIterable<Uint8Array>>
  /** @throws Failure as `Mailboxes.tryNow` */
  tryMailbox(mailbox: string): Promise<MailboxStatus>
  /** @throws Failure `not-found`, `configuration` */
  createConsentLink(mailbox: string): Promise<CreatedLink>
  /** By hand: see `completeConsent`. @throws Failure `not-found`, `configuration` */
  beginConsent(mailbox: string): Promise<ConsentByHand>
  /** @throws Failure as `ConsentService.completePasted` */
  completeConsent(begun: ConsentByHand, answer: string): Promise<CompletedConsent>
  /** @throws Failure as `DeviceConsents` */
  beginDeviceConsent(mailbox: string): Promise<BegunDeviceConsent>
  deviceConsent(id: string): Promise<DeviceConsentState>
  /** @throws Failure as `AdminConsents.begin` */
  createAdminConsentLink(providerId: string): Promise<{ url: string; provider: string; expiresAt: string }>
  consentLinks(): Promise<ConsentLinkStatus[]>
  /** @throws Failure `not-found` */
  revokeConsentLink(id: string): Promise<void>
  /** @throws Failure `invalid` */
  journal(filters: JournalFilters): Promise<JournalPage>
  verifyJournal(): Promise<JournalVerdict>
  setLogLevel(level: LogLevel): Promise<{ level: LogLevel }>
  /** It begins to end in good order. */
  stop(): Promise<void>
  /** @throws Failure as `Traces` */
  beginTrace(request: TraceRequest): Promise<TraceStatus>
  readTrace(id: string, after: number): Promise<TracePage>
  endTrace(id: string): Promise<void>
  /** @throws Failure `not-found` */
  checkProvider(id: string): Promise<RegistrationCheck>
  /** @throws Failure as `Doctor.mailbox` */
  diagnose(mailbox: string, sendTo?: string): AsyncIterable<Finding>
  /** @throws Failure `not-found`, `invalid` */
  sendTest(mailbox: string, asked: { to?: string; login?: string }): AsyncIterable<ToldStep>
  /** Those that wait, and what became of those of the last day. */
  heldMessages(): Promise<readonly Answers['HeldMessage'][]>
  /** @throws Failure `not-found` */
  heldMessage(id: string): Promise<Answers['HeldMessage']>
  /** @throws Failure as `Approvals` */
  decide(id: string, decision: 'approve' | 'refuse'): Promise<Answers['HeldMessage']>
  createSignInLink(role: PageRole): Promise<{ url: string; role: PageRole; expiresAt: string }>
  /** @throws Failure as `Notices.sendConsentLink` */
  sendConsentLink(mailbox: string): Promise<SentLink>
  /** @throws Failure as `TokenBroker.accessTokenFor` */
  token(mailbox: string, request: { minimumLifeSeconds?: number; format: TokenFormat }): Promise<Secret>
}

/** A step of a test message. */
export interface ToldStep {
  step: string
  outcome: 'good' | 'fault'
  said?: string
  failure?: string
  /** What is wrong. */
  what?: string
  fix?: string
}

/** A consent whose answer a person carries over. */
interface ConsentByHand {
  authorizationUrl: string
  /** The provider's page shows a code. */
  byHand: boolean
  /** Ties the answer to the beginning. */
  consent: Secret
}

/** The bare token, the answer of RFC 6749 section 5.1 as JSON, or the SASL XOAUTH2 string. */
export type TokenFormat = 'token' | 'json' | 'xoauth2'
