import type { Response, Router } from 'express'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import type { WebServices } from '../web-services.ts'
import { type Fields, fieldsOf, readForm } from './form-fields.ts'
import { loginList } from './login-list-page.ts'
import { madeLogin } from './made-login-page.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import { loginRequestOf, newLoginForm } from './new-login-page.ts'
import type { PageContext, PageContexts } from './page-context.ts'

export interface LoginPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'smtp'>
  contexts: PageContexts
}

/** The pages about logins. */
export function createLoginPages({ services, contexts }: LoginPagesParts): Router {
  const { mailboxes, logins, smtp } = services
  const router = exactRouter()

  router
    .route('/logins')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`Logins`, body: loginList(await logins.list(), context), session })
    })
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/logins/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = await newForm(context, fieldsOf(request.query))
      pages.send(response, { title: t`Make a login`, body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/logins/:id/revoke')
    .post(readForm, async (request, response) => {
      const { pages, by } = await contexts.toChange(request)
      await logins.revoke(String(request.params.id), by)
      response.redirect(303, pages.path('logins'))
    })
    .all(allowOnly('POST'))

  return router

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function make(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { login, password } = await logins.add(loginRequestOf(filled), context.by)
      const body = madeLogin({ login, password: password?.reveal(), listeners: smtp() }, context)
      pages.send(response, { title: login.name, body, session, copying: true }, 201)
    } catch (error) {
      const refusal = refusalOf(error)
      const body = html`${mistakeSection(refusal, t)}${await newForm(context, filled)}`
      pages.send(response, { title: t`Make a login`, body, session }, refusal.status)
    }
  }

  async function newForm(context: PageContext, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return newLoginForm(addresses, filled, context)
  }
}
