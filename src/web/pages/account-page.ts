import { type PageRole, type PageSession, pageRoles } from '../../store/ports.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { time } from './mailbox-state.ts'
import type { PageSender } from './page.ts'

export interface AccountView {
  hasPassword: ReadonlyMap<PageRole, boolean>
  /** That the reader may see. */
  signedIn: readonly PageSession[]
  session: Session
  pages: PageSender
}

const words: Record<PageRole, { title: string; what: string }> = {
  administrator: { title: 'Administrator', what: 'may do everything on these pages' },
  viewer: { title: 'Viewer', what: 'sees mailboxes, logins and what happens, and changes nothing' },
}

/** Who may look at the pages, and which browsers are signed in. */
export function accountPage(view: AccountView): Html {
  const { signedIn, session } = view
  return html`${session.role === 'administrator' && pageRoles.map((role) => passwordSection(role, view))}
<h2>Signed in now</h2>
<ul class="cards">${signedIn.map((one) => card(one, view))}</ul>`
}

function passwordSection(role: PageRole, { hasPassword, session, pages }: AccountView): Html {
  const { title, what } = words[role]
  const isSet = hasPassword.get(role) === true
  return html`<section>
<h2>${title}: ${isSet ? 'change the password' : 'set a password'}</h2>
<p>The ${role} ${what}. ${isSet ? 'Browsers that signed in with the earlier password are signed out.' : 'Until there is a password, a one-time link is the only way in.'}</p>
<form method="post" action="${pages.path('account', 'password')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<input type="hidden" name="role" value="${role}">
<label>New password, of 10 characters or more <input type="password" name="password" required autocomplete="new-password"></label>
<label>Once more <input type="password" name="again" required autocomplete="new-password"></label>
<button>${isSet ? 'Change it' : 'Set it'}</button>
</form>
</section>`
}

function card(one: PageSession, { session, pages }: AccountView): Html {
  const means = one.means === 'link' ? 'by a one-time link' : 'by the password'
  return html`<li class="card">
<h2>${words[one.role].title} ${one.id === session.id && html`<span class="state active">this browser</span>`}</h2>
<dl>
<dt>From</dt><dd>${one.source}, ${means}</dd>
<dt>Browser</dt><dd>${one.browser === '' ? 'does not say' : one.browser}</dd>
<dt>Since</dt><dd>${time(new Date(one.createdAt).toISOString())}</dd>
<dt>Last seen</dt><dd>${time(new Date(one.lastUsedAt).toISOString())}</dd>
</dl>
<form method="post" action="${pages.path('account', 'sessions', one.id, 'end')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<button class="quiet">Sign it out</button>
</form>
</li>
`
}
