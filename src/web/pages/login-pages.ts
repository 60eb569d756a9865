import type { RequestHandler, Response } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer } from '../http-refusal.ts'
import { checkChange, type Session, type Sessions } from '../sessions.ts'
import type { WebServices } from '../web-services.ts'
import { type Fields, fieldsOf } from './form-fields.ts'
import { html } from './html.ts'
import { loginList } from './login-list-page.ts'
import { madeLogin } from './made-login-page.ts'
import { mistakeSection } from './mistake-page.ts'
import { loginRequestOf, newLoginForm } from './new-login-page.ts'
import type { PageSender } from './page.ts'

export interface LoginPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'smtp'>
  sessions: Sessions
  pages: PageSender
}

/** The administrator's pages about logins. */
export function createLoginPages({ services, sessions, pages }: LoginPagesParts): Router {
  const { mailboxes, logins, smtp } = services
  const router = Router()
  const readForm: RequestHandler = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/logins')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const body = loginList({ logins: await logins.list(), session, pages })
      pages.send(response, { title: 'Logins', body, session })
    })
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      await make(response, session, fieldsOf(request.body))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/logins/new')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      pages.send(response, {
        title: 'Make a login',
        body: await form(session, fieldsOf(request.query)),
        session,
      })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/logins/:id/revoke')
    .post(readForm, async (request, response) => {
      checkChange(await sessions.require(request), request.body)
      await logins.revoke(String(request.params.id))
      response.redirect(303, pages.path('logins'))
    })
    .all(allowOnly('POST'))

  return router

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function make(response: Response, session: Session, filled: Fields): Promise<void> {
    try {
      const { login, password } = await logins.add(loginRequestOf(filled))
      const body = madeLogin({ login, password: password?.reveal(), listeners: smtp() }, pages)
      pages.send(response, { title: login.name, body, session, copying: true }, 201)
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'internal') throw error
      const answer = errorAnswer(error)
      const body = html`${mistakeSection(answer)}${await form(session, filled)}`
      pages.send(response, { title: 'Make a login', body, session }, answer.status)
    }
  }

  async function form(session: Session, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return newLoginForm({ mailboxes: addresses, filled, session, pages })
  }
}
