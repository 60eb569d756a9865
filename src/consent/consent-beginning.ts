import { existingMailbox } from '../mailboxes/existing-mailbox.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import type { Mailbox } from '../store/ports.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import { expectedPerson } from './consent-judgement.ts'
import type { ConsentLinks } from './consent-links.ts'
import type { ConsentNeeds } from './consent-needs.ts'
import { requirePerson } from './require-person.ts'
import type { ConsentService } from './service.ts'
import type { WrongPersons } from './wrong-persons.ts'

type Needs = Pick<
  ConsentNeeds,
  'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log' | 'consentSeconds'
> & { hashes: ConsentHashes; links: ConsentLinks; redirectUri: string; wrongPersons: WrongPersons }

/** Sends a browser to the provider, and remembers what its callback has to prove. */
export function createConsentBeginning(needs: Needs): ConsentService['begin'] {
  const { store, catalogue, clock, hashes, wrongPersons } = needs

  return async (target, browser) => {
    const { mailbox, consentLinkId } = await find(target)
    const provider = catalogue.registered(mailbox.providerId)
    requirePerson(mailbox, provider)
    const [state, nonce, codeVerifier] = [freshSecret(), freshSecret(), freshSecret()]
    const browserHash = hashes.browser(browser, provider.id)
    const authorizationUrl = await needs.oauthClientFor(provider.id).authorizationUrl({
      redirectUri: provider.oauth.redirectUri ?? needs.redirectUri,
      state,
      nonce,
      codeVerifier,
      loginHint: expectedPerson(mailbox),
      ...(wrongPersons.take(browserHash) ? { selectAccount: true } : {}),
    })
    const now = clock.now()
    await store.pendingConsents.sweep(now)
    await store.pendingConsents.add({
      stateHash: hashes.state(state),
      browserHash,
      mailbox: mailbox.address,
      ...(consentLinkId === undefined ? {} : { consentLinkId }),
      codeVerifier,
      nonce,
      createdAt: now,
      expiresAt: now + needs.consentSeconds * 1000,
    })
    needs.log.info(
      { event: 'consent.begun', mailbox: mailbox.address, provider: provider.id, link: consentLinkId },
      'Consent begun',
    )
    const byHand = provider.oauth.redirectUri !== undefined
    return { authorizationUrl, byHand, mailbox: mailbox.address, providerName: provider.name }
  }

  async function find(
    target: { link: string } | { mailbox: string },
  ): Promise<{ mailbox: Mailbox; consentLinkId?: string }> {
    if ('mailbox' in target) return { mailbox: await existingMailbox(store.mailboxes, target.mailbox) }
    const link = await needs.links.usable(target.link)
    return { mailbox: await existingMailbox(store.mailboxes, link.mailbox), consentLinkId: link.id }
  }
}
