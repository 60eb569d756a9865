import type { Response, Router } from 'express'
import type { ApiKeyStatus, ApiKeys } from '../../credentials/api-keys.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { personalMark } from '../../model/api-key.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { WebServices } from '../web-services.ts'
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
  several,
} from './page-context.ts'
import { credentialState, time } from './parts.ts'

interface ApiKeyPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'apiKeys'>
  contexts: PageContexts
}

/** The pages about API keys. */
export function createApiKeyPages({ services, contexts }: ApiKeyPagesDeps): Router {
  const { mailboxes, apiKeys } = services
  const router = exactRouter()

  router
    .route('/api-keys')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`API keys`, body: await body(context, {}), session })
    })
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/api-keys/:id/revoke')
    .post(readForm, async (request, response) => {
      const { pages, by } = await contexts.toChange(request)
      await apiKeys.revoke(String(request.params.id), by)
      response.redirect(303, pages.path('api-keys'))
    })
    .all(methodNotAllowed('POST'))

  return router

  async function body(context: PageContext, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return html`${mayChange(context) && newApiKeyForm(addresses, filled, context)}
${apiKeyList(await apiKeys.list(), context)}`
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function make(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const made = createdApiKey(await apiKeys.add(apiKeyRequestOf(filled), context.by), context)
      pages.send(response, { title: t`An API key`, body: made, session, copying: true }, 201)
    } catch (error) {
      const refusal = refusalOf(error)
      const again = html`${errorSection(refusal, t)}${await body(context, filled)}`
      pages.send(response, { title: t`API keys`, body: again, session }, refusal.status)
    }
  }
}

/** The form for a key: what it may do, and nothing more. */
function newApiKeyForm(mailboxes: readonly Address[], filled: Fields, context: PageContext): Html {
  const { t } = context
  const chosen = several(filled, 'scope')
  const choice = (scope: string, words: Html) =>
    html`<label class="choice"><input type="checkbox" name="scope" value="${scope}"${chosen.includes(scope) && html` checked`}> <span>${words}</span></label>`
  return form(
    context,
    ['api-keys'],
    html`<section>
<h2>${t`Make an API key`}</h2>
<label>${t`Name`} <input name="name" maxlength="200" placeholder="${t`Backup script`}" value="${one(filled, 'name') ?? ''}"></label>
<fieldset>
<legend>${t`What it may do`}</legend>
${mailboxes.map((address) => [
  choice(`token:${address}`, t`fetch access tokens for ${address}`),
  choice(`send:${address}`, t`send from ${address} by XOAUTH2 or OAUTHBEARER`),
  ...(isDomainMailbox(address)
    ? [
        choice(
          `token:${address}${personalMark}`,
          t`fetch access tokens for ${address}, and for mailboxes of it that a person has consented for`,
        ),
        choice(
          `send:${address}${personalMark}`,
          t`send from ${address}, and from mailboxes of it that a person has consented for`,
        ),
      ]
    : []),
])}
${choice('read', t`look at everything but secrets`)}
${choice('admin', t`everything that the owner may`)}
</fieldset>
<label>${t`Ends on`} <input type="date" name="expires" value="${one(filled, 'expires') ?? ''}"></label>
<button>${t`Make the key`}</button>
</section>`,
  )
}

function apiKeyRequestOf(filled: Fields): Parameters<ApiKeys['add']>[0] {
  const [name, expires] = ['name', 'expires'].map((field) => one(filled, field)?.trim())
  return { scopes: several(filled, 'scope'), ...(name && { name }), ...(expires && { expires }) }
}

function apiKeyList(apiKeys: readonly ApiKeyStatus[], context: PageContext): Html {
  if (apiKeys.length === 0) return html`<p class="soft">${context.t`There is no API key yet.`}</p>`
  return html`<ul class="cards">${apiKeys.map((key) => card(key, context))}</ul>`
}

function card(key: ApiKeyStatus, context: PageContext): Html {
  const { t } = context
  const { id, name, state, scopes, expiresAt, lastUsedAt } = key
  return html`<li class="card">
<h2>${name} ${credentialState(state, t)}</h2>
<dl>
<dt>${t`May`}</dt><dd>${scopes.join(', ')}</dd>
${expiresAt !== undefined && html`<dt>${t`Ends`}</dt><dd>${time(expiresAt)}</dd>`}
<dt>${t`Last used`}</dt><dd>${lastUsedAt === undefined ? t`never` : time(lastUsedAt)}</dd>
</dl>
${
  state !== 'revoked' &&
  mayChange(context) &&
  form(
    context,
    ['api-keys', id, 'revoke'],
    html`<button class="quiet" aria-label="${t`Revoke ${name}`}">${t`Revoke`}</button>`,
  )
}
</li>
`
}

function createdApiKey(
  { apiKey, key }: Awaited<ReturnType<ApiKeys['add']>>,
  { t, pages }: PageContext,
): Html {
  return html`<section class="done">
<p>${t`The key for ${apiKey.name}, which may: ${apiKey.scopes.join(', ')}`}</p>
<p><code data-copy>${key.reveal()}</code></p>
<p>${t`It is shown this once.`} <a href="${pages.path('api-keys')}">${t`Back to the API keys`}</a></p>
</section>`
}
