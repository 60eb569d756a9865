import type { Response } from 'express'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import type { Page, PageSender } from './page.ts'

/** A page that goes on by itself at another address of ours. No redirect: see `takeToProvider`. */
export function continueAt(response: Response, pages: PageSender, there: URL, title: Html | string): void {
  pages.send(response, continuing(there, title, phrasesFor(response.req)))
}

export function continuing(there: URL, title: Html | string, t: Phrases): Page {
  const body = html`<section class="done">
<p><a class="button" href="${there.href}">${t`Continue`}</a></p>
</section>`
  return { title, body, forwardTo: there }
}
