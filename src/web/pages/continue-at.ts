import type { Response } from 'express'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { phrasesFor } from '../texts/phrases.ts'
import type { PageSender } from './page.ts'

/** A page that goes on by itself at another address of ours. No redirect: see `takeToProvider`. */
export function continueAt(response: Response, pages: PageSender, there: URL, title: Html | string): void {
  const t = phrasesFor(response.req)
  const body = html`<section class="done">
<p><a class="button" href="${there.href}">${t`Continue`}</a></p>
</section>`
  pages.send(response, { title, body, forwardTo: there })
}
