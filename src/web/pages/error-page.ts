import type { ErrorRequestHandler, Request } from 'express'
import { Failure } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { printable } from '../../base/text.ts'
import { type Html, html } from '../html.ts'
import { type ErrorAnswer, errorAnswer, logFailure } from '../http-errors.ts'
import type { BrowserSession, Sessions } from '../sessions.ts'
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

const fullStops: Record<Phrases['language'], string> = { en: '.', ja: '。' }

const otherTitle = phrase('That did not work')
const tryAgain = phrase('Try again in a minute; the log of postern says more.')

// Longer than every sentence of postern, but a provider's text cannot fill the page.
const longestText = 400

interface ErrorPageDeps {
  pages: PageSender
  /** Absent at an address where nobody signs in. */
  sessions?: Pick<Sessions, 'of'> | undefined
  log: Log
}

/** What helps after a failure, by its id: a page of ours. */
const waysOn: Readonly<Record<string, { path: readonly string[]; words: Phrase; changes?: true }>> = {
  'mailbox.unknown': { path: ['mailboxes', 'new'], words: phrase('Add a mailbox'), changes: true },
}

/**
 * The last handler of the pages: every thrown value becomes a page that says what is wrong and what
 * to do.
 */
export function errorPageHandler({ pages, sessions, log }: ErrorPageDeps): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    logFailure(log, error, request)
    const answer = errorAnswer(error)
    response.set(answer.headers)
    const t = phrasesFor(request)
    const title = t.say(titles[answer.status] ?? otherTitle)
    void signedIn(request).then((session) => {
      const body = errorSection(answer, t, wayOn(answer, session, t))
      pages.send(response, { title, body, session }, answer.status)
    })
  }

  /** Whoever is signed in keeps the navigation; a store that cannot say who leaves the page without. */
  async function signedIn(request: Request): Promise<BrowserSession | undefined> {
    try {
      return await sessions?.of(request)
    } catch {
      return undefined
    }
  }

  function wayOn(
    { failure, status }: ErrorAnswer,
    session: BrowserSession | undefined,
    t: Phrases,
  ): Html | undefined {
    if (status === 401)
      return html`<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>`
    if (!session) return undefined
    const way = Object.hasOwn(waysOn, failure.id) ? waysOn[failure.id] : undefined
    if (way && (session.role === 'administrator' || !way.changes))
      return html`<p><a class="button" href="${pages.path(...way.path)}">${t.say(way.words)}</a></p>`
    return status === 404 ? html`<p><a href="${pages.path()}">${t`Back to the mailboxes`}</a></p>` : undefined
  }
}

/**
 * What is wrong and what to do about it. May hold a provider's text: control characters are
 * removed, and it is cut.
 */
export function errorSection(
  { failure, status }: ErrorAnswer,
  t: Phrases,
  action?: Html,
  /** The focus is there when the page comes, so that it is read first. */
  isFocused = false,
): Html {
  const { said } = failure
  const fix = t.fixOf(failure) ?? (status >= 500 ? t.say(tryAgain) : undefined)
  return html`<section class="mistake" role="alert"${isFocused && html` tabindex="-1" autofocus`}>
<p>${sentence(t.messageOf(failure), t)}</p>
${said !== undefined && html`<p>${t`The provider said: ${html`<code>${said}</code>`}`}</p>`}
${fix !== undefined && whatToDo(fix, t)}
${action}
</section>`
}

/** @param fix in the reader's language */
export function whatToDo(fix: string, t: Phrases): Html {
  return html`<p><strong>${t`What to do:`}</strong> ${sentence(fix, t)}</p>`
}

/** The failure to show above a form. Rethrows internal errors. */
export function refusalOf(error: unknown): ErrorAnswer {
  if (!(error instanceof Failure) || error.code === 'internal') throw error
  return errorAnswer(error)
}

function sentence(text: string, t: Phrases): string {
  const clean = printable(text, longestText)
  // No full stop after an address: it would be copied with it.
  const lastWord = clean.split(/\s/).at(-1) ?? ''
  return /[.!?…。]$/.test(clean) || /https?:\/\/./.test(lastWord) ? clean : `${clean}${fullStops[t.language]}`
}
