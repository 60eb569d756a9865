import type { ErrorRequestHandler } from 'express'
import { printable } from '../../base/address.ts'
import type { Log } from '../../base/log.ts'
import type { ErrorAnswer } from '../http-refusal.ts'
import { errorAnswer } from '../http-refusal.ts'
import { logFailure } from '../log-failure.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

const titles: Record<number, string> = {
  401: 'Please sign in',
  403: 'That was refused',
  404: 'Not found',
  429: 'Too many attempts',
  500: 'Something went wrong',
  502: 'The provider needs attention',
  503: 'Not possible right now',
}

// Long enough for every sentence of ours, short enough that a provider's text cannot fill the page.
const longestText = 400

/** The last handler of the pages: whatever was thrown becomes a page that says what is wrong and what to do. */
export function mistakeHandler({ pages, log }: { pages: PageSender; log: Log }): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    logFailure(log, error, request)
    const answer = errorAnswer(error)
    response.set(answer.headers)
    const title = titles[answer.status] ?? 'That did not work'
    const wayOn =
      answer.status === 401
        ? html`<p><a class="button" href="${pages.path('sign-in')}">Sign in</a></p>`
        : undefined
    pages.send(response, { title, body: mistakeSection(answer, wayOn) }, answer.status)
  }
}

/** What is wrong and what to do about it. Providers' texts are among these: control characters go, and they are cut. */
export function mistakeSection({ failure, status }: ErrorAnswer, wayOn?: Html): Html {
  const fix =
    failure.fix ?? (status >= 500 ? 'Try again in a minute; the log of postern says more.' : undefined)
  return html`<section class="mistake">
<p>${sentence(failure.message)}</p>
${fix !== undefined && html`<p><strong>What to do:</strong> ${sentence(fix)}</p>`}
${wayOn}
</section>`
}

function sentence(text: string): string {
  const clean = printable(text, longestText)
  // What ends in an address may be copied: a full stop would go with it.
  return /[.!?…]$|https?:\/\/\S+$/.test(clean) ? clean : `${clean}.`
}
