import type { Request, Response, Router } from 'express'
import { failure, filled } from '../../base/failure.ts'
import { printable, withoutCase } from '../../base/text.ts'
import type { ApiKeyStatus, ApiKeys } from '../../credentials/api-keys.ts'
import { type Address, addressKey, isDomainMailbox } from '../../model/address.ts'
import { personalMark } from '../../model/api-key.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import {
  checkField,
  checksField,
  confirmation,
  type FailureFields,
  type FormState,
  refusedForm,
  textField,
} from './form-parts.ts'
import {
  filledLimits,
  limitFailureFields,
  limitFields,
  limitForm,
  limitOptionsOf,
  shownLimits,
} from './limit-forms.ts'
import {
  type Fields,
  fieldsOf,
  form,
  lines,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
  several,
} from './page-context.ts'
import { credentialState, time } from './parts.ts'
import { type ListPart, pagingOf, partOf, searchOf, table } from './tables.ts'

interface ApiKeyPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'apiKeys'>
  contexts: PageContexts
}

/** Which field a refused key is about. */
const fieldOfFailure: FailureFields = {
  ...limitFailureFields,
  'address.no-mail-address': 'recipients',
  'address.no-network': 'networks',
  'api-key.limits-without-bounds': 'right',
  'page.key-without-right': 'right',
  'page.key-without-mailbox': 'mailbox',
  'mailbox.unknown': 'mailbox',
  'api-key.mailbox-gone': 'mailbox',
  'login.label-unfit': 'name',
  'login.date-unreadable': 'expires',
  'login.date-passed': 'expires',
}

