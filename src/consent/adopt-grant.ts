import { LRUCache } from 'lru-cache'
import { asFailure, Failure, failureFields, filled } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { printable } from '../base/text.ts'
import { createRevocation, type UnwantedConsent } from '../mailboxes/revocation.ts'
import type { Address } from '../model/address.ts'
import type { ActiveGrant, NewGrant } from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { safeText, type TokenResponse } from '../providers/oauth/oauth-client.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { givenTo } from '../providers/registration.ts'
import { ConsentRefused } from './consent-refused.ts'
import type { CompletedConsent, ConsentDeps } from './consent-service.ts'
import { type GoodConsent, validateTokenResponse } from './validate-token-response.ts'

/** The consent that was asked for, by either flow. */
export interface AskedConsent {
  mailbox: Mailbox
  provider: RegisteredProvider
  flow: 'authorization-code' | 'device'
  consentLinkId?: string
  /** The hash of the browser that started it; absent for the device flow. */
  browserHash?: string
}

/**
 * Validates the token response and then stores it as the mailbox's grant.
 * @throws ConsentRefused, Failure
 */
export type AdoptGrant = (asked: AskedConsent, answer: TokenResponse) => Promise<AdoptedConsent>

type AdoptionDeps = Pick<
  ConsentDeps,
  'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log' | 'grantChanged'
> & {
  forcedChoices: ForcedAccountChoices
}

export function createGrantAdoption(deps: AdoptionDeps): AdoptGrant {
  const { store, clock, forcedChoices } = deps
  const revoke = createRevocation({ ...deps, grants: store.grants })

  function judge({ mailbox, provider, browserHash }: AskedConsent, answer: TokenResponse): GoodConsent {
    try {
      return validateTokenResponse(mailbox, provider, answer)
    } catch (error) {
      if (error instanceof ConsentRefused && error.reason === 'wrong-person') {
        if (browserHash !== undefined) forcedChoices.note(browserHash)
        // The unwanted grant is revoked; the person does not wait for that.
        void revoke(mailbox, unwantedConsent(answer, error))
      }
      throw error
    }
  }

  /**
   * Stores the grant. The transaction compares the mailbox again, which may have been removed or
   * changed meanwhile.
   */
  async function adopt(grant: NewGrant, { consentLinkId, mailbox }: AskedConsent): Promise<ActiveGrant> {
    try {
      return await store.grants.adopt(grant, consentLinkId, mailbox)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error
      const now = await store.mailboxes.find(mailbox.address)
      throw now !== undefined && now.terms === mailbox.terms
        ? linkEnded(mailbox.address)
        : mailboxGone(mailbox.address)
    }
  }

  return async (asked, answer) => {
    const { mailbox, flow } = asked
    const good = judge(asked, answer)
    const now = clock.now()
    const { scopes, accessToken, expiresInSeconds, refreshTokenExpiresInSeconds: life, tokenCheck } = answer
    const ends = life === undefined ? {} : { refreshTokenEndsAt: now + life * 1000 }
    const grant = {
      mailbox: mailbox.address,
      flow,
      scopes,
      givenTo: givenTo(asked.provider),
      ...good,
      ...ends,
    }
    const { id, providerId } = await adopt({ ...grant, grantedAt: now, renewedAt: now }, asked)
    const warning = tokenCheck?.warning === undefined ? {} : { warning: tokenCheck.warning }
    // The broker checks whether this grant is still the mailbox's when it uses the token.
    const of = { id, providerId, personal: true }
    const fresh = { secret: accessToken, grant: of, expiresInSeconds, scopes, ...warning }
    deps.grantChanged(mailbox.address, fresh)
    const { signedInAs, subject: account } = good
    return {
      mailbox: mailbox.address,
      ...(signedInAs !== undefined && { signedInAs }),
      ...(account !== undefined && { account }),
    }
  }
}

function unwantedConsent({ refreshToken }: TokenResponse, { signedInAs }: ConsentRefused): UnwantedConsent {
  return { ...(refreshToken && { refreshToken }), ...(signedInAs !== undefined && { signedInAs }) }
}

export function linkEnded(mailbox: Address): ConsentRefused {
  return new ConsentRefused('link-ended', filled('consent.link-ended'), { mailbox })
}

function mailboxGone(mailbox: Address): ConsentRefused {
  return new ConsentRefused('mailbox-gone', filled('consent.mailbox-gone', { mailbox }), { mailbox })
}

/** A completed consent, with the account that signed in, for the log. */
export type AdoptedConsent = CompletedConsent & { account?: string }

/**
 * Logs the outcome of a consent, and which account signed in.
 * @param about filled in as soon as it is known, for refusals that do not name it
 */
export function logged(
  log: Log,
  settling: Promise<AdoptedConsent>,
  about?: { mailbox?: Address },
): Promise<CompletedConsent>
export function logged(
  log: Log,
  settling: Promise<AdoptedConsent | undefined>,
  about?: { mailbox?: Address },
): Promise<CompletedConsent | undefined>
export async function logged(
  log: Log,
  settling: Promise<AdoptedConsent | undefined>,
  about: { mailbox?: Address } = {},
): Promise<CompletedConsent | undefined> {
  try {
    const settled = await settling
    if (settled === undefined) return settled
    const { account, ...completed } = settled
    const who = account === undefined ? {} : { account: printable(account, 300) }
    log.info({ event: 'consent.completed', ...completed, ...who }, 'Consent completed')
    return completed
  } catch (error) {
    log.info({ event: 'consent.refused', ...about, ...described(error) }, 'Consent refused')
    throw error
  }
}

/** What is logged of a refusal: its message and, for an invalid answer, the check that failed. */
function described(error: unknown): object {
  const failure = asFailure(error)
  const { message, cause } = failure
  const what = failureFields(failure)
  if (!(error instanceof ConsentRefused)) return { ...what, refusal: message }
  const { reason, mailbox, signedInAs, expected, account } = error
  const check = cause instanceof Error ? safeText(cause.message) : undefined
  return {
    ...what,
    reason,
    ...(mailbox !== undefined && { mailbox }),
    signedInAs,
    account,
    expected,
    refusal: message,
    check,
  }
}

/**
 * Remembers browsers in which the wrong person signed in. The provider would sign the same person
 * in again without asking, so the next consent of such a browser forces the choice of an account.
 * Losing an entry costs one click.
 */
export function createForcedAccountChoices() {
  const browsers = new LRUCache<string, true>({ max: 1000 })

  return {
    note: (browserHash: string) => void browsers.set(browserHash, true),
    /** True once for each note. */
    take: (browserHash: string) => browsers.delete(browserHash),
  }
}

export type ForcedAccountChoices = ReturnType<typeof createForcedAccountChoices>
