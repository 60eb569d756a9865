import { failure, filled } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { freshSecret, sameHash } from '../credentials/credential.ts'
import { existingMailbox } from '../mailboxes/mailboxes.ts'
import type { Address } from '../model/address.ts'
import type { PendingConsent } from '../model/consent.ts'
import type { Mailbox } from '../model/mailbox.ts'
import type { TokenResponse } from '../providers/oauth/oauth-client.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { createAdminConsents } from './admin-consent.ts'
import {
  type AdoptedConsent,
  type AdoptGrant,
  createForcedAccountChoices,
  createGrantAdoption,
  type ForcedAccountChoices,
  linkEnded,
  logged,
} from './adopt-grant.ts'
import {
  type ConsentHashes,
  type ConsentLinks,
  createConsentHashes,
  createConsentLinks,
} from './consent-links.ts'
import {
  type ConsentRefusal,
  ConsentRefused,
  explainedRefusal,
  refusalOfCallback,
  refusalOfExchange,
} from './consent-refused.ts'
import { type ConsentDeps, type ConsentService, redirectUriOf } from './consent-service.ts'
import { createDeviceConsents } from './device-consents.ts'
import { expectedPerson, requireInteractiveConsent } from './validate-token-response.ts'

/**
 * Consents by a browser (authorization code), by a link, by a device code and by an administrator.
 */
export function createConsentService(deps: ConsentDeps): ConsentService {
  const hashes = createConsentHashes(deps.keyedHash)
  const links = createConsentLinks({ ...deps, hashes })
  const redirectUri = redirectUriOf(deps.publicUrl)
  const forcedChoices = createForcedAccountChoices()
  const adoptGrant = createGrantAdoption({ ...deps, forcedChoices })
  const parts = { ...deps, hashes, links, redirectUri, forcedChoices, adoptGrant }
  const complete = createCallbackHandler(parts)

  return {
    createLink: links.create,
    links: links.list,
    revokeLink: links.revoke,
    openLink: links.open,
    begin: createAuthorizationStart(parts),
    complete,
    async completePasted(text, state, browser) {
      const { callback, codeOnly } = parseRedirect(text, redirectUri, state)
      return complete(callback, browser, { codeOnly })
    },
    device: createDeviceConsents(parts),
    admin: createAdminConsents(parts),
  }
}

type StartDeps = Pick<ConsentDeps, 'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log' | 'limits'> & {
  hashes: ConsentHashes
  links: ConsentLinks
  redirectUri: string
  forcedChoices: ForcedAccountChoices
}

/**
 * Starts an authorization code flow (RFC 6749, section 4.1, with PKCE) and stores what its callback
 * has to prove.
 */
