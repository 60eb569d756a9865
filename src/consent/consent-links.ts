import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { parseDisplayName } from '../mailboxes/display-name.ts'
import { existingMailbox } from '../mailboxes/existing-mailbox.ts'
import { freshId, freshSecret } from '../mailboxes/fresh-secret.ts'
import { sameHash } from '../mailboxes/same-hash.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { ConsentLink, Store } from '../store/ports.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import { expectedPerson } from './consent-judgement.ts'
import { requirePerson } from './require-person.ts'
import type { CreatedLink, OpenedLink } from './service.ts'

export interface ConsentLinksNeeds {
  store: Pick<Store, 'mailboxes' | 'consentLinks'>
  catalogue: Pick<Catalogue, 'registered'>
  hashes: Pick<ConsentHashes, 'link'>
  clock: Clock
  publicUrl: URL
  consentLinkSeconds: number
}

// The id finds the link, the hash of the secret behind the dot proves it.
const tokenForm = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/

/** Makes one-use consent links, and finds those that may still be used. */
export function createConsentLinks(needs: ConsentLinksNeeds) {
  const { store, catalogue, hashes, clock } = needs

  return {
    async create(mailboxText: string, requestedBy: string): Promise<CreatedLink> {
      const mailbox = await existingMailbox(store.mailboxes, mailboxText)
      // A link that leads nowhere is found out by the one who makes it, not by the one who gets it.
      requirePerson(mailbox, catalogue.registered(mailbox.providerId))
      const [id, secret, now] = [freshId(), freshSecret(), clock.now()]
      const expiresAt = now + needs.consentLinkSeconds * 1000
      await store.consentLinks.add({
        id,
        hash: hashes.link(secret),
        mailbox: mailbox.address,
        requestedBy: parseDisplayName(requestedBy, 'the administrator'),
        createdAt: now,
        expiresAt,
      })
      const url = underPublicUrl(needs.publicUrl, `/consent/${id}.${secret.reveal()}`)
      return { id, url, mailbox: mailbox.address, expiresAt: new Date(expiresAt).toISOString() }
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

    /** Whether the link with this id could still be used up by a consent that completes now. */
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
    throw new Failure(
      'not-found',
      'This consent link is not valid: it was used, has expired, or never existed',
      {
        fix: 'Ask the person who sent it for a new link.',
      },
    )
  }
}

export type ConsentLinks = ReturnType<typeof createConsentLinks>

/** Where providers send browsers back to. */
export function redirectUriOf(publicUrl: URL): string {
  return underPublicUrl(publicUrl, '/oauth/callback')
}

/** A path below the public address, which may itself have one. */
function underPublicUrl(publicUrl: URL, path: string): string {
  return `${publicUrl.origin}${publicUrl.pathname.replace(/\/$/, '')}${path}`
}

function isOpen(link: ConsentLink, now: number): boolean {
  return link.usedAt === undefined && link.expiresAt > now
}
