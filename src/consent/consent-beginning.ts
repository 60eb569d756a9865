import { isDomainMailbox } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { existingMailbox } from '../mailboxes/existing-mailbox.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import type { Mailbox } from '../store/ports.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import { expectedPerson } from './consent-judgement.ts'
import type { ConsentLinks } from './consent-links.ts'
import type { ConsentNeeds } from './consent-needs.ts'
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
    requirePerson(mailbox)
    const provider = catalogue.registered(mailbox.providerId)
    const [state, nonce, codeVerifier] = [freshSecret(), freshSecret(), freshSecret()]
    const browserHash = hashes.browser(browser, provider.id)
    const authorizationUrl = await needs.oauthClientFor(provider.id).authorizationUrl({
      redirectUri: needs.redirectUri,
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
    return { authorizationUrl, mailbox: mailbox.address, providerName: provider.name }
  }

  /** Nobody can consent for a whole domain. */
  function requirePerson({ address }: Mailbox): void {
    if (!isDomainMailbox(address)) return
    throw new Failure(
      'invalid',
      `"${address}" is a whole domain, whose mail an app sends without a consent`,
      {
        fix: 'Nothing is to be done here; add a mailbox by its own address where a person has to consent.',
      },
    )
  }

  async function find(
    target: { link: string } | { mailbox: string },
  ): Promise<{ mailbox: Mailbox; consentLinkId?: string }> {
    if ('mailbox' in target) return { mailbox: await existingMailbox(store.mailboxes, target.mailbox) }
    const link = await needs.links.usable(target.link)
    return { mailbox: await existingMailbox(store.mailboxes, link.mailbox), consentLinkId: link.id }
  }
}
