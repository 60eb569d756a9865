import type { Request, Response } from 'express'
import { Secret } from '../../base/secret.ts'
import type { BegunConsent, ConsentService } from '../../consent/consent-service.ts'
import { freshSecret } from '../../credentials/credential.ts'
import type { PassingStore } from '../../store/ports.ts'
import { cookieValues, ownCookie } from '../cookies.ts'
import { type Html, html } from '../html.ts'
import { isToken, tokenHash } from '../sign-in-links.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import { type PageSender, sendProviderRedirect } from './layout.ts'

/** Where a consent was started: at a consent link, or by a signed-in browser on the page of a mailbox. */
export type ConsentOrigin = { link: string } | { mailbox: string; session: string }

/** Starts a consent in this browser and sends it to the provider. */
export type StartConsent = (request: Request, response: Response, origin: ConsentOrigin) => Promise<void>

interface StartConsentDeps {
  consent: ConsentService
  cookie: ConsentCookie
  pendingOrigins: PendingOrigins
  pages: PageSender
}

export function createStartConsent({
  consent,
  cookie,
  pendingOrigins,
  pages,
}: StartConsentDeps): StartConsent {
  return async (request, response, origin) => {
    const t = phrasesFor(request)
    const browser = cookie.ensure(request, response)
    const { authorizationUrl, byHand, mailbox, providerName } = await consent.begin(
      'link' in origin ? origin : { mailbox: origin.mailbox },
      browser,
    )
    await pendingOrigins.remember(authorizationUrl, browser, origin)
    if (byHand) {
      const action = pages.path('oauth', 'paste')
      const body = pasteForm({ authorizationUrl, mailbox, providerName }, action, t)
      return pages.send(response, { title: t`Sign in at ${providerName}`, body })
    }
    const words = html`<p>${t`You sign in for ${html`<strong>${mailbox}</strong>`} at ${providerName}. This page goes there by itself.`}</p>`
    sendProviderRedirect(response, pages, t, { authorizationUrl, providerName, words })
  }
}

/**
 * The form for an answer that a person pastes, where the provider cannot redirect to postern. The
 * `state` is not secret from this browser: it is also in the authorization URL.
 */
function pasteForm(
  { authorizationUrl, mailbox, providerName }: Omit<BegunConsent, 'byHand'>,
  action: string,
  t: Phrases,
): Html {
  const state = authorizationUrl.searchParams.get('state') ?? ''
  const link = html`<a href="${authorizationUrl.href}" target="_blank" rel="noreferrer">${t`Sign in at ${providerName}`}</a>`
  return html`<section>
<p>${t`${providerName} does not send you back here by itself. For ${html`<strong>${mailbox}</strong>`}:`}</p>
<ol>
<li>${t`${link}, in a new tab.`}</li>
<li>${t`Copy the code that it shows at the end, or the whole address that it ends at.`}</li>
<li>${t`Paste it here.`}</li>
</ol>
<form method="post" action="${action}">
<input type="hidden" name="state" value="${state}">
<label>${t`Code or address`} <input name="answer" required autocomplete="off" spellcheck="false"></label>
<button>${t`Finish`}</button>
</form>
</section>`
}

/**
 * Remembers where pending consents were started, so that the page of a refused one can link back. A
 * convenience only: the stored consent decides what it may do, and what is forgotten here is a link
 * back.
 */
export interface PendingOrigins {
  remember(authorizationUrl: URL, browser: Secret, origin: ConsentOrigin): Promise<void>
  /**
   * Returns an origin only to the browser that started the consent, because the link is a secret.
   */
  find(callback: URL, browser: Secret | undefined): Promise<ConsentOrigin | undefined>
}

const lifeSeconds = 3_600

export function createPendingOrigins(passing: PassingStore): PendingOrigins {
  // `state` (RFC 6749, section 4.1.1) comes back with every callback, a refused one too.
  const keyOf = (url: URL) => tokenHash(url.searchParams.get('state') ?? '')

  return {
    async remember(authorizationUrl, browser, origin) {
      const kept = new Secret(JSON.stringify({ browser: tokenHash(browser.reveal()), origin }))
      await passing.put('consent-origin', keyOf(authorizationUrl), kept, lifeSeconds)
    },
    async find(callback, browser) {
      const found = browser && (await passing.find('consent-origin', keyOf(callback)))
      if (!found) return undefined
      const kept = JSON.parse(found.reveal()) as { browser: string; origin: ConsentOrigin }
      return kept.browser === tokenHash(browser.reveal()) ? kept.origin : undefined
    },
  }
}

/** The cookie that binds a consent to the browser that started it. */
export interface ConsentCookie {
  of(request: Request): Secret | undefined
  /** The browser's value, or a new one. One value serves several pending consents. */
  ensure(request: Request, response: Response): Secret
}

const dayMilliseconds = 24 * 3_600_000

export function createConsentCookie(publicUrl: URL): ConsentCookie {
  // Lax: the provider's site starts the navigation to the callback, so a Strict cookie would not be
  // sent.
  const cookie = ownCookie('postern_consent', { publicUrl, sameSite: 'lax', maxAge: dayMilliseconds })

  function of(request: Request): Secret | undefined {
    const value = cookieValues(request, cookie).find(isToken)
    return value === undefined ? undefined : new Secret(value)
  }

  return {
    of,
    ensure(request, response) {
      const browser = of(request) ?? freshSecret()
      response.cookie(cookie.name, browser.reveal(), cookie.options)
      return browser
    },
  }
}
