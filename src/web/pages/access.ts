import type { Request, Response, Router } from 'express'
import { failure, filled } from '../../base/failure.ts'
import { actorFields, type Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../credentials/page-passwords.ts'
import { type PageRole, type PageSession, pageRoles } from '../../model/page-access.ts'
import type { PageAccessStore } from '../../store/ports.ts'
import type { KnownBrowsers } from '../cookies.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { requestSource } from '../request-source.ts'
import { clientGoneSignal, exactRouter, methodNotAllowed } from '../routing.ts'
import { checkCsrf, requireAdministrator, type Sessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import {
  confirmation,
  type FailureFields,
  type FormState,
  passwordRefusals,
  refusedForm,
  textField,
} from './form-parts.ts'
import {
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { badge, time } from './parts.ts'
import { table } from './tables.ts'

interface AccessPagesDeps {
  pageAccess: Pick<PageAccessStore, 'end'>
  sessions: Pick<Sessions, 'all'>
  pagePasswords: PagePasswords
  knownBrowsers: Pick<KnownBrowsers, 'idOf'>
  signInLinks: Pick<SignInLinks, 'endAll'>
  contexts: PageContexts
  log: Log
}

/** Which field a refused password is about. */
const fieldOfFailure: FailureFields = {
  'page.wrong-password': 'present',
  'page.passwords-differ': 'again',
  ...Object.fromEntries(passwordRefusals.map((id) => [id, 'password'])),
}

/** The page about access: passwords of the pages, and the signed-in browsers. */
export function createAccessPages(deps: AccessPagesDeps): Router {
  const { pageAccess, sessions, pagePasswords, knownBrowsers, signInLinks, contexts, log } = deps
  const router = exactRouter()

  router
    .route('/account')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`Users & sessions`, body: await body(context), session, wide: true })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/account/password')
    .post(readForm, (request, response) => setPassword(request, response))
    .all(methodNotAllowed('POST'))

  router
    .route('/account/sessions/:id/end')
    .post(readForm, (request, response) => endSession(request, response, String(request.params.id)))
    .all(methodNotAllowed('POST'))

  return router

  async function body(context: PageContext, refused?: RefusedPassword) {
    const { session } = context
    const known = await Promise.all(
      pageRoles.map(async (role) => [role, await pagePasswords.isSet(role)] as const),
    )
    const hasPassword = new Map(known)
    const all = await sessions.all()
    const signedIn = session.role === 'administrator' ? all : all.filter(({ id }) => id === session.id)
    const asksPresent = asksForPresent(context, hasPassword.get('administrator') === true)
    return accessPage({ hasPassword, asksPresent, signedIn, refused }, context)
  }

  /**
   * Whoever finds a signed-in browser does not know the password, and cannot set another one. A
   * one-time link is the way in for those who have forgotten it.
   */
  function asksForPresent({ session }: PageContext, isSet: boolean): boolean {
    return isSet && session.means !== 'link'
  }

  async function setPassword(request: Request, response: Response): Promise<void> {
    const context = await contexts.toChange(request)
    const { t, session, pages, by } = context
    const fields = fieldsOf(request.body)
    const role = readRole(one(fields, 'role'))
    const wasSet = await pagePasswords.isSet(role)
    const password = one(fields, 'password') ?? ''
    try {
      if (asksForPresent(context, await pagePasswords.isSet('administrator'))) {
        const { key: source, isShared } = requestSource(request)
        const from = { source, isShared, knownBrowser: knownBrowsers.idOf(request, 'administrator') }
        const present = new Secret(one(fields, 'present') ?? '')
        await pagePasswords.check('administrator', present, from, clientGoneSignal(response))
      }
      if (password !== one(fields, 'again')) throw failure('page.passwords-differ')
      await pagePasswords.set(role, new Secret(password), session.id, by)
      await signInLinks.endAll()
      const words = html`${t.say(roleTitles[role])}: ${wasSet ? t`the password is changed.` : t`the password is set.`}`
      // The first password is the first step of a new postern, and the next one is on its first page.
      context.done(response, words, !wasSet && role === 'administrator' ? [] : ['account'])
    } catch (error) {
      const { status, headers, summary, wrong } = refusedForm(error, t, {
        fields: fieldOfFailure,
        prefix: `${role}-`,
      })
      response.set(headers)
      const again = await body(context, { role, summary, wrong })
      pages.send(response, { title: t`Users & sessions`, body: again, session, wide: true }, status)
    }
  }

  async function endSession(request: Request, response: Response, id: string): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages, by } = context
    checkCsrf(session, request.body)
    // A viewer may end only the own session.
    if (id !== session.id) requireAdministrator(session)
    if (!(await pageAccess.end(id))) throw new HttpRefusal(404, filled('page.session-ended-already'))
    log.info({ event: 'page.session-ended', ...actorFields(by) }, 'A browser was signed out')
    if (id === session.id) response.redirect(303, pages.path('signed-out'))
    else context.done(response, t`The session has ended: that browser has to sign in again.`, ['account'])
  }
}

function readRole(text: string | undefined): PageRole {
  const role = pageRoles.find((one) => one === text)
  if (role) return role
  throw failure('page.no-such-role', { roles: pageRoles.join(' or ') })
}

/** A password that was refused: for whom, and why. */
interface RefusedPassword extends Pick<FormState, 'wrong'> {
  role: PageRole
  summary: Html
}

