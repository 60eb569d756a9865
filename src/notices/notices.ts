import type { SentenceById } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Address } from '../model/address.ts'

/** What the web server and the command may ask of notices. Made by `createNotices`. */
export interface Notices {
  /** Those that are set. */
  channels: readonly Channel['name'][]
  /** Looks from now on for conditions that people have to know. Does nothing without a channel. */
  start(): void
  /** Looks now, for what must not wait until the next time. */
  lookNow(): void
  /**
   * Makes a consent link and sends it by every channel: it is in no answer. Resolves when one of
   * them has taken it.
   * @throws Failure `configuration` without a channel, `provider-unavailable` when none took it, or
   * as `ConsentService.createLink`
   */
  sendConsentLink(mailbox: string, requestedBy: string): Promise<SentLink>
  /**
   * Sends a notice that says it is a test, by every channel.
   * @throws Failure `configuration` without a channel
   */
  sendTest(asker: string, by?: Actor): Promise<readonly Delivery[]>
  /** Resolves when what was under way has ended. */
  close(): Promise<void>
}

/** `why`: the failure by its id. */
export interface Delivery {
  channel: Channel['name']
  failure?: string
  why?: SentenceById
}

export interface SentLink {
  id: string
  mailbox: Address
  /** ISO 8601. */
  expiresAt: string
  deliveries: readonly Delivery[]
}

/** Something that a person has to know, in the words that they get. */
export interface Notice {
  /** What it is about, the same for each reminder: its kind and its subject. */
  key: string
  kind: NoticeKind
  /** One line. */
  title: string
  /** Whole sentences: what is so, and what to do. Nothing secret. */
  text: string
  mailbox?: Address
  provider?: string
  /** Everybody who opens it can finish the consent: it is never logged. */
  consentLink?: { url: Secret; expiresAt: string }
  /** Everybody who opens it can have the message sent, or not: it is never logged. */
  approvalLink?: { url: Secret; expiresAt: string }
}

type NoticeKind =
  /** Somebody asked for a consent, or a grant has lapsed. */
  | 'consent-needed'
  /** A grant, or what a registration authenticates with, ends at a known time. */
  | 'ends-soon'
  /** A message waits for a person. */
  | 'approval-needed'
  /** A message that waited for a person, or was approved, was not sent. */
  | 'approval-over'
  /** Tokens have failed for long. */
  | 'trouble'
  /** Somebody wants to see whether notices arrive. */
  | 'test'

/** One channel to people. */
export interface Channel {
  name: 'webhook' | 'mail' | 'command'
  /**
   * @param id the same when one delivery is tried again, so that its receiver knows.
   * @throws Failure; it holds no secret and no link
   */
  deliver(notice: Notice, id: string): Promise<void>
}

/**
 * What programs get: the body of a webhook, the standard input of a command. Shown nowhere else,
 * because of the link.
 */
export function noticeAsJson(notice: Notice, id: string, now: number): string {
  const { kind, title, text, mailbox, provider, consentLink, approvalLink } = notice
  return JSON.stringify({
    type: `postern.${kind}`,
    timestamp: new Date(now).toISOString(),
    data: {
      id,
      title,
      text,
      ...(mailbox !== undefined && { mailbox }),
      ...(provider !== undefined && { provider }),
      ...(consentLink && {
        consentLink: { url: consentLink.url.reveal(), expiresAt: consentLink.expiresAt },
      }),
      ...(approvalLink && {
        approvalLink: { url: approvalLink.url.reveal(), expiresAt: approvalLink.expiresAt },
      }),
    },
  })
}

/** Something that is so now, and that is reported to people until it no longer is. */
export interface Condition extends Omit<Notice, 'consentLink'> {
  /** How far it has come: a new stage is reported at once. */
  stage: string
  /** Reminders follow until it is solved. */
  repeats: boolean
  /** Asked before a reminder, where it can be found out whether the condition still holds. */
  stillSo?: () => Promise<boolean>
}

/**
 * Where conditions come from. Asked again and again; what it no longer names is solved.
 * @throws Failure `store-unavailable`
 */
export type Conditions = () => Promise<readonly Condition[]>

/** Where notices go: consent links, secrets that end, trouble that lasts. Each may be absent. */
export interface NotifyConfig {
  /** Signed with the secret. */
  webhook?: { url: URL; secret: Secret }
  /** Sent through a mailbox of postern. */
  mail?: { from: Address; to: readonly Address[] }
  command?: NotifyCommand
}

export interface NotifyCommand {
  /** For the system's shell. */
  line: Secret
  /** All that it gets of the environment: PATH, HOME and the like, and no secret of ours. */
  environment: Readonly<Record<string, string>>
}
