import type { Secret } from '../base/secret.ts'
import type {
  BegunDeviceConsent,
  CompletedConsent,
  ConsentLinkStatus,
  CreatedLink,
  DeviceConsentState,
} from '../consent/service.ts'
import type { JournalFilters, JournalPage } from '../journal/service.ts'
import type { ApiKeys, Logins, Mailboxes, MailboxStatus } from '../mailboxes/services.ts'
import type { SentLink } from '../notices/service.ts'
import type { RegistrationCheck } from '../providers/registration-check.ts'
import type { PageRole } from '../store/ports.ts'

/** What most verbs need of postern: the running one by the door that is for the command, or its store when none runs. */
export interface Broker {
  mailboxes: Omit<Mailboxes, 'named' | 'isPersonal' | 'signInName' | 'tryNow'>
  logins: Logins
  apiKeys: Omit<ApiKeys, 'check'>
  close(): Promise<void>
}

/** What only the running one can do: its doors are open, and the provider answers to it. */
export interface RunningBroker extends Broker {
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
  /** @throws Failure `not-found` */
  checkProvider(id: string): Promise<RegistrationCheck>
  createSignInLink(role: PageRole): Promise<{ url: string; role: PageRole; expiresAt: string }>
  /** @throws Failure as `Notices.sendConsentLink` */
  sendConsentLink(mailbox: string): Promise<SentLink>
  /** @throws Failure as `TokenBroker.accessTokenFor` */
  token(mailbox: string, request: { minimumLifeSeconds?: number; format: TokenFormat }): Promise<Secret>
}

/** A consent whose answer a person carries over. */
export interface ConsentByHand {
  authorizationUrl: string
  /** The provider's page shows a code. */
  byHand: boolean
  /** Ties the answer to the beginning. */
  consent: Secret
}

/** The bare token, the answer of RFC 6749 section 5.1 as JSON, or the SASL XOAUTH2 string. */
export type TokenFormat = 'token' | 'json' | 'xoauth2'
