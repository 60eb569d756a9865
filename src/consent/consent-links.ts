import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { freshId, freshSecret, parseDisplayName, sameHash } from '../credentials/credential.ts'
import { existingMailbox } from '../mailboxes/mailboxes.ts'
import type { ConsentLink } from '../model/consent.ts'
import type { Limits } from '../model/limits.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { Store } from '../store/ports.ts'
import {
  type ConsentLinkStatus,
  type CreatedLink,
  type OpenedLink,
  underPublicUrl,
} from './consent-service.ts'
import { expectedPerson, requireInteractiveConsent } from './validate-token-response.ts'

interface ConsentLinksDeps {
  store: Pick<Store, 'mailboxes' | 'consentLinks'>
  catalogue: Pick<Catalogue, 'registered'>
  hashes: Pick<ConsentHashes, 'link'>
  clock: Clock
  publicUrl: URL
  limits: Pick<Limits, 'consentLinkSeconds'>
  log: Log
}

/** Links that ended longer ago are not listed. */
const shownMilliseconds = 30 * 86_400_000

// The id finds the row; the hash of the secret behind the dot proves the link.
const tokenForm = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/

/** Makes one-use consent links, and finds those that may still be used. */
export function createConsentLinks(deps: ConsentLinksDeps) {
  const { store, catalogue, hashes, clock, log } = deps

  return {
    async create(mailboxText: string, requestedBy: string, by?: Actor): Promise<CreatedLink> {
      const mailbox = await existingMailbox(store.mailboxes, mailboxText)
      // A link that cannot work is refused when it is made, not when it is opened.
      requireInteractiveConsent(mailbox, catalogue.registered(mailbox.providerId))
      const [id, secret, now] = [freshId(), freshSecret(), clock.now()]
      const expiresAt = now + deps.limits.consentLinkSeconds * 1000
      await store.consentLinks.add({
        id,
        hash: hashes.link(secret),
        mailbox: mailbox.address,
        requestedBy: parseDisplayName(requestedBy, 'the administrator'),
        createdAt: now,
        expiresAt,
      })
      const fields = { event: 'consent-link.made', mailbox: mailbox.address, link: id, ...actorFields(by) }
      log.info(fields, 'A consent link was made')
      const url = underPublicUrl(deps.publicUrl, `/consent/${id}.${secret.reveal()}`)
      return { id, url, mailbox: mailbox.address, expiresAt: new Date(expiresAt).toISOString() }
    },

    async list(): Promise<ConsentLinkStatus[]> {
      const now = clock.now()
      const all = await store.consentLinks.list()
      const recent = all.filter(({ expiresAt }) => expiresAt > now - shownMilliseconds)
      return recent.reverse().map((link) => statusOf(link, now))
    },

    async revoke(id: string, by?: Actor): Promise<void> {
      const link = await store.consentLinks.remove(id)
      if (!link) {
        throw failure('consent.link-unknown', { id: printable(id) })
      }
      const fields = { event: 'consent-link.revoked', mailbox: link.mailbox, link: id, ...actorFields(by) }
      log.info(fields, 'A consent link was revoked')
    },

    usable,

    async open(token: string): Promise<OpenedLink> {
      const link = await usable(token)
      const mailbox = await existingMailbox(store.mailboxes, link.mailbox)
      return {
        mailbox: mailbox.address,
        providerName: catalogue.registered(mailbox.providerId).name,
        signsInAs: expectedPerson(mailbox),
        requestedBy: link.requestedBy,
        expiresAt: new Date(link.expiresAt).toISOString(),
      }
    },

    /** Whether a consent that completes now could still use the link with this id. */
    async isStillOpen(id: string): Promise<boolean> {
      const link = await store.consentLinks.find(id)
      return link !== undefined && isOpen(link, clock.now())
    },
  }

  /** @throws Failure `not-found`: one text, whether it is unknown, used or expired */
  async function usable(token: string): Promise<ConsentLink> {
    const [, id, secret] = tokenForm.exec(token) ?? []
    const link = id === undefined ? undefined : await store.consentLinks.find(id)
    const proven = sameHash(hashes.link(new Secret(secret ?? '')), link?.hash ?? '')
    if (link && proven && isOpen(link, clock.now())) return link
    throw failure('consent.link-invalid')
  }
}

export type ConsentLinks = ReturnType<typeof createConsentLinks>

function statusOf(link: ConsentLink, now: number): ConsentLinkStatus {
  const { id, mailbox, requestedBy, createdAt, expiresAt, usedAt } = link
  return {
    ...{ id, mailbox, requestedBy },
    state: usedAt !== undefined ? 'used' : isOpen(link, now) ? 'open' : 'expired',
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    ...(usedAt !== undefined && { usedAt: new Date(usedAt).toISOString() }),
  }
}

function isOpen(link: ConsentLink, now: number): boolean {
  return link.usedAt === undefined && link.expiresAt > now
}

/**
 * The keyed hashes of a consent's three secrets. The purposes differ, so none can stand in for
 * another.
 */
export interface ConsentHashes {
  link(secret: Secret): string
  state(state: Secret): string
  /**
   * The browser that started, bound to the provider: a code is never sent to another one (RFC 9700,
   * section 4.4).
   */
  browser(cookie: Secret, providerId: string): string
}

export function createConsentHashes(keyedHash: KeyedHash): ConsentHashes {
  return {
    link: (secret) => keyedHash('consent', `link:${secret.reveal()}`),
    state: (state) => keyedHash('consent', `state:${state.reveal()}`),
    browser: (cookie, providerId) => keyedHash('consent', `browser:${providerId}:${cookie.reveal()}`),
  }
}
