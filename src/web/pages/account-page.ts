import { type PageRole, type PageSession, pageRoles } from '../../store/ports.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { phrase } from '../texts/phrases.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { time } from './time.ts'

export interface AccountView {
  hasPassword: ReadonlyMap<PageRole, boolean>
  /** That the reader may see. */
  signedIn: readonly PageSession[]
}

const titles: Record<PageRole, string> = {
  administrator: phrase('Administrator'),
  viewer: phrase('Viewer'),
}

const whats: Record<PageRole, string> = {
  administrator: phrase('The administrator may do everything on these pages.'),
  viewer: phrase('The viewer sees mailboxes, logins and what happens, and changes nothing.'),
}

const outs: Record<PageRole, string> = {
  administrator: phrase(
    'With a new one every other browser is signed out, and sign-in links that were made before end.',
  ),
  viewer: phrase(
    'With a new one every browser of a viewer is signed out, and sign-in links that were made before end.',
  ),
}

/** Who may look at the pages, and which browsers are signed in. */
export function accountPage({ hasPassword, signedIn }: AccountView, context: PageContext): Html {
  const { t } = context
  return html`${mayChange(context) && pageRoles.map((role) => passwordSection(role, hasPassword.get(role) === true, context))}
<h2>${t`Signed in now`}</h2>
<ul class="cards">${signedIn.map((one) => card(one, context))}</ul>`
}

function passwordSection(role: PageRole, isSet: boolean, context: PageContext): Html {
  const { t } = context
  return html`<section>
<h2>${t.say(titles[role])}: ${isSet ? t`change the password` : t`set a password`}</h2>
<p>${t.say(whats[role])} ${!isSet && t`Until there is a password, a one-time link is the only way in.`} ${t.say(outs[role])}</p>
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

const means: Record<PageSession['means'], string> = {
  link: phrase('by a one-time link'),
  password: phrase('by the password'),
  provider: phrase('at a provider'),
}

function card(one: PageSession, context: PageContext): Html {
  const { t, session } = context
  return html`<li class="card">
<h2>${t.say(titles[one.role])}${one.person !== undefined && html`: ${one.person}`} ${one.id === session.id && html`<span class="state active">${t`this browser`}</span>`}</h2>
<dl>
<dt>${t`From`}</dt><dd>${one.source}, ${t.say(means[one.means])}</dd>
<dt>${t`Browser`}</dt><dd>${one.browser === '' ? t`does not say` : one.browser}</dd>
<dt>${t`Since`}</dt><dd>${time(one.createdAt)}</dd>
<dt>${t`Last seen`}</dt><dd>${time(one.lastUsedAt)}</dd>
</dl>
${form(context, ['account', 'sessions', one.id, 'end'], html`<button class="quiet">${t`Sign it out`}</button>`)}
</li>
`
}
