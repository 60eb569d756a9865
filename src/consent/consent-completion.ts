import { Secret } from '../base/secret.ts'
import { sameHash } from '../mailboxes/fresh-secret.ts'
import type { TokenAnswer } from '../providers/oauth/oauth-client.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import type { Mailbox, PendingConsent } from '../store/ports.ts'
import { refusalOfCallback, refusalOfExchange } from './callback-error.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import type { ConsentLinks } from './consent-links.ts'
import { logged, type SettledConsent } from './consent-log.ts'
import type { ConsentNeeds } from './consent-needs.ts'
import { type ConsentRefusal, ConsentRefused } from './consent-refused.ts'
import { linkEnded, type SettleConsent } from './consent-settling.ts'
import type { ConsentService } from './service.ts'

type Needs = Pick<ConsentNeeds, 'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log'> & {
  hashes: ConsentHashes
  links: ConsentLinks
  redirectUri: string
  settle: SettleConsent
}

/** A consent that is under way, taken from the store: nobody else has it. */
interface Taken {
  pending: PendingConsent
  state: Secret
  mailbox: Mailbox
  provider: RegisteredProvider
}

/** Takes what came back from the provider to the consent that it belongs to. */
export function createConsentCompletion(needs: Needs): ConsentService['complete'] {
  const { store, catalogue, clock, log, hashes, links } = needs

  return (callback, browser, how = {}) => logged(log, complete(callback, browser, how))

  async function complete(
    callback: URL,
    browser: Secret | undefined,
    { codeOnly = false }: { codeOnly?: boolean },
  ): Promise<SettledConsent> {
    const taken = await take(callback, browser)
    const { pending, mailbox, provider } = taken
    // Where the provider comes back by itself, its whole answer is there to be checked.
    if (codeOnly && provider.oauth.redirectUri === undefined)
      throw startAgain('not-begun', 'This is not the whole address that the browser ended at', mailbox)
    await requireOpenLink(pending)
    const error = callback.searchParams.get('error')
    if (error !== null) throw refusalOfCallback(error, mailbox.address, provider.name)
    const answer = await exchange(callback, taken)
    const { browserHash, consentLinkId } = pending
    const link = consentLinkId === undefined ? {} : { consentLinkId }
    return needs.settle({ mailbox, provider, flow: 'authorization-code', browserHash, ...link }, answer)
  }

  async function take(callback: URL, browser: Secret | undefined): Promise<Taken> {
    const [text, ...more] = callback.searchParams.getAll('state')
    const state = new Secret(more.length === 0 ? (text ?? '') : '')
    const stateHash = hashes.state(state)
    const found = await store.pendingConsents.find(stateHash)
    const mailbox = found && (await store.mailboxes.find(found.mailbox))
    if (!mailbox) throw notBegun()
    const hash = browser && hashes.browser(browser, mailbox.providerId)
    // Left as it was: a callback that somebody else brings must not spend the consent of the browser that began.
    if (hash === undefined || !sameHash(hash, found.browserHash)) {
      throw startAgain('other-browser', 'This consent was begun in another browser', mailbox)
    }
    const pending = await store.pendingConsents.take(stateHash, hash)
    if (!pending) throw notBegun()
    if (pending.expiresAt <= clock.now()) {
      throw startAgain('expired', 'The sign-in took too long', mailbox)
    }
    return { pending, state, mailbox, provider: catalogue.registered(mailbox.providerId) }
  }

  /** Asked before the code is spent; `adopt` asks again, in the transaction that counts. */
  async function requireOpenLink({ consentLinkId, mailbox }: PendingConsent): Promise<void> {
    if (consentLinkId !== undefined && !(await links.isStillOpen(consentLinkId))) throw linkEnded(mailbox)
  }

  async function exchange(callback: URL, { pending, state, mailbox, provider }: Taken): Promise<TokenAnswer> {
    const { nonce, codeVerifier } = pending
    const redirectUri = provider.oauth.redirectUri ?? needs.redirectUri
    const checks = { redirectUri, state, nonce, codeVerifier }
    try {
      return await needs.oauthClientFor(provider.id).exchangeCode(callback, checks)
    } catch (error) {
      throw refusalOfExchange(error, mailbox.address, provider.name)
    }
  }
}

function notBegun(): ConsentRefused {
  return startAgain(
    'not-begun',
    'No consent is under way that this answer belongs to, or it was used already',
  )
}

function startAgain(reason: ConsentRefusal, message: string, mailbox?: Mailbox): ConsentRefused {
  return new ConsentRefused(reason, message, {
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
    ...(mailbox ? { mailbox: mailbox.address } : {}),
  })
}
