import type { Response, Router } from 'express'
import type { LoginStatus } from '../../mailboxes/services.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import { HttpRefusal } from '../http-refusal.ts'
import type { WebServices } from '../web-services.ts'
import { type Fields, fieldsOf, readForm } from './form-fields.ts'
import { loginList } from './login-list-page.ts'
import { madeLogin } from './made-login-page.ts'
import { filledMending, mendingOptionsOf } from './mending-fields.ts'
import { mendingForm } from './mending-page.ts'
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

  router
    .route('/logins/:id/mending')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const login = await found(request.params.id)
      sendMending(response, context, login, filledMending(login))
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await mend(response, context, request.params.id, fieldsOf(request.body))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  return router

  async function mend(response: Response, context: PageContext, id: string, filled: Fields): Promise<void> {
    try {
      await logins.set(id, mendingOptionsOf(filled), context.by)
      response.redirect(303, context.pages.path('logins'))
    } catch (error) {
      const refusal = refusalOf(error)
      sendMending(response, context, await found(id), filled, refusal)
    }
  }

  /** @throws HttpRefusal 404 */
  async function found(id: string): Promise<LoginStatus> {
    const login = (await logins.list()).find((one) => one.id === id && one.state !== 'revoked')
    if (login === undefined) throw new HttpRefusal(404, 'There is no such login')
    return login
  }

  function sendMending(
    response: Response,
    context: PageContext,
    login: LoginStatus,
    filled: Fields,
    refusal?: ReturnType<typeof refusalOf>,
  ): void {
    const { t, session, pages } = context
    const mistake = refusal && mistakeSection(refusal, t)
    const body = html`${mistake}${mendingForm(login, filled, context)}`
    pages.send(response, { title: t`Mend its mail`, body, session }, refusal?.status ?? 200)
  }

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