function createAuthorizationStart(deps: StartDeps): ConsentService['begin'] {
  const { store, catalogue, clock, hashes, forcedChoices } = deps

  return async (target, browser) => {
    const { mailbox, consentLinkId } = await find(target)
    const provider = catalogue.registered(mailbox.providerId)
    requireInteractiveConsent(mailbox, provider)
    const [state, nonce, codeVerifier] = [freshSecret(), freshSecret(), freshSecret()]
    const browserHash = hashes.browser(browser, provider.id)
    const authorizationUrl = await deps.oauthClientFor(provider.id).authorizationUrl({
      redirectUri: provider.oauth.redirectUri ?? deps.redirectUri,
      state,
      nonce,
      codeVerifier,
      loginHint: expectedPerson(mailbox),
      ...(forcedChoices.take(browserHash) ? { selectAccount: true } : {}),
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
      expiresAt: now + deps.limits.consentSeconds * 1000,
    })
    deps.log.info(
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
    const link = await deps.links.usable(target.link)
    return { mailbox: await existingMailbox(store.mailboxes, link.mailbox), consentLinkId: link.id }
  }
}

type CallbackDeps = Pick<ConsentDeps, 'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log'> & {
  hashes: ConsentHashes
  links: ConsentLinks
  redirectUri: string
  adoptGrant: AdoptGrant
}

/** A pending consent that was taken from the store. It cannot be taken twice. */
interface Taken {
  pending: PendingConsent
  state: Secret
  mailbox: Mailbox
  provider: RegisteredProvider
}

/** Handles the callback of an authorization code flow. */
function createCallbackHandler(deps: CallbackDeps): ConsentService['complete'] {
  const { store, catalogue, clock, log, hashes, links } = deps

  return (callback, browser, how = {}) => {
    const about: { mailbox?: Address } = {}
    return logged(log, complete(callback, browser, how, about), about)
  }

  async function complete(
    callback: URL,
    browser: Secret | undefined,
    { codeOnly = false }: { codeOnly?: boolean },
    about: { mailbox?: Address },
  ): Promise<AdoptedConsent> {
    const taken = await take(callback, browser)
    const { pending, mailbox, provider } = taken
    about.mailbox = mailbox.address
    // Where the provider redirects by itself, its whole answer can be checked.
    if (codeOnly && provider.oauth.redirectUri === undefined)
      throw startAgain('not-begun', 'consent.address-cut', mailbox)
    await requireOpenLink(pending)
    const error = callback.searchParams.get('error')
    if (error !== null) {
      const refusal = refusalOfCallback(error, mailbox.address, provider.name)
      throw await explainedRefusal(refusal, callback, provider)
    }
    const answer = await exchange(callback, taken)
    const { browserHash, consentLinkId } = pending
    const link = consentLinkId === undefined ? {} : { consentLinkId }
    return deps.adoptGrant({ mailbox, provider, flow: 'authorization-code', browserHash, ...link }, answer)
  }

  async function take(callback: URL, browser: Secret | undefined): Promise<Taken> {
    const [text, ...more] = callback.searchParams.getAll('state')
    const state = new Secret(more.length === 0 ? (text ?? '') : '')
    const stateHash = hashes.state(state)
    const found = await store.pendingConsents.find(stateHash)
    const mailbox = found && (await store.mailboxes.find(found.mailbox))
    if (!mailbox) throw notBegun()
    const hash = browser && hashes.browser(browser, mailbox.providerId)
    // The consent stays pending, because a callback that somebody else brings must not end the
    // consent of the browser that started it.
    if (hash === undefined || !sameHash(hash, found.browserHash)) {
      throw startAgain('other-browser', 'consent.other-browser', mailbox)
    }
    const pending = await store.pendingConsents.take(stateHash, hash)
    if (!pending) throw notBegun()
    if (pending.expiresAt <= clock.now()) {
      throw startAgain('expired', 'consent.expired', mailbox)
    }
    return { pending, state, mailbox, provider: catalogue.registered(mailbox.providerId) }
  }

  /** Checks the link before the code is exchanged. `adopt` checks it again, in its transaction. */
  async function requireOpenLink({ consentLinkId, mailbox }: PendingConsent): Promise<void> {
    if (consentLinkId !== undefined && !(await links.isStillOpen(consentLinkId))) throw linkEnded(mailbox)
  }

  async function exchange(
    callback: URL,
    { pending, state, mailbox, provider }: Taken,
  ): Promise<TokenResponse> {
    const { nonce, codeVerifier } = pending
    const redirectUri = provider.oauth.redirectUri ?? deps.redirectUri
    const checks = { redirectUri, state, nonce, codeVerifier }
    try {
      return await deps.oauthClientFor(provider.id).exchangeCode(callback, checks)
    } catch (error) {
      throw refusalOfExchange(error, mailbox.address, provider.name)
    }
  }
}

function notBegun(): ConsentRefused {
  return startAgain('not-begun', 'consent.not-begun')
}

type StartAgain = 'consent.not-begun' | 'consent.address-cut' | 'consent.other-browser' | 'consent.expired'

function startAgain(reason: ConsentRefusal, id: StartAgain, mailbox?: Mailbox): ConsentRefused {
  return new ConsentRefused(reason, filled(id), mailbox && { mailbox: mailbox.address })
}

/** What a person pasted, as the callback that it stands for. */
interface ParsedRedirect {
  callback: URL
  /** Only a code was pasted, so `state` and `iss` cannot be checked. */
  codeOnly: boolean
}

/** RFC 6749, appendix A.11. */
const code = /^[\x21-\x7e]{4,4096}$/

/**
 * Parses what a person pasted: the address that the browser ended at, or the code that the
 * provider's page showed.
 * @param state that of the pending consent, for a code alone
 * @throws Failure `invalid`
 */
export function parseRedirect(text: string, redirectUri: string, state: string): ParsedRedirect {
  const pasted = text.trim()
  const callback = new URL(redirectUri)
  const query = /^[a-z][a-z0-9+.-]*:[^?#]*[?#]([^#]*)/i.exec(pasted)?.[1] ?? /^\?(.+)$/.exec(pasted)?.[1]
  if (query !== undefined) {
    callback.search = query
    const { searchParams } = callback
    if (searchParams.has('state') && (searchParams.has('code') || searchParams.has('error')))
      return { callback, codeOnly: false }
  } else if (code.test(pasted) && !pasted.includes('://')) {
    callback.search = new URLSearchParams({ code: pasted, state }).toString()
    return { callback, codeOnly: true }
  }
  throw failure('consent.not-the-address')
}
