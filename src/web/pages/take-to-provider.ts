import type { Response } from 'express'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import type { PageSender } from './page.ts'

/**
 * Sends a browser to the provider, after `words`. A page rather than a redirect: Chromium holds the targets of redirects that follow a form against the
 * `form-action` of our content security policy, and the provider is not to be named there.
 */
export function takeToProvider(
  response: Response,
  pages: PageSender,
  t: Phrases,
  { authorizationUrl, providerName, words }: { authorizationUrl: URL; providerName: string; words?: Html },
): void {
  const body = html`<section>
${words}
<p><a class="button" href="${authorizationUrl.href}">${t`Continue to ${providerName}`}</a></p>
</section>`
  pages.send(response, { title: t`Taking you to ${providerName}`, body, forwardTo: authorizationUrl })
}
