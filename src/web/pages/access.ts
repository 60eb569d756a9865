import type { Request, Response, Router } from 'express'
import { failure, filled } from '../../base/failure.ts'
import { actorFields, type Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../credentials/page-passwords.ts'
import { type PageRole, type PageSession, pageRoles } from '../../model/page-access.ts'
import type { PageAccessStore } from '../../store/ports.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { checkCsrf, requireAdministrator, type Sessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import { errorSection, refusalOf } from './error-page.ts'
import {
  type Fields,
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { time } from './parts.ts'

interface AccessPagesDeps {
  pageAccess: Pick<PageAccessStore, 'end'>
  sessions: Pick<Sessions, 'all'>
  pagePasswords: PagePasswords
  signInLinks: Pick<SignInLinks, 'endAll'>
  contexts: PageContexts
  log: Log
}

/** The page about access: passwords of the pages, and the signed-in browsers. */
export function createAccessPages(deps: AccessPagesDeps): Router {
  const { pageAccess, sessions, pagePasswords, signInLinks, contexts, log } = deps
  const router = exactRouter()

  router
    .route('/account')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`Who looks at the pages`, body: await body(context), session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/account/password')
    .post(readForm, async (request, response) => {
      await setPassword(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/account/sessions/:id/end')
    .post(readForm, (request, response) => endSession(request, response, String(request.params.id)))
    .all(methodNotAllowed('POST'))

  return router

  async function body(context: PageContext) {
    const { session } = context
    const known = await Promise.all(
      pageRoles.map(async (role) => [role, await pagePasswords.isSet(role)] as const),
    )
    const all = await sessions.all()
    const signedIn = session.role === 'administrator' ? all : all.filter(({ id }) => id === session.id)
    return accessPage({ hasPassword: new Map(known), signedIn }, context)
  }

  async function setPassword(response: Response, context: PageContext, fields: Fields): Promise<void> {
    const { t, session, pages, by } = context
    const password = one(fields, 'password') ?? ''
    try {
      if (password !== one(fields, 'again')) {
        throw failure('page.passwords-differ')
      }
      await pagePasswords.set(readRole(one(fields, 'role')), new Secret(password), session.id, by)
      signInLinks.endAll()
      response.redirect(303, pages.path('account'))
    } catch (error) {
      const refusal = refusalOf(error)
      const again = html`${errorSection(refusal, t)}${await body(context)}`
      pages.send(response, { title: t`Who looks at the pages`, body: again, session }, refusal.status)
    }
  }

  async function endSession(request: Request, response: Response, id: string): Promise<void> {
    const { session, pages, by } = await contexts.toSee(request)
    checkCsrf(session, request.body)
    // A viewer may end only the own session.
    if (id !== session.id) requireAdministrator(session)
    if (!(await pageAccess.end(id))) throw new HttpRefusal(404, filled('page.session-ended-already'))
    log.info({ event: 'page.session-ended', ...actorFields(by) }, 'A browser was signed out')
    response.redirect(303, id === session.id ? pages.path('sign-in') : pages.path('account'))
  }
}

function readRole(text: string | undefined): PageRole {
  const role = pageRoles.find((one) => one === text)
  if (role) return role
  throw failure('page.no-such-role', { roles: pageRoles.join(' or ') })
}

interface AccessView {
  hasPassword: ReadonlyMap<PageRole, boolean>
  /** The sessions that the reader may see. */
  signedIn: readonly PageSession[]
}

const roleTitles: Record<PageRole, Phrase> = {
  administrator: phrase('Administrator'),
  viewer: phrase('Viewer'),
}

const roleRights: Record<PageRole, Phrase> = {
  administrator: phrase('The administrator may do everything on these pages.'),
  viewer: phrase('The viewer sees mailboxes, logins and what happens, and changes nothing.'),
}

const newPasswordEffects: Record<PageRole, Phrase> = {
  administrator: phrase(
    'With a new one every other browser is signed out, and sign-in links that were made before end.',
  ),
  viewer: phrase(
    'With a new one every browser of a viewer is signed out, and sign-in links that were made before end.',
  ),
}

/** Who may look at the pages, and which browsers are signed in. */
function accessPage({ hasPassword, signedIn }: AccessView, context: PageContext): Html {
  const { t } = context
  return html`${mayChange(context) && pageRoles.map((role) => passwordSection(role, hasPassword.get(role) === true, context))}
<h2>${t`Signed in now`}</h2>
<ul class="cards">${signedIn.map((one) => card(one, context))}</ul>`
}

function passwordSection(role: PageRole, isSet: boolean, context: PageContext): Html {
  const { t } = context
  return html`<section>
<h2>${t.say(roleTitles[role])}: ${isSet ? t`change the password` : t`set a password`}</h2>
<p>${t.say(roleRights[role])} ${!isSet && t`Until there is a password, a one-time link is the only way in.`} ${t.say(newPasswordEffects[role])}</p>
${form(
  context,
  ['account', 'password'],
  html`<input type="hidden" name="role" value="${role}">
<label>${t`New password, of 10 characters or more`} <input type="password" name="password" required autocomplete="new-password"></label>
<label>${t`Once more`} <input type="password" name="again" required autocomplete="new-password"></label>
<button>${isSet ? t`Change it` : t`Set it`}</button>`,
)}
</section>`
}

const meansWords: Record<PageSession['means'], Phrase> = {
  link: phrase('by a one-time link'),
  password: phrase('by the password'),
  provider: phrase('at a provider'),
}

function card(one: PageSession, context: PageContext): Html {
  const { t, session } = context
  return html`<li class="card">
<h2>${t.say(roleTitles[one.role])}${one.person !== undefined && html`: ${one.person}`} ${one.id === session.id && html`<span class="state active">${t`this browser`}</span>`}</h2>
<dl>
<dt>${t`From`}</dt><dd>${one.source}, ${t.say(meansWords[one.means])}</dd>
<dt>${t`Browser`}</dt><dd>${one.browser === '' ? t`does not say` : one.browser}</dd>
<dt>${t`Since`}</dt><dd>${time(one.createdAt)}</dd>
<dt>${t`Last seen`}</dt><dd>${time(one.lastUsedAt)}</dd>
</dl>
${form(context, ['account', 'sessions', one.id, 'end'], html`<button class="quiet">${t`Sign it out`}</button>`)}
</li>
`
}
