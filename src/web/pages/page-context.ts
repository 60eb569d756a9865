import express, { type Request, type Response } from 'express'
import type { Actor } from '../../base/log.ts'
import type { Confirmations } from '../../store/ports.ts'
import { type Html, html } from '../html.ts'
import { sourceKey } from '../request-source.ts'
import { type BrowserSession, checkChange, requireAdministrator, type Sessions } from '../sessions.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import { errorSection, refusalOf } from './error-page.ts'
import type { FormAnswers, ShownPage } from './form-answers.ts'
import type { LeftWords, PageSender } from './layout.ts'

/** What a page for a signed-in person is rendered with. */
export interface PageContext {
  session: BrowserSession
  t: Phrases
  pages: PageSender
  /** The person, as the journal names them. */
  by: Actor
  /**
   * Answers a change: redirects to a page, which says once what was done. Without the words where
   * the page itself shows it.
   * @param query begins with `?`
   */
  done(response: Response, words: Html, path: readonly string[], query?: string): void
  /** The same where not all of it was done, or nothing. */
  doneInPart(response: Response, words: Html, path: readonly string[]): void
  /**
   * Answers a change that was refused, where there is no form to show again.
   * @throws what is no refusal
   */
  failed(response: Response, error: unknown, path: readonly string[], query?: string): void
  /**
   * Answers a change with what is shown only now, such as a password: redirects to a page of its own,
   * which can be loaded again for a while.
   * @param pieces what follows the body, each shown as soon as it comes
   */
  show(response: Response, page: ShownPage, pieces?: AsyncIterable<Html>): void
}

export interface PageContexts {
  /**
   * For a page that only shows something.
   * @throws HttpRefusal 401
   */
  toSee(request: Request): Promise<PageContext>
  /**
   * For an empty form.
   * @throws HttpRefusal 401, and 403 for a viewer
   */
  toFill(request: Request): Promise<PageContext>
  /**
   * For a submitted form.
   * @throws HttpRefusal 401, and 403 as `checkChange`
   */
  toChange(request: Request): Promise<PageContext>
}

export function createPageContexts(
  sessions: Sessions,
  pages: PageSender,
  answers: FormAnswers,
  confirmations?: Confirmations,
): PageContexts {
  const toSee = async (request: Request): Promise<PageContext> => {
    const session = await sessions.require(request)
    await answers.arrive(request, session.id)
    const t = phrasesFor(request)
    const leave = (response: Response, left: LeftWords, path: readonly string[], query = '') => {
      void answers
        .leave(session.id, `/${path.map(encodeURIComponent).join('/')}`, left)
        .then(() => response.redirect(303, pages.path(...path) + query))
    }
    return {
      ...{ session, t, pages, by: actorOf(session, request) },
      done(response, words, path, query) {
        const missing = confirmations?.missing() ?? []
        const said = html`<section class="done" role="status"><p>${words}</p></section>
${missing.length > 0 && html`<section class="warning" role="alert"><p>${t`It is done, and not confirmed by ${missing.join(', ')}: what was before may count there until that process answers or has ended.`}</p></section>`}`
        leave(response, { words: said }, path, query)
      },
      doneInPart(response, words, path) {
        const said = html`<section class="warning" role="alert" tabindex="-1" autofocus><p>${words}</p></section>`
        leave(response, { words: said, isRefusal: true }, path)
      },
      failed(response, error, path, query) {
        const words = errorSection(refusalOf(error), t, undefined, true)
        leave(response, { words, isRefusal: true }, path, query)
      },
      show(response, page, pieces) {
        const shown = (id: string) => response.redirect(303, pages.path('shown', id))
        answers.keep(session.id, page, pieces).then(shown, (error) => request.next?.(error))
      },
    }
  }
  return {
    toSee,
    async toFill(request) {
      const context = await toSee(request)
      requireAdministrator(context.session)
      return context
    },
    async toChange(request) {
      const context = await toSee(request)
      checkChange(context.session, request.body)
      return context
    },
  }
}

function actorOf({ role, person }: BrowserSession, request: Request): Actor {
  return { name: person ?? role, source: sourceKey(request) }
}

/** A form with the CSRF token of this session. */
export function form({ session, pages }: PageContext, path: readonly string[], body: Html): Html {
  return html`<form method="post" action="${pages.path(...path)}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
${body}
</form>`
}

export function mayChange({ session }: PageContext): boolean {
  return session.role === 'administrator'
}

/** The body parser for forms. */
export const readForm = express.urlencoded({ extended: false, limit: '64kb' })

/** The body parser for sign-ins: smaller, because anybody may send thousands of them. */
export const readShortForm = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })

/** A submitted form (`application/x-www-form-urlencoded`); a name may occur more than once. */
export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? (body as Fields) : {}
}

/** The last value of a field; undefined when it is absent. */
export function one(fields: Fields, name: string): string | undefined {
  return several(fields, name).at(-1)
}

export function several(fields: Fields, name: string): string[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
}

/** The non-empty lines of a text field. */
export function lines(fields: Fields, name: string): string[] {
  const text = one(fields, name) ?? ''
  return text
    .split(/[\r\n,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/**
 * Whether one of these fields is filled in: their section is then open when the form comes again.
 */
export function isAnyFilled(fields: Fields, names: readonly string[]): boolean {
  return names.some((name) => (one(fields, name) ?? '').trim() !== '')
}