interface AccessView {
  hasPassword: ReadonlyMap<PageRole, boolean>
  /** Whether the present password is asked for before a new one is set. */
  asksPresent: boolean
  /** The sessions that the reader may see. */
  signedIn: readonly PageSession[]
  refused: RefusedPassword | undefined
}

const roleTitles: Record<PageRole, Phrase> = {
  administrator: phrase('Administrator'),
  viewer: phrase('Viewer'),
}

const roleRights: Record<PageRole, Phrase> = {
  administrator: phrase('Can do everything on these pages.'),
  viewer: phrase('Sees mailboxes, logins and activity, and changes nothing.'),
}

const newPasswordEffects: Record<PageRole, Phrase> = {
  administrator: phrase(
    'A new password signs out every other browser, and ends sign-in links that were made before.',
  ),
  viewer: phrase(
    'A new password signs out every browser of a viewer, and ends sign-in links that were made before.',
  ),
}

/** Who may look at the pages, and which browsers are signed in. */
function accessPage(view: AccessView, context: PageContext): Html {
  const { t } = context
  return html`${mayChange(context) && html`${view.refused?.summary}<div class="tiles">${pageRoles.map((role) => passwordSection(role, view, context))}</div>`}
<h2>${t`Signed in now`}</h2>
${sessionTable(view.signedIn, context)}`
}

function passwordSection(
  role: PageRole,
  { hasPassword, asksPresent, refused }: AccessView,
  context: PageContext,
): Html {
  const { t } = context
  const isSet = hasPassword.get(role) === true
  const state = {
    values: {},
    prefix: `${role}-`,
    ...(refused?.role === role && refused.wrong && { wrong: refused.wrong }),
  }
  return html`<section>
<h2>${t.say(roleTitles[role])}: ${isSet ? t`change the password` : t`set a password`}</h2>
<p>${t.say(roleRights[role])} ${!isSet && role === 'administrator' && t`Without a password you can only sign in with a one-time link from the server.`} ${t.say(newPasswordEffects[role])}</p>
${form(
  context,
  ['account', 'password'],
  html`<input type="hidden" name="role" value="${role}">
${asksPresent && textField({ name: 'present', label: t`Your present password (administrator)`, type: 'password', required: true, autocomplete: 'current-password' }, state)}
${textField({ name: 'password', label: t`New password`, hint: t`10 characters or more`, type: 'password', required: true, autocomplete: 'new-password' }, state)}
${textField({ name: 'again', label: t`Repeat password`, type: 'password', required: true, autocomplete: 'new-password' }, state)}
<button>${isSet ? t`Change password` : t`Set password`}</button>`,
)}
</section>`
}

const meansWords: Record<PageSession['means'], Phrase> = {
  link: phrase('by a one-time link'),
  password: phrase('by the password'),
  provider: phrase('at a provider'),
}

function sessionTable(signedIn: readonly PageSession[], context: PageContext): Html {
  const { t, session } = context
  const isOwn = ({ id }: PageSession) => id === session.id
  const who = ({ role, person }: PageSession) =>
    html`${t.say(roleTitles[role])}${person !== undefined && html`: ${person}`}`
  return table<PageSession>({
    caption: t`Signed in now`,
    rows: signedIn,
    columns: [
      {
        title: t`User`,
        place: 'main',
        cell: (one) => html`${who(one)} ${isOwn(one) && badge('good', t`this browser`)}`,
      },
      { title: t`Signed in from`, cell: (one) => html`${one.source}, ${t.say(meansWords[one.means])}` },
      { title: t`Browser`, cell: ({ browser }) => (browser === '' ? t`unknown` : browserName(browser)) },
      { title: t`Since`, cell: ({ createdAt }) => time(createdAt) },
      { title: t`Last seen`, cell: ({ lastUsedAt }) => time(lastUsedAt) },
      {
        title: t`End session`,
        place: 'action',
        cell: (one) => (isOwn(one) ? signOut(one, context) : ending(one, who(one), context)),
      },
    ],
  })
}

function signOut({ id }: PageSession, context: PageContext): Html {
  const button = html`<button class="quiet">${context.t`Sign out`}</button>`
  return form(context, ['account', 'sessions', id, 'end'], button)
}

function ending({ id, source }: PageSession, who: Html, context: PageContext): Html {
  const { t } = context
  return confirmation(
    {
      ask: t`End session…`,
      label: t`End session: ${who}, ${source}`,
      question: t`That browser is signed out at once. What somebody is typing there is lost.`,
      answer: t`End session`,
      path: ['account', 'sessions', id, 'end'],
    },
    context,
  )
}

const browsers: readonly [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\/\d/, 'Edge'],
  [/\bOPR\/\d/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/\d/, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\/\d/, 'Chrome'],
  [/\bVersion\/\d.* Safari\/\d/, 'Safari'],
]

const systems: readonly [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** “Firefox, Windows” instead of what a browser says of itself; all of that where it is not known. */
function browserName(userAgent: string): string {
  const nameIn = (known: typeof browsers) => known.find(([pattern]) => pattern.test(userAgent))?.[1]
  const [browser, system] = [nameIn(browsers), nameIn(systems)]
  return userAgent.startsWith('Mozilla/5.0 (') && browser && system ? `${browser}, ${system}` : userAgent
}
