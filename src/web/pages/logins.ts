import type { Response, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import { asFailure, filled } from '../../base/failure.ts'
import type { LoginStatus, Logins } from '../../credentials/logins.ts'
import { type Address, parseAddress } from '../../model/address.ts'
import {
  type LoginGroup,
  type LoginOrder,
  type LoginQuery,
  loginGroups,
  loginOrders,
} from '../../model/login.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { type FormState, refusedForm } from './form-parts.ts'
import { refusedSignIns, wrongPasswords } from './journal-entries.ts'
import { filledLimits, limitForm, limitOptionsOf } from './limit-forms.ts'
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
import { badge, type Condition, credentialState, icon } from './parts.ts'
import { type DeviceChoice, waysIn } from './ready-settings.ts'
import { paging, searchForm, table } from './tables.ts'

interface LoginPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'journal' | 'smtp' | 'networkAccess' | 'passing'>
  contexts: PageContexts
  clock: Clock
}

/** How long the browser that made a login is shown its password. */
const passwordSeconds = 15 * 60

/** The pages about logins. */
export function createLoginPages({ services, contexts, clock }: LoginPagesDeps): Router {
  const { mailboxes, logins, journal, smtp, networkAccess, passing } = services
  const router = exactRouter()

  router
    .route('/logins')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const body = await list(fieldsOf(request.query), context)
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
    .route('/network-access/:file')
    .get(async (request, response) => {
      await contexts.toFill(request)
      const { file } = request.params
      const authority = await (await networkAccess()).authority()
      const type = authorityFiles.get(file)
      if (!authority || type === undefined) throw new HttpRefusal(404, filled('web.no-such-page'))
      response.attachment(file).type(type)
      response.send(file === 'ca.pem' ? authority.pem : authority.der)
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
      const { name } = await loginWith(logins, id)
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

  router
    .route('/logins/:id/limits')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const login = await changeable(request.params.id)
      const { t, session, pages } = context
      const body = limitFormOf(login, { values: filledLimits(login.limits) }, context)
      pages.send(response, { title: t`Limit what it sends`, body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await limit(response, context, String(request.params.id), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function show(response: Response, context: PageContext, id: string, asked: Fields): Promise<void> {
    const { session, pages } = context
    const login = await loginWith(logins, id)
    const access = await (await networkAccess()).status()
    const authority = await (await networkAccess()).authority()
    const password = (await passing.find('made-password', `${session.id} ${login.id}`))?.reveal()
    const listeners = smtp()
    const choice = deviceChoiceOf(asked, usualPlace(access.hosts))
    const body = loginDetails({ login, password, listeners, access, authority, choice }, context)
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
      const refused = refusedForm(error, t, { fields: loginFailureFields, values })
      const again = mendingForm(await changeable(id), { values, wrong: refused.wrong }, context)
      const body = html`${refused.summary}${again}`
      pages.send(response, { title: t`Mend its mail`, body, session }, refused.status)
    }
  }

  async function limit(response: Response, context: PageContext, id: string, values: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      await logins.limit(id, limitOptionsOf(values), context.by)
      context.done(response, t`This holds from its next message on.`, ['logins', id])
    } catch (error) {
      const refused = refusedForm(error, t, { fields: loginFailureFields, values })
      const again = limitFormOf(await changeable(id), { values, wrong: refused.wrong }, context)
      const body = html`${refused.summary}${again}`
      pages.send(response, { title: t`Limit what it sends`, body, session }, refused.status)
    }
  }

  async function list(asked: Fields, context: PageContext): Promise<Html> {
    const wrong = wrongPasswords(await refusedSignIns(journal, clock.now()))
    const query = { ...loginQueryOf(asked), failing: [...wrong.keys()] }
    const page = await logins.page(query)
    // What was on a later page may have ended meanwhile.
    if (page.logins.length > 0 || query.from === 0) return loginList({ query, page, wrong }, context)
    const first = { ...query, from: 0 }
    return loginList({ query: first, page: await logins.page(first), wrong }, context)
  }

  /** @throws HttpRefusal 404 */
  async function changeable(id: string): Promise<LoginStatus> {
    const login = await loginWith(logins, id)
    if (login.state === 'revoked') throw new HttpRefusal(404, filled('page.no-such-login'))
    return login
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function make(response: Response, context: PageContext, values: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { login, password } = await logins.add(loginRequestOf(values), context.by)
      if (password) await passing.put('made-password', `${session.id} ${login.id}`, password, passwordSeconds)
      const { place, kind } = deviceChoiceOf(values, 'here')
      const words = password
        ? t`Login created. Copy its password now: this browser shows it for 15 minutes, and nobody else does.`
        : t`Login created.`
      context.done(response, words, ['logins', login.id], `?place=${place}&kind=${kind}`)
    } catch (error) {
      const refused = refusedForm(error, t, { fields: loginFailureFields, values })
      const body = html`${refused.summary}${await newForm(context, values, refused.wrong)}`
      pages.send(response, { title: t`Add a device or app`, body, session }, refused.status)
    }
  }

  async function newForm(context: PageContext, values: Fields, wrong?: Readonly<Record<string, Html>>) {
    const addresses = await mailboxes.addresses()
    const { hosts } = await (await networkAccess()).status()
    const choice = deviceChoiceOf(values, usualPlace(hosts))
    return newLoginForm({ addresses, choice }, { values, ...(wrong && { wrong }) }, context)
  }
}

function limitFormOf({ id, name }: LoginStatus, state: FormState, context: PageContext): Html {
  return limitForm({ name, path: ['logins', id, 'limits'], back: ['logins', id] }, state, context)
}

/** The certificate of the authority, as text (RFC 8555, section 9.1) and as octets (RFC 2585). */
const authorityFiles = new Map([
  ['ca.pem', 'application/pem-certificate-chain'],
  ['ca.crt', 'application/pkix-cert'],
])

/** @throws HttpRefusal 404 */
export async function loginWith(logins: Pick<Logins, 'show'>, id: string): Promise<LoginStatus> {
  try {
    return await logins.show(id)
  } catch (error) {
    if (asFailure(error).code !== 'not-found') throw error
    throw new HttpRefusal(404, filled('page.no-such-login'))
  }
}

/** As many as a page of 60 kilobytes has room for. */
const loginsAtOnce = 50

/** What a list is asked for, as it stands in the address. Those that have ended are shown on request. */
function loginQueryOf(asked: Fields): LoginQuery & { find: string; group: LoginGroup } {
  const from = Number(one(asked, 'from') ?? 0)
  return {
    find: one(asked, 'find')?.trim().slice(0, 254) ?? '',
    ...mailboxIn(asked),
    group: loginGroups.find((group) => group === one(asked, 'state')) ?? 'active',
    order: loginOrders.find((order) => order === one(asked, 'sort')) ?? 'name',
    from: Number.isSafeInteger(from) && from > 0 ? from : 0,
    most: loginsAtOnce,
  }
}

/** What is no address is as if it was not asked for. */
function mailboxIn(asked: Fields): { mailbox?: Address } {
  try {
    return { mailbox: parseAddress(one(asked, 'mailbox') ?? '') }
  } catch {
    return {}
  }
}

const groupWords: Record<LoginGroup, [Condition, Phrase]> = {
  active: ['good', phrase('active')],
  'never-used': ['off', phrase('never used')],
  failing: ['bad', phrase('wrong password')],
  expired: ['warn', phrase('expired')],
  revoked: ['off', phrase('revoked')],
}

interface LoginListView {
  query: ReturnType<typeof loginQueryOf>
  page: Awaited<ReturnType<Logins['page']>>
  /** By user name, how often in a day. */
  wrong: ReadonlyMap<string, number>
}

/** The logins that are searched for. */
function loginList({ query, page, wrong }: LoginListView, context: PageContext): Html {
  const { t, pages } = context
  const { logins, found, counts } = page
  const { find, mailbox, group, order, from } = query
  const hrefOf = (over: Partial<typeof query>) => hrefWith({ ...query, from: 0, ...over }, context)
  const link = (one: LoginGroup) =>
    html`<a href="${hrefOf({ group: one })}"${one === group && html` aria-current="true"`}>${badge(groupWords[one][0], html`${t.say(groupWords[one][1])}: ${counts[one]}`)}</a>`
  const kept = html`${mailbox !== undefined && html`<input type="hidden" name="mailbox" value="${mailbox}">`}
${group !== 'active' && html`<input type="hidden" name="state" value="${group}">`}
${order !== 'name' && html`<input type="hidden" name="sort" value="${order}">`}`
  const search = {
    action: pages.path('logins'),
    label: t`Name, user name, mailbox or IP address`,
    value: find,
  }
  return html`<p>${t`Each program and each device has a login of its own, so that each can be ended by itself.`}</p>
${mailbox !== undefined && html`<p role="status">${t`Only those of ${html`<a href="${pages.path('mailboxes', mailbox)}">${mailbox}</a>`}.`} <a href="${pages.path('logins')}">${t`Show all`}</a></p>`}
${mayChange(context) && html`<p><a class="button" href="${pages.path('logins', 'new')}${mailbox !== undefined && `?mailbox=${encodeURIComponent(mailbox)}`}">${icon('plus')}${t`Add a device or app`}</a></p>`}
${(counts.all > 0 || find !== '') && html`<p class="actions">${loginGroups.filter((one) => one === 'active' || one === group || counts[one] > 0).map((one) => html`${link(one)} `)}</p>`}
${(counts.all > 10 || find !== '') && searchForm({ ...search, filters: kept }, t)}
${found === 0 && (counts.all > 0 || find !== '') && nothing(find, context)}
${loginTable(logins, context, { ...(mailbox !== undefined && { of: mailbox }), wrong, sort: (by) => ({ href: hrefOf({ order: by }), sorted: by === order }) })}
${paging({ from, shown: logins.length, found, atOnce: loginsAtOnce, href: (start) => hrefOf({ from: start }) }, t)}`
}

function nothing(find: string, { t, pages }: PageContext): Html {
  const words = find === '' ? t`No login is in this state.` : t`No login fits “${find}”.`
  return html`<p role="status">${words} <a href="${pages.path('logins')}">${t`Show all`}</a></p>`
}

function hrefWith(
  { find, mailbox, group, order, from }: LoginListView['query'],
  { pages }: PageContext,
): string {
  const asked = new URLSearchParams()
  if (find) asked.set('find', find)
  if (mailbox !== undefined) asked.set('mailbox', mailbox)
  if (group !== 'active') asked.set('state', group)
  if (order !== 'name') asked.set('sort', order)
  if (from > 0) asked.set('from', String(from))
  return asked.size === 0 ? pages.path('logins') : `${pages.path('logins')}?${asked}`
}

interface LoginTableView {
  /** The mailbox whose page it is on: named again only where a login has others. */
  of?: Address
  wrong?: LoginListView['wrong']
  sort?(by: LoginOrder): { href: string; sorted: boolean }
}

/** Logins in a table. */
export function loginTable(
  logins: readonly LoginStatus[],
  context: PageContext,
  { of, wrong, sort }: LoginTableView = {},
): Html | undefined {
  if (logins.length === 0) return undefined
  const hasOthers = logins.some(({ mailboxes }) => mailboxes.some((one) => one !== of))
  const { t, pages } = context
  const sortBy = (by: LoginOrder) => {
    const { href, sorted } = sort?.(by) ?? {}
    const direction = by === 'used' ? ('descending' as const) : ('ascending' as const)
    return href === undefined ? {} : { sort: { href, sorted: sorted ? direction : undefined } }
  }
  return table<LoginStatus>({
    caption: t`SMTP logins`,
    rows: logins,
    columns: [
      {
        title: t`Device or app`,
        place: 'main',
        ...sortBy('name'),
        cell: ({ id, name }) => html`<a href="${pages.path('logins', id)}">${name}</a>`,
      },
      {
        title: t`State`,
        place: 'side',
        cell: ({ state, userName }) => {
          const count = state === 'active' ? wrong?.get(userName) : undefined
          return count === undefined
            ? credentialState(state, t)
            : badge('bad', t`wrong password ${count} times in the last day`)
        },
      },
      { title: t`User name`, cell: ({ userName }) => userName },
      ...(hasOthers
        ? [{ title: t`Mailboxes`, cell: ({ mailboxes }: LoginStatus) => shortList(mailboxes, t) }]
        : []),
      {
        title: t`Last used`,
        ...sortBy('used'),
        cell: ({ lastUsedAt, usedFrom = [] }) => lastUsed(lastUsedAt, usedFrom, t),
      },
    ],
  })
}

const mostNamed = 3

function shortList(names: readonly string[], t: Phrases) {
  if (names.length <= mostNamed) return names.join(', ')
  return t`${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
}
