import type { Request, Response } from 'express'
import type { ConsentService } from '../../consent/service.ts'
import type { BegunConsents, ConsentOrigin } from './begun-consents.ts'
import type { ConsentCookie } from './consent-cookie.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

export interface BeginConsentParts {
  consent: ConsentService
  cookie: ConsentCookie
  begun: BegunConsents
  pages: PageSender
}

/** Begins a consent in this browser and sends it to the provider. */
export type BeginConsent = (request: Request, response: Response, origin: ConsentOrigin) => Promise<void>

export function createBeginConsent({ consent, cookie, begun, pages }: BeginConsentParts): BeginConsent {
  return async (request, response, origin) => {
    const browser = cookie.ensure(request, response)
    const { authorizationUrl, mailbox, providerName } = await consent.begin(origin, browser)
    begun.remember(authorizationUrl, browser, origin)
    // A page rather than a redirect: Chromium holds the targets of redirects that follow a form against the
    // `form-action` of our content security policy, and the provider is not to be named there.
    const body = html`<section>
<p>You sign in for <strong>${mailbox}</strong> at ${providerName}. This page goes there by itself.</p>
<p><a class="button" href="${authorizationUrl.href}">Continue to ${providerName}</a></p>
</section>`
    pages.send(response, { title: `Taking you to ${providerName}`, body, forwardTo: authorizationUrl })
  }
}
