import { type Address, isDomainMailbox } from '../../base/address.ts'
import type { ApiKeyStatus, ApiKeys } from '../../mailboxes/services.ts'
import { personalMark } from '../../store/scope-address.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Fields, one, several } from './form-fields.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { credentialState } from './states.ts'
import { time } from './time.ts'

/** The form for a key: what it may do, and nothing more. */
export function newApiKeyForm(mailboxes: readonly Address[], filled: Fields, context: PageContext): Html {
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

export function apiKeyRequestOf(filled: Fields): Parameters<ApiKeys['add']>[0] {
  const [name, expires] = ['name', 'expires'].map((field) => one(filled, field)?.trim())
  return { scopes: several(filled, 'scope'), ...(name && { name }), ...(expires && { expires }) }
}

export function apiKeyList(apiKeys: readonly ApiKeyStatus[], context: PageContext): Html {
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

export function madeApiKey(
  { apiKey, key }: Awaited<ReturnType<ApiKeys['add']>>,
  { t, pages }: PageContext,
): Html {
  return html`<section class="done">
<p>${t`The key for ${apiKey.name}, which may: ${apiKey.scopes.join(', ')}`}</p>
<p><code data-copy>${key.reveal()}</code></p>
<p>${t`It is shown this once.`} <a href="${pages.path('api-keys')}">${t`Back to the API keys`}</a></p>
</section>`
}
