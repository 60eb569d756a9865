import type { Address } from '../base/address.ts'
import { asFailure, Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { createRevocation, type UnwantedConsent } from '../mailboxes/revocation.ts'
import { sameHash } from '../mailboxes/same-hash.ts'
import type { TokenAnswer } from '../providers/oauth-client.ts'
import { safeText } from '../providers/oauth-error.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import type { Mailbox, NewGrant, PendingConsent } from '../store/ports.ts'
import { refusalOfCallback, refusalOfExchange } from './callback-error.ts'
import type { ConsentHashes } from './consent-hashes.ts'
import { type GoodConsent, judgeConsentAnswer } from './consent-judgement.ts'
import type { ConsentLinks } from './consent-links.ts'
import type { ConsentNeeds } from './consent-needs.ts'
import { type ConsentRefusal, ConsentRefused } from './consent-refused.ts'
import type { CompletedConsent, ConsentService } from './service.ts'
import type { WrongPersons } from './wrong-persons.ts'

type Needs = Pick<
  ConsentNeeds,
  'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log' | 'grantChanged'
> & {
  hashes: ConsentHashes
  links: ConsentLinks
  redirectUri: string
  wrongPersons: WrongPersons
}

/** A consent that is under way, taken from the store: nobody else has it. */
interface Taken {
  pending: PendingConsent
  state: Secret
  mailbox: Mailbox
  provider: RegisteredProvider
}

/** Judges what came back from the provider, and only then makes it the mailbox's grant. */
export function createConsentCompletion(needs: Needs): ConsentService['complete'] {
  const { store, catalogue, clock, log, hashes, links, wrongPersons } = needs
  const revoke = createRevocation({ ...needs, grants: store.grants })

  return async (callback, browser) => {
    try {
      const completed = await complete(callback, browser)
      log.info({ event: 'consent.completed', ...completed }, 'Consent completed')
      return completed
    } catch (error) {
      log.info({ event: 'consent.refused', ...described(error) }, 'Consent refused')
      throw error
    }
  }

  async function complete(callback: URL, browser: Secret | undefined): Promise<CompletedConsent> {
    const taken = await take(callback, browser)
    const { pending, mailbox, provider } = taken
    await requireOpenLink(pending)
    const error = callback.searchParams.get('error')
    if (error !== null) throw refusalOfCallback(error, mailbox.address, provider.name)
    const answer = await exchange(callback, taken)
    const good = judge(taken, answer)
    const now = clock.now()
    const { scopes, accessToken, expiresInSeconds, refreshTokenExpiresInSeconds: life, remark } = answer
    const fixed = { mailbox: mailbox.address, flow: 'authorization-code' as const, scopes }
    const ends = life === undefined ? {} : { refreshTokenEndsAt: now + life * 1000 }
    await adopt({ ...fixed, ...good, ...ends, grantedAt: now, renewedAt: now }, taken)
    const doubt = remark?.doubt === undefined ? {} : { doubt: remark.doubt }
    const fresh = { secret: accessToken, expiresInSeconds, scopes, providerId: provider.id, ...doubt }
    needs.grantChanged(mailbox.address, fresh)
    const { signedInAs } = good
    return { mailbox: mailbox.address, ...(signedInAs === undefined ? {} : { signedInAs }) }
  }

  async function take(callback: URL, browser: Secret | undefined): Promise<Taken> {
    const [text, ...more] = callback.searchParams.getAll('state')
    const state = new Secret(more.length === 0 ? (text ?? '') : '')
    const pending = await store.pendingConsents.take(hashes.state(state))
    const mailbox = pending && (await store.mailboxes.find(pending.mailbox))
    if (!pending || !mailbox) {
      throw startAgain(
        'not-begun',
        'No consent is under way that this answer belongs to, or it was used already',
      )
    }
    const hash = browser && hashes.browser(browser, mailbox.providerId)
    if (hash === undefined || !sameHash(hash, pending.browserHash)) {
      throw startAgain('other-browser', 'This consent was begun in another browser', mailbox)
    }
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
    const checks = { redirectUri: needs.redirectUri, state, nonce, codeVerifier }
    try {
      return await needs.oauthClientFor(provider.id).exchangeCode(callback, checks)
    } catch (error) {
      throw refusalOfExchange(error, mailbox.address, provider.name)
    }
  }

  function judge({ pending, mailbox, provider }: Taken, answer: TokenAnswer): GoodConsent {
    try {
      return judgeConsentAnswer(mailbox, provider, answer)
    } catch (error) {
      if (error instanceof ConsentRefused && error.reason === 'wrong-person') {
        wrongPersons.note(pending.browserHash)
        // What nobody asked for is not left lying about; the person does not wait for that.
        void revoke(mailbox, unwantedConsent(answer, error))
      }
      throw error
    }
  }

  /** The mailbox is compared once more where it counts: meanwhile it may have gone, or have another provider or person. */
  async function adopt(grant: NewGrant, { pending, mailbox }: Taken): Promise<void> {
    try {
      await store.grants.adopt(grant, pending.consentLinkId, mailbox)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error
      const now = await store.mailboxes.find(mailbox.address)
      const unchanged = now?.providerId === mailbox.providerId && now.signsInAs === mailbox.signsInAs
      throw unchanged ? linkEnded(mailbox.address) : mailboxGone(mailbox.address)
    }
  }
}

function unwantedConsent({ refreshToken }: TokenAnswer, { signedInAs }: ConsentRefused): UnwantedConsent {
  return { ...(refreshToken && { refreshToken }), ...(signedInAs !== undefined && { signedInAs }) }
}

function startAgain(reason: ConsentRefusal, message: string, mailbox?: Mailbox): ConsentRefused {
  return new ConsentRefused(reason, message, {
    fix: 'Start again from the link, or from the page of the mailbox, and stay in the same browser.',
    ...(mailbox ? { mailbox: mailbox.address } : {}),
  })
}

function linkEnded(mailbox: Address): ConsentRefused {
  return new ConsentRefused('link-ended', 'The consent link was used or has expired in the meantime', {
    fix: 'Ask the person who sent it for a new link.',
    mailbox,
  })
}

function mailboxGone(mailbox: Address): ConsentRefused {
  return new ConsentRefused('mailbox-gone', `The mailbox ${mailbox} was removed or changed in the meantime`, {
    fix: 'Ask the administrator what it is to be now, then start again.',
    mailbox,
  })
}

/** What the log may say of a refusal: its sentence and, of an answer that did not pass, which check it was. */
function described(error: unknown): object {
  const { code, message, cause } = asFailure(error)
  if (!(error instanceof ConsentRefused)) return { code, refusal: message }
  const { reason, mailbox, signedInAs, expected } = error
  const check = cause instanceof Error ? safeText(cause.message) : undefined
  return { code, reason, mailbox, signedInAs, expected, refusal: message, check }
}
