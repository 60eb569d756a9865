import type { ErrorRequestHandler } from 'express'
import { Failure } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { printable } from '../../base/text.ts'
import { type Html, html } from '../html.ts'
import { type ErrorAnswer, errorAnswer, logFailure } from '../http-errors.ts'
import { type Phrase, type Phrases, phrase, phrasesFor } from '../texts/phrases.ts'
import type { PageSender } from './layout.ts'

const titles: Record<number, Phrase> = {
  401: phrase('Please sign in'),
  403: phrase('That was refused'),
  404: phrase('Not found'),
  429: phrase('Too many attempts'),
  500: phrase('Something went wrong'),
  502: phrase('The provider needs attention'),
  503: phrase('Not possible right now'),
}

const otherTitle = phrase('That did not work')
const tryAgain = phrase('Try again in a minute; the log of postern says more.')

// Longer than every sentence of postern, but a provider's text cannot fill the page.
const longestText = 400

/**
 * The last handler of the pages: every thrown value becomes a page that says what is wrong and what
 * to do.
 */
export function errorPageHandler({ pages, log }: { pages: PageSender; log: Log }): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    logFailure(log, error, request)
    const answer = errorAnswer(error)
    response.set(answer.headers)
    const t = phrasesFor(request)
    const title = t.say(titles[answer.status] ?? otherTitle)
    const action =
      answer.status === 401
        ? html`<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>`
        : undefined
    pages.send(response, { title, body: errorSection(answer, t, action) }, answer.status)
  }
}

/**
 * What is wrong and what to do about it. May hold a provider's text: control characters are
 * removed, and it is cut.
 */
export function errorSection({ failure, status }: ErrorAnswer, t: Phrases, action?: Html): Html {
  const { said } = failure
  const fix = t.fixOf(failure) ?? (status >= 500 ? t.say(tryAgain) : undefined)
  return html`<section class="mistake" role="alert">
<p>${sentence(t.messageOf(failure))}</p>
${said !== undefined && html`<p>${t`The provider said: ${html`<code>${said}</code>`}`}</p>`}
${fix !== undefined && whatToDo(fix, t)}
${action}
</section>`
}

/** @param fix in the reader's language */
export function whatToDo(fix: string, t: Phrases): Html {
  return html`<p><strong>${t`What to do:`}</strong> ${sentence(fix)}</p>`
}

/** The failure to show above a form. Rethrows internal errors. */
export function refusalOf(error: unknown): ErrorAnswer {
  if (!(error instanceof Failure) || error.code === 'internal') throw error
  return errorAnswer(error)
}

function sentence(text: string): string {
  const clean = printable(text, longestText)
  // No full stop after an address: it would be copied with it.
  const lastWord = clean.split(/\s/).at(-1) ?? ''
  return /[.!?…。]$/.test(clean) || /https?:\/\/./.test(lastWord) ? clean : `${clean}.`
}
