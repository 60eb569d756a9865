import type { Request, Response } from 'express'
import type { BegunConsent, ConsentService } from '../../consent/service.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import type { BegunConsents, ConsentOrigin } from './begun-consents.ts'
import type { ConsentCookie } from './consent-cookie.ts'
import type { PageSender } from './page.ts'
import { takeToProvider } from './take-to-provider.ts'

export interface BeginConsentParts {
  consent: ConsentService
  cookie: ConsentCookie
  begun: BegunConsents
  pages: PageSender
}

/** Begins a consent in this browser and sends it to the provider. */
export type BeginConsent = (request: Request, response: Response, origin: ConsentOrigin) => Promise<void>

/** Where the provider cannot come back to postern. The state is in the address that this browser goes to, too: it is no secret from it. */
export function carryOver(
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

export function createBeginConsent({ consent, cookie, begun, pages }: BeginConsentParts): BeginConsent {
  return async (request, response, origin) => {
    const t = phrasesFor(request)
    const browser = cookie.ensure(request, response)
    const { authorizationUrl, byHand, mailbox, providerName } = await consent.begin(origin, browser)
    begun.remember(authorizationUrl, browser, origin)
    if (byHand) {
      const action = pages.path('oauth', 'paste')
      const body = carryOver({ authorizationUrl, mailbox, providerName }, action, t)
      return pages.send(response, { title: t`Sign in at ${providerName}`, body })
    }
    const words = html`<p>${t`You sign in for ${html`<strong>${mailbox}</strong>`} at ${providerName}. This page goes there by itself.`}</p>`
    takeToProvider(response, pages, t, { authorizationUrl, providerName, words })
  }
}
