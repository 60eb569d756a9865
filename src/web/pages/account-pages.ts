import type { Request, Response, Router } from 'express'
import { Failure } from '../../base/failure.ts'
import { actorFields, type Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../mailboxes/services.ts'
import { type PageAccessStore, type PageRole, pageRoles } from '../../store/ports.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import { HttpRefusal } from '../http-refusal.ts'
import { checkCsrf, requireAdministrator, type Sessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { accountPage } from './account-page.ts'
import { type Fields, fieldsOf, one, readForm } from './form-fields.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import type { PageContext, PageContexts } from './page-context.ts'

export interface AccountPagesParts {
  pageAccess: Pick<PageAccessStore, 'end'>
  sessions: Pick<Sessions, 'all'>
  pagePasswords: PagePasswords
  signInLinks: Pick<SignInLinks, 'endAll'>
  contexts: PageContexts
  log: Log
}

/** Passwords of the pages, and the browsers that are signed in. */
export function createAccountPages(parts: AccountPagesParts): Router {
  const { pageAccess, sessions, pagePasswords, signInLinks, contexts, log } = parts
  const router = exactRouter()

  router
    .route('/account')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`Who looks at the pages`, body: await body(context), session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/account/password')
    .post(readForm, async (request, response) => {
      await setPassword(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(allowOnly('POST'))

  router
    .route('/account/sessions/:id/end')
    .post(readForm, (request, response) => endSession(request, response, String(request.params.id)))
    .all(allowOnly('POST'))

  return router

  async function body(context: PageContext) {
    const { session } = context
    const known = await Promise.all(
      pageRoles.map(async (role) => [role, await pagePasswords.isSet(role)] as const),
    )
    const all = await sessions.all()
    const signedIn = session.role === 'administrator' ? all : all.filter(({ id }) => id === session.id)
    return accountPage({ hasPassword: new Map(known), signedIn }, context)
  }

  async function setPassword(response: Response, context: PageContext, fields: Fields): Promise<void> {
    const { t, session, pages, by } = context
    const password = one(fields, 'password') ?? ''
    try {
      if (password !== one(fields, 'again')) {
        throw new Failure('invalid', 'The two passwords are not the same', {
          fix: 'Type the same one twice.',
        })
      }
      await pagePasswords.set(readRole(one(fields, 'role')), new Secret(password), session.id, by)
      signInLinks.endAll()
      response.redirect(303, pages.path('account'))
    } catch (error) {
      const refusal = refusalOf(error)
      const again = html`${mistakeSection(refusal, t)}${await body(context)}`
      pages.send(response, { title: t`Who looks at the pages`, body: again, session }, refusal.status)
    }
  }

  async function endSession(request: Request, response: Response, id: string): Promise<void> {
    const { session, pages, by } = await contexts.toSee(request)
    checkCsrf(session, request.body)
    // Whoever only looks ends the own session, and no other.
    if (id !== session.id) requireAdministrator(session)
    if (!(await pageAccess.end(id))) throw new HttpRefusal(404, 'This session has ended already')
    log.info({ event: 'page.session-ended', ...actorFields(by) }, 'A browser was signed out')
    response.redirect(303, id === session.id ? pages.path('sign-in') : pages.path('account'))
  }
}

function readRole(text: string | undefined): PageRole {
  const role = pageRoles.find((one) => one === text)
  if (role) return role
  throw new Failure('invalid', 'There is no such role', { fix: `Choose ${pageRoles.join(' or ')}.` })
}
