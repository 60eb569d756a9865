import type { LoginStatus } from '../../mailboxes/services.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { time } from './mailbox-state.ts'
import type { PageSender } from './page.ts'

export interface LoginListView {
  logins: readonly LoginStatus[]
  session: Session
  pages: PageSender
}

/** Every login, those that still work first. */
export function loginList(view: LoginListView): Html {
  const { logins, pages } = view
  const [working, ended] = [logins.filter(isActive), logins.filter((login) => !isActive(login))]
  return html`<section>
<p>Each program and each device has a login of its own, so that each can be ended by itself.</p>
${view.session.role === 'administrator' && html`<p><a class="button" href="${pages.path('logins', 'new')}">Make a login</a></p>`}
</section>
${loginCards({ ...view, logins: working })}
${ended.length > 0 && html`<h2>Ended</h2>${loginCards({ ...view, logins: ended })}`}`
}

export function loginCards({ logins, session, pages }: LoginListView): Html | undefined {
  if (logins.length === 0) return undefined
  return html`<ul class="cards">${logins.map((login) => card(login, session, pages))}</ul>`
}

function isActive({ state }: LoginStatus): boolean {
  return state === 'active'
}

function card(login: LoginStatus, session: Session, pages: PageSender): Html {
  const { id, name, userName, state, lastUsedAt, usedFrom = [], expiresAt } = login
  return html`<li class="card">
<h2>${name} <span class="state ${state === 'active' ? 'active' : 'lapsed'}">${state}</span></h2>
<dl>
<dt>User name</dt><dd>${userName}</dd>
<dt>Mailboxes</dt><dd>${login.mailboxes.join(', ')}</dd>
<dt>Signs in by</dt><dd>${proof(login)}</dd>
${login.senders.length > 0 && html`<dt>Sends as well as</dt><dd>${login.senders.join(', ')}</dd>`}
${login.rewriteSender && html`<dt>Other senders</dt><dd>are replaced by its mailbox</dd>`}
${login.networks.length > 0 && html`<dt>Only from</dt><dd>${login.networks.join(', ')}</dd>`}
${expiresAt !== undefined && html`<dt>Ends</dt><dd>${time(expiresAt)}</dd>`}
<dt>Last used</dt><dd>${lastUsedAt === undefined ? 'never' : html`${time(lastUsedAt)}${usedFrom.length > 0 && `, from ${usedFrom.slice(0, 3).join(', ')}`}`}</dd>
</dl>
${
  state !== 'revoked' &&
  session.role === 'administrator' &&
  html`<form method="post" action="${pages.path('logins', id, 'revoke')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<button class="quiet" aria-label="Revoke ${name}">Revoke</button>
</form>`
}
</li>
`
}

const proofs: Record<LoginStatus['password'], string> = {
  generated: 'a password that postern made',
  chosen: 'a password that a person chose',
  none: 'nothing but its address',
}

function proof({ password, cramMd5 }: LoginStatus): string {
  return cramMd5 ? `${proofs[password]}, also by CRAM-MD5` : proofs[password]
}
