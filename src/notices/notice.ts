import type { Address } from '../base/address.ts'
import type { Secret } from '../base/secret.ts'

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
  /** Whoever opens it can finish the consent: it is in no log. */
  consentLink?: { url: Secret; expiresAt: string }
}

export type NoticeKind =
  /** Somebody asked for a consent, or a grant has lapsed. */
  | 'consent-needed'
  /** A grant, or what a registration authenticates with, ends at a known time. */
  | 'ends-soon'
  /** Tokens have failed for long. */
  | 'trouble'

/** One way to people. */
export interface Channel {
  name: 'webhook' | 'mail' | 'command'
  /** @param id the same when one delivery is tried again, so that its receiver knows. @throws Failure; it holds no secret and no link */
  deliver(notice: Notice, id: string): Promise<void>
}

/** What programs get: the body of a webhook, the standard input of a command. Shown nowhere else, because of the link. */
export function noticeAsJson(notice: Notice, id: string, now: number): string {
  const { kind, title, text, mailbox, provider, consentLink } = notice
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
    },
  })
}