/** The pages about API keys. */
export function createApiKeyPages({ services, contexts }: ApiKeyPagesDeps): Router {
  const { mailboxes, apiKeys } = services
  const router = exactRouter()

  router
    .route('/api-keys')
    .get((request, response) => list(request, response))
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/api-keys/new')
    .get(async (request, response) => {
      await sendForm(response, await contexts.toFill(request), { values: fieldsOf(request.query) })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/api-keys/:id/revoke')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const named = (await apiKeys.list()).find((key) => key.id === id)?.name ?? id
      await apiKeys.revoke(id, context.by)
      context.done(response, context.t`The API key ${html`<strong>${named}</strong>`} is revoked.`, [
        'api-keys',
      ])
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/api-keys/:id/limits')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const key = await changeable(String(request.params.id))
      const { t, session, pages } = context
      const body = limitFormOf(key, { values: filledLimits(key.limits) }, context)
      pages.send(response, { title: t`Limit what it sends`, body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await limit(response, context, String(request.params.id), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  /** @throws HttpRefusal 404 */
  async function changeable(id: string): Promise<ApiKeyStatus> {
    const key = (await apiKeys.list()).find((one) => one.id === id && one.state !== 'revoked')
    if (key === undefined)
      throw new HttpRefusal(404, filled('api-key.unknown-to-limit', { id: printable(id) }))
    return key
  }

  async function limit(response: Response, context: PageContext, id: string, values: Fields): Promise<void> {
    const { t, session, pages } = context
    const key = await changeable(id)
    try {
      await apiKeys.limit(id, limitOptionsOf(values), context.by)
      context.done(response, t`This holds from its next message on.`, ['api-keys'])
    } catch (error) {
      const { status, summary, wrong } = refusedForm(error, t, { fields: fieldOfFailure, values })
      const body = html`${summary}${limitFormOf(key, { values, wrong }, context)}`
      pages.send(response, { title: t`Limit what it sends`, body, session }, status)
    }
  }

  async function list(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const all = await apiKeys.list()
    const part = partOf(sorted(all), fieldsOf(request.query), ({ name, scopes }) => [name, ...scopes])
    const body = apiKeyList(part, all.length, context)
    pages.send(response, { title: t`API keys`, body, session, wide: true })
  }

  async function sendForm(
    response: Response,
    context: PageContext,
    state: FormState,
    summary?: Html,
    status?: number,
  ): Promise<void> {
    const { t, session, pages } = context
    const addresses = await mailboxes.addresses()
    const body = html`${summary}${newApiKeyForm(addresses, state, context)}`
    pages.send(response, { title: t`New API key`, body, session }, status)
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function make(response: Response, context: PageContext, values: Fields): Promise<void> {
    const { t, pages } = context
    try {
      const known = await mailboxes.addresses()
      const { apiKey, key } = await apiKeys.add(apiKeyRequestOf(values, known), context.by)
      const body = html`<section class="done" role="status">
<p>${t`API key "${apiKey.name}" created.`} ${t`Permissions: ${apiKey.scopes.join(', ')}`}</p>
<p><code data-copy>${key.reveal()}</code></p>
<p>${t`It is shown only now: copy it to where it is used.`} <a href="${pages.path('api-keys')}">${t`Back to the API keys`}</a></p>
</section>`
      context.show(response, { title: t`API key created`, body })
    } catch (error) {
      const { status, headers, summary, wrong } = refusedForm(error, t, { fields: fieldOfFailure, values })
      response.set(headers)
      await sendForm(response, context, { values, wrong }, summary, status)
    }
  }
}

/** Rights to everything, and those to mailboxes of one's choice. */
const rights = ['read', 'token', 'send', 'admin'] as const

const rightWords: Record<(typeof rights)[number], Phrase> = {
  read: phrase('Read-only (no secrets)'),
  token: phrase('Fetch access tokens of the mailboxes below'),
  send: phrase('Send from the mailboxes below (XOAUTH2 or OAUTHBEARER)'),
  admin: phrase('Everything that an administrator can do'),
}

/** So many mailboxes are ticked off; the addresses of more are written. */
const mostToTick = 12

/** The form for a key: what it may do, and nothing more. */
function newApiKeyForm(mailboxes: readonly Address[], state: FormState, context: PageContext): Html {
  const { t } = context
  const choices = rights.map((right) => ({ value: right, label: html`${t.say(rightWords[right])}` }))
  const label = t`Mailboxes`
  const isWritten = mailboxes.length > mostToTick
  return form(
    context,
    ['api-keys'],
    html`<section>
${textField({ name: 'name', label: t`Name`, hint: t`What the key is for`, maxlength: 200, placeholder: t`Backup script`, isFirst: true }, state)}
${checksField({ name: 'right', label: t`What it may do`, choices }, state)}
${
  isWritten
    ? textField(
        {
          name: 'mailbox',
          label,
          hint: t`For access tokens and for sending: one address on each line`,
          rows: 4,
        },
        state,
      )
    : mailboxes.length > 0 &&
      checksField(
        {
          name: 'mailbox',
          label,
          hint: t`For access tokens and for sending`,
          choices: mailboxes.map((address) => ({ value: address, label: html`${address}` })),
        },
        state,
      )
}
${
  mailboxes.some(isDomainMailbox) &&
  checkField(
    {
      name: 'personal',
      label: t`In whole domains, also the mailboxes that a person has consented for`,
    },
    state,
  )
}
${textField({ name: 'expires', label: t`Ends on`, hint: t`Empty: it does not expire`, type: 'date' }, state)}
${textField({ name: 'networks', rows: 2, label: t`Only from these IP addresses or networks, one on each line`, hint: t`such as 192.0.2.7 or 192.0.2.0/28` }, state)}
${limitFields(state, t)}
<button>${t`Create the key`}</button>
</section>`,
  )
}

/** @throws Failure `invalid`, `not-found` */
function apiKeyRequestOf(values: Fields, known: readonly Address[]): Parameters<ApiKeys['add']>[0] {
  const [name, expires] = ['name', 'expires'].map((field) => one(values, field)?.trim())
  const chosen = rights.filter((right) => several(values, 'right').includes(right))
  if (chosen.length === 0) throw failure('page.key-without-right')
  const addresses = several(values, 'mailbox').flatMap((text) => lines({ mailbox: text }, 'mailbox'))
  const scopes = chosen.flatMap((right) => {
    if (right === 'read' || right === 'admin') return [right]
    if (addresses.length === 0) throw failure('page.key-without-mailbox')
    return addresses.map(
      (address) => `${right}:${scopeOf(address, known, one(values, 'personal') === 'yes')}`,
    )
  })
  return {
    scopes,
    networks: lines(values, 'networks'),
    limits: limitOptionsOf(values),
    ...(name && { name }),
    ...(expires && { expires }),
  }
}

/** @throws Failure `not-found` */
function scopeOf(text: string, known: readonly Address[], withPersonal: boolean): string {
  const address = known.find((one) => addressKey(one) === withoutCase(text))
  if (address === undefined) throw failure('mailbox.unknown', { mailbox: text })
  return `${address}${withPersonal && isDomainMailbox(address) ? personalMark : ''}`
}

/** Those that are in use first. */
function sorted(all: readonly ApiKeyStatus[]): readonly ApiKeyStatus[] {
  const rank = ({ state }: ApiKeyStatus) => (state === 'active' ? 0 : 1)
  return [...all].sort((one, other) => rank(one) - rank(other))
}

function apiKeyList(part: ListPart<ApiKeyStatus>, total: number, context: PageContext): Html {
  const { t, pages } = context
  const action = pages.path('api-keys')
  return html`${mayChange(context) && html`<p><a class="button" href="${pages.path('api-keys', 'new')}">${t`New API key`}</a></p>`}
${total === 0 && html`<p class="soft">${t`There is no API key yet.`}</p>`}
${searchOf(part, { action, label: t`Find an API key`, total }, t)}
${part.shown.length > 0 && apiKeyTable(part.shown, context)}
${pagingOf(part, action, t)}`
}

function limitFormOf({ id, name }: ApiKeyStatus, state: FormState, context: PageContext): Html {
  return limitForm({ name, path: ['api-keys', id, 'limits'], back: ['api-keys'] }, state, context)
}

/** Those that only send: what others do, limits do not bind. */
function limitsOf(key: ApiKeyStatus, context: PageContext): Html | undefined {
  const { t, pages } = context
  const { id, name, networks, limits, scopes, state } = key
  const shown = [
    ...(networks.length > 0 ? [t`only from ${networks.join(', ')}`] : []),
    ...shownLimits(limits, t),
  ]
  const isSender = scopes.every((scope) => scope === 'read' || scope.startsWith('send:'))
  const link =
    isSender &&
    state !== 'revoked' &&
    mayChange(context) &&
    html`<a href="${pages.path('api-keys', id, 'limits')}" aria-label="${t`Limit what ${name} sends`}">${limits ? t`Change` : t`Limit…`}</a>`
  if (shown.length === 0 && !link) return undefined
  return html`${shown.map((one, place) => html`${place > 0 && ', '}${one}`)} ${link}`
}

function apiKeyTable(rows: readonly ApiKeyStatus[], context: PageContext): Html {
  const { t } = context
  return table<ApiKeyStatus>({
    caption: t`API keys`,
    rows,
    columns: [
      { title: t`Name`, place: 'main', cell: ({ name }) => name },
      { title: t`State`, place: 'side', cell: ({ state }) => credentialState(state, t) },
      { title: t`Permissions`, cell: ({ scopes }) => scopes.join(', ') },
      { title: t`Limits`, cell: (key) => limitsOf(key, context) },
      { title: t`Ends`, cell: ({ expiresAt }) => expiresAt !== undefined && time(expiresAt) },
      {
        title: t`Last used`,
        cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? t`never` : time(lastUsedAt)),
      },
      ...(mayChange(context)
        ? [
            {
              title: t`Revoke`,
              place: 'action' as const,
              cell: (key: ApiKeyStatus) => revocation(key, context),
            },
          ]
        : []),
    ],
  })
}

function revocation({ id, name, state }: ApiKeyStatus, context: PageContext): Html | undefined {
  if (state === 'revoked') return undefined
  const { t } = context
  return confirmation(
    {
      ask: t`Revoke…`,
      label: t`Revoke ${name}`,
      question: t`Whatever uses the key is refused from now on. This cannot be undone.`,
      answer: t`Revoke the key`,
      path: ['api-keys', id, 'revoke'],
    },
    context,
  )
}
