import type { Response, Router } from 'express'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../base/clock.ts'
import { filled } from '../../base/failure.ts'
import type { Secret } from '../../base/secret.ts'
import { withoutCase } from '../../base/text.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { Address } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { Phrases } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { refusedForm } from './form-parts.ts'
import { lastUsed, loginDetails } from './login-details.ts'
import {
  deviceChoiceOf,
  filledMending,
  loginFailureFields,
  loginRequestOf,
  mendingForm,
  mendingOptionsOf,
  newLoginForm,
} from './login-forms.ts'
import {
  type Fields,
  fieldsOf,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { credentialState, icon } from './parts.ts'
import { type DeviceChoice, waysIn } from './ready-settings.ts'
import { paging, searchForm, table } from './tables.ts'

interface LoginPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'smtp' | 'networkAccess'>
  contexts: PageContexts
  clock: Pick<Clock, 'monotonic'>
}

/** How long the browser that made a login is shown its password. */
const passwordMilliseconds = 15 * 60_000
const mostPasswords = 200

/** The pages about logins. */
export function createLoginPages({ services, contexts, clock }: LoginPagesDeps): Router {
  const { mailboxes, logins, smtp, networkAccess } = services
  /** By session and login: only the browser that made it. */
  const passwords = new LRUCache<string, { password: Secret; until: number }>({ max: mostPasswords })
  const router = exactRouter()

  router
    .route('/logins')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const body = loginList(await logins.list(), fieldsOf(request.query), context)
      pages.send(response, { title: t`SMTP logins`, body, session, wide: true })
    })
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/logins/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = await newForm(context, fieldsOf(request.query))
      pages.send(response, { title: t`Add a device or app`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/logins/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      await show(response, context, request.params.id, fieldsOf(request.query))
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/logins/:id/network-access')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const path = ['logins', String(request.params.id)]
      try {
        await (await networkAccess()).open(context.by)
        context.done(response, context.t`Other machines can hand in mail now.`, path, '?place=elsewhere')
      } catch (error) {
        context.failed(response, error, path, '?place=elsewhere')
      }
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/logins/:id/revoke')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const name = (await logins.list()).find((login) => login.id === id)?.name ?? id
      await logins.revoke(id, context.by)
      context.done(response, context.t`${name} is revoked.`, ['logins'])
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/logins/:id/mending')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const login = await changeable(request.params.id)
      const { t, session, pages } = context
      const body = mendingForm(login, { values: filledMending(login) }, context)
      pages.send(response, { title: t`Mend its mail`, body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await mend(response, context, String(request.params.id), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function show(response: Response, context: PageContext, id: string, asked: Fields): Promise<void> {
    const { session, pages } = context
    const login = await found(id)
    const access = await (await networkAccess()).status()
    const kept = passwords.get(`${session.id} ${login.id}`)
    const password = kept && clock.monotonic() < kept.until ? kept.password.reveal() : undefined
    const listeners = smtp()
    const choice = deviceChoiceOf(asked, usualPlace(access.hosts))
    const body = loginDetails({ login, password, listeners, access, choice }, context)
    pages.send(response, { title: login.name, body, session })
  }

  /** Most programs are elsewhere, as soon as something listens for them. */
  function usualPlace(hosts: readonly string[]): DeviceChoice['place'] {
    return waysIn(smtp(), 'elsewhere', hosts).length > 0 ? 'elsewhere' : 'here'
  }

  async function mend(response: Response, context: PageContext, id: string, values: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      await logins.set(id, mendingOptionsOf(values), context.by)
      context.done(response, t`This holds from its next sign-in on.`, ['logins', id])
    } catch (error) {
      const refused = refusedForm(error, t, loginFailureFields)
      const again = mendingForm(await changeable(id), { values, wrong: refused.wrong }, context)
      const body = html`${refused.summary}${again}`
      pages.send(response, { title: t`Mend its mail`, body, session }, refused.status)
    }
  }

  /** @throws HttpRefusal 404 */
  async function found(id: string): Promise<LoginStatus> {
    const login = (await logins.list()).find((one) => one.id === id)
    if (login === undefined) throw new HttpRefusal(404, filled('page.no-such-login'))
    return login
  }

  /** @throws HttpRefusal 404 */
  async function changeable(id: string): Promise<LoginStatus> {
    const login = await found(id)
    if (login.state === 'revoked') throw new HttpRefusal(404, filled('page.no-such-login'))
    return login
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function make(response: Response, context: PageContext, values: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { login, password } = await logins.add(loginRequestOf(values), context.by)
      const until = clock.monotonic() + passwordMilliseconds
      if (password) passwords.set(`${session.id} ${login.id}`, { password, until })
      const { place, kind } = deviceChoiceOf(values, 'here')
      const words = password
        ? t`Login created. Copy its password now: this browser shows it for 15 minutes, and nobody else does.`
        : t`Login created.`
      context.done(response, words, ['logins', login.id], `?place=${place}&kind=${kind}`)
    } catch (error) {
      const refused = refusedForm(error, t, loginFailureFields)
      const body = html`${refused.summary}${await newForm(context, values, refused.wrong)}`
      pages.send(response, { title: t`Add a device or app`, body, session }, refused.status)
    }
  }

  async function newForm(context: PageContext, values: Fields, wrong?: Readonly<Record<string, Html>>) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    const { hosts } = await (await networkAccess()).status()
    const choice = deviceChoiceOf(values, usualPlace(hosts))
    return newLoginForm({ addresses, choice }, { values, ...(wrong && { wrong }) }, context)
  }
}

const loginsAtOnce = 50

const states: readonly LoginStatus['state'][] = ['active', 'expired', 'revoked']

/** The logins that are searched for, active ones first. */
function loginList(all: readonly LoginStatus[], asked: Fields, context: PageContext): Html {
  const { t, pages } = context
  const text = one(asked, 'find')?.trim() ?? ''
  const key = withoutCase(text)
  const found = all
    .filter(({ name, userName, mailboxes }) =>
      [name, userName, ...mailboxes].some((value) => withoutCase(value).includes(key)),
    )
    .sort((left, right) => states.indexOf(left.state) - states.indexOf(right.state))
  const asks = Number(one(asked, 'from') ?? 0)
  const from = Number.isInteger(asks) && asks > 0 && asks < found.length ? asks : 0
  const shown = found.slice(from, from + loginsAtOnce)
  const href = (start: number) => `${pages.path('logins')}?find=${encodeURIComponent(text)}&from=${start}`
  return html`<p>${t`Each program and each device has a login of its own, so that each can be ended by itself.`}</p>
${mayChange(context) && html`<p><a class="button" href="${pages.path('logins', 'new')}">${icon('plus')}${t`Add a device or app`}</a></p>`}
${all.length > 10 && searchForm({ action: pages.path('logins'), label: t`Name, user name or mailbox`, value: text }, t)}
${text !== '' && found.length === 0 && html`<p>${t`No login fits “${text}”.`}</p>`}
${loginTable(shown, context)}
${paging({ from, shown: shown.length, found: found.length, atOnce: loginsAtOnce, href }, t)}`
}

/**
 * Logins in a table.
 * @param of the mailbox whose page it is on: named again only where a login has others
 */
export function loginTable(
  logins: readonly LoginStatus[],
  context: PageContext,
  of?: Address,
): Html | undefined {
  if (logins.length === 0) return undefined
  const hasOthers = logins.some(({ mailboxes }) => mailboxes.some((one) => one !== of))
  const { t, pages } = context
  return table<LoginStatus>({
    caption: t`SMTP logins`,
    rows: logins,
    columns: [
      {
        title: t`Device or app`,
        place: 'main',
        cell: ({ id, name }) => html`<a href="${pages.path('logins', id)}">${name}</a>`,
      },
      { title: t`State`, place: 'side', cell: ({ state }) => credentialState(state, t) },
      { title: t`User name`, cell: ({ userName }) => userName },
      ...(hasOthers
        ? [{ title: t`Mailboxes`, cell: ({ mailboxes }: LoginStatus) => shortList(mailboxes, t) }]
        : []),
      { title: t`Last used`, cell: ({ lastUsedAt, usedFrom = [] }) => lastUsed(lastUsedAt, usedFrom, t) },
    ],
  })
}

const mostNamed = 3

function shortList(names: readonly string[], t: Phrases) {
  if (names.length <= mostNamed) return names.join(', ')
  return t`${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
}
