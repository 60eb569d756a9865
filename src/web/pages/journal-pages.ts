import type { Request, Response, Router } from 'express'
import { activitySpans, type JournalPage } from '../../journal/service.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { WebServices } from '../web-services.ts'
import { type Fields, fieldsOf } from './form-fields.ts'
import { filtersOf, journalPage } from './journal-page.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import type { PageContext, PageContexts } from './page-context.ts'

export interface JournalPagesParts {
  services: Pick<WebServices, 'journal' | 'mailboxes' | 'logins'>
  contexts: PageContexts
}

/** The page of what happened. */
export function createJournalPages({ services, contexts }: JournalPagesParts): Router {
  const { journal, mailboxes, logins } = services
  const router = exactRouter()

  router
    .route('/journal')
    .get((request, response) => show(request, response))
    .all(allowOnly('GET', 'HEAD'))

  return router

  async function show(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const filled = fieldsOf(request.query)
    const title = t`Journal`
    try {
      const found = await journal.list(filtersOf(filled))
      pages.send(response, { title, body: await body(found, filled, context), session, live: true })
    } catch (error) {
      const refusal = refusalOf(error)
      const form = await body({ entries: [] }, filled, context)
      pages.send(
        response,
        { title, body: html`${mistakeSection(refusal, t)}${form}`, session },
        refusal.status,
      )
    }
  }

  async function body(found: JournalPage, filled: Fields, context: PageContext): Promise<Html> {
    const [addresses, names, activities] = await Promise.all([
      mailboxes.list(),
      logins.list(),
      Promise.all(activitySpans.map((span) => journal.activity(span))),
    ])
    const view = {
      found,
      filled,
      mailboxes: addresses.map(({ address }) => address),
      logins: [...new Set(names.map(({ userName }) => userName))],
      activities,
    }
    return journalPage(view, context)
  }
}
