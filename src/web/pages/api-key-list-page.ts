import type { Address } from '../../base/address.ts'
import type { ApiKeyStatus, ApiKeys } from '../../mailboxes/services.ts'
import type { Session } from '../sessions.ts'
import { type Fields, one, several } from './form-fields.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { time } from './mailbox-state.ts'
import type { PageSender } from './page.ts'

interface View {
  session: Session
  pages: PageSender
}

/** The form for a key: what it may do, and nothing more. */
export function newApiKeyForm({
  mailboxes,
  filled,
  session,
  pages,
}: View & { mailboxes: readonly Address[]; filled: Fields }): Html {
  const chosen = several(filled, 'scope')
  const choice = (scope: string, words: Html) =>
    html`<label class="choice"><input type="checkbox" name="scope" value="${scope}"${chosen.includes(scope) && html` checked`}> <span>${words}</span></label>`
  return html`<form method="post" action="${pages.path('api-keys')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<section>
<h2>Make an API key</h2>
<label>Name <input name="name" maxlength="200" placeholder="Backup script" value="${one(filled, 'name') ?? ''}"></label>
<fieldset>
<legend>What it may do</legend>
${mailboxes.map((address) => [
  choice(`token:${address}`, html`fetch access tokens for ${address}`),
  choice(`send:${address}`, html`send from ${address} by XOAUTH2 or OAUTHBEARER`),
])}
${choice('read', html`look at everything but secrets`)}
${choice('admin', html`everything that the owner may`)}
</fieldset>
<label>Ends on <input type="date" name="expires" value="${one(filled, 'expires') ?? ''}"></label>
<button>Make the key</button>
</section>
</form>`
}

export function apiKeyRequestOf(filled: Fields): Parameters<ApiKeys['add']>[0] {
  const [name, expires] = ['name', 'expires'].map((field) => one(filled, field)?.trim())
  return { scopes: several(filled, 'scope'), ...(name && { name }), ...(expires && { expires }) }
}

export function apiKeyList({ apiKeys, session, pages }: View & { apiKeys: readonly ApiKeyStatus[] }): Html {
  if (apiKeys.length === 0) return html`<p class="soft">There is no API key yet.</p>`
  return html`<ul class="cards">${apiKeys.map((key) => card(key, session, pages))}</ul>`
}

function card(key: ApiKeyStatus, session: Session, pages: PageSender): Html {
  const { id, name, state, scopes, expiresAt, lastUsedAt } = key
  return html`<li class="card">
<h2>${name} <span class="state ${state === 'active' ? 'active' : 'lapsed'}">${state}</span></h2>
<dl>
<dt>May</dt><dd>${scopes.join(', ')}</dd>
${expiresAt !== undefined && html`<dt>Ends</dt><dd>${time(expiresAt)}</dd>`}
<dt>Last used</dt><dd>${lastUsedAt === undefined ? 'never' : time(lastUsedAt)}</dd>
</dl>
${
  state !== 'revoked' &&
  session.role === 'administrator' &&
  html`<form method="post" action="${pages.path('api-keys', id, 'revoke')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<button class="quiet" aria-label="Revoke ${name}">Revoke</button>
</form>`
}
</li>
`
}
