import type { Secret } from '../base/secret.ts'
import type { CreatedLink } from '../consent/service.ts'
import type { ApiKeys, Logins, Mailboxes } from '../mailboxes/services.ts'
import type { SentLink } from '../notices/service.ts'

/** What most verbs need of postern: the running one over loopback HTTP, or its store when none runs. */
export interface Broker {
  mailboxes: Omit<Mailboxes, 'named'>
  logins: Logins
  apiKeys: Omit<ApiKeys, 'check'>
  close(): Promise<void>
}

/** What only the running one can do: its doors are open, and the provider answers to it. */
export interface RunningBroker extends Broker {
  /** @throws Failure `not-found`, `configuration` */
  createConsentLink(mailbox: string): Promise<CreatedLink>
  /** @throws Failure as `Notices.sendConsentLink` */
  sendConsentLink(mailbox: string): Promise<SentLink>
  /** @throws Failure as `TokenBroker.accessTokenFor` */
  token(mailbox: string, request: { minimumLifeSeconds?: number; format: TokenFormat }): Promise<Secret>
}

/** The bare token, the answer of RFC 6749 section 5.1 as JSON, or the SASL XOAUTH2 string. */
export type TokenFormat = 'token' | 'json' | 'xoauth2'
