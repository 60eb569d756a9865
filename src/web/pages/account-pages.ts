import type { Response } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../mailboxes/services.ts'
import { type PageAccessStore, type PageRole, pageRoles } from '../../store/ports.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer, HttpRefusal } from '../http-refusal.ts'
import { checkChange, checkCsrf, type Session, type Sessions } from '../sessions.ts'
import { accountPage } from './account-page.ts'
import { type Fields, fieldsOf, one } from './form-fields.ts'
import { html } from './html.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'

export interface AccountPagesParts {
  pageAccess: PageAccessStore
  pagePasswords: PagePasswords
  sessions: Sessions
  pages: PageSender
}

/** Passwords of the pages, and the browsers that are signed in. */
export function createAccountPages({
  pageAccess,
  pagePasswords,
  sessions,
  pages,
}: AccountPagesParts): Router {
  const router = Router()
  const readForm = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/account')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      pages.send(response, { title: 'Who looks at the pages', body: await body(session), session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/account/password')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      await setPassword(response, session, fieldsOf(request.body))
    })
    .all(allowOnly('POST'))

  router
    .route('/account/sessions/:id/end')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkCsrf(session, request.body)
      const id = String(request.params.id)
      // Whoever only looks ends the own session, and no other.
      if (id !== session.id) checkChange(session, request.body)
      if (!(await pageAccess.end(id))) throw new HttpRefusal(404, 'This session has ended already')
      response.redirect(303, id === session.id ? pages.path('sign-in') : pages.path('account'))
    })
    .all(allowOnly('POST'))

  return router

  async function body(session: Session) {
    const known = await Promise.all(
      pageRoles.map(async (role) => [role, await pagePasswords.isSet(role)] as const),
    )
    const all = await pageAccess.sessions()
    const shown = session.role === 'administrator' ? all : all.filter(({ id }) => id === session.id)
    return accountPage({ hasPassword: new Map(known), signedIn: shown, session, pages })
  }

  async function setPassword(response: Response, session: Session, fields: Fields): Promise<void> {
    const password = one(fields, 'password') ?? ''
    try {
      if (password !== one(fields, 'again')) {
        throw new Failure('invalid', 'The two passwords are not the same', {
          fix: 'Type the same one twice.',
        })
      }
      await pagePasswords.set(readRole(one(fields, 'role')), new Secret(password), session.id)
      response.redirect(303, pages.path('account'))
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'internal') throw error
      const answer = errorAnswer(error)
      const again = html`${mistakeSection(answer)}${await body(session)}`
      pages.send(response, { title: 'Who looks at the pages', body: again, session }, answer.status)
    }
  }
}

function readRole(text: string | undefined): PageRole {
  const role = pageRoles.find((one) => one === text)
  if (role) return role
  throw new Failure('invalid', 'There is no such role', { fix: `Choose ${pageRoles.join(' or ')}.` })
}
