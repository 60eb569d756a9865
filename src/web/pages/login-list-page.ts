import type { LoginStatus } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { shownMending } from './mending-fields.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { credentialState } from './states.ts'
import { time } from './time.ts'

/** Every login, those that still work first. */
export function loginList(logins: readonly LoginStatus[], context: PageContext): Html {
  const { t, pages } = context
  const [working, ended] = [logins.filter(isActive), logins.filter((login) => !isActive(login))]
  return html`<section>
<p>${t`Each program and each device has a login of its own, so that each can be ended by itself.`}</p>
${mayChange(context) && html`<p><a class="button" href="${pages.path('logins', 'new')}">${t`Make a login`}</a></p>`}
</section>
${loginCards(working, context)}
${ended.length > 0 && html`<h2>${t`Ended`}</h2>${loginCards(ended, context, html`h3`)}`}`
}

/** @param heading of each card: one below what stands before them */
export function loginCards(
  logins: readonly LoginStatus[],
  context: PageContext,
  heading = html`h2`,
): Html | undefined {
  if (logins.length === 0) return undefined
  return html`<ul class="cards">${logins.map((login) => card(login, context, heading))}</ul>`
}

function isActive({ state }: LoginStatus): boolean {
  return state === 'active'
}

function card(login: LoginStatus, context: PageContext, heading: Html): Html {
  const { t } = context
  const { id, name, userName, state, lastUsedAt, usedFrom = [], expiresAt } = login
  return html`<li class="card">
<${heading}>${name} ${credentialState(state, t)}</${heading}>
<dl>
<dt>${t`User name`}</dt><dd>${userName}</dd>
<dt>${t`Mailboxes`}</dt><dd>${login.mailboxes.join(', ')}</dd>
<dt>${t`Signs in by`}</dt><dd>${proof(login, t)}</dd>
${login.senders.length > 0 && html`<dt>${t`Sends as well as`}</dt><dd>${login.senders.join(', ')}</dd>`}
${login.rewriteSender && html`<dt>${t`Other senders`}</dt><dd>${t`are replaced by its mailbox`}</dd>`}
${shownMending(login, t)}
${login.personal && html`<dt>${t`Of a whole domain`}</dt><dd>${t`also mailboxes that a person has consented for`}</dd>`}
${login.networks.length > 0 && html`<dt>${t`Only from`}</dt><dd>${login.networks.join(', ')}</dd>`}
${expiresAt !== undefined && html`<dt>${t`Ends`}</dt><dd>${time(expiresAt)}</dd>`}
<dt>${t`Last used`}</dt><dd>${lastUsed(lastUsedAt, usedFrom, t)}</dd>
</dl>
${
  state !== 'revoked' &&
  mayChange(context) &&
  html`<p><a href="${context.pages.path('logins', id, 'mending')}" aria-label="${t`Mend its mail: ${name}`}">${t`Mend its mail`}</a></p>${form(
    context,
    ['logins', id, 'revoke'],
    html`<button class="quiet" aria-label="${t`Revoke ${name}`}">${t`Revoke`}</button>`,
  )}`
}
</li>
`
}

function lastUsed(at: string | undefined, from: readonly string[], t: Phrases): Html {
  if (at === undefined) return t`never`
  return from.length === 0 ? time(at) : t`${time(at)}, from ${from.slice(0, 3).join(', ')}`
}

const proofs: Record<LoginStatus['password'], string> = {
  generated: phrase('a password that postern made'),
  chosen: phrase('a password that a person chose'),
  none: phrase('nothing but its address'),
}

function proof({ password, cramMd5 }: LoginStatus, t: Phrases): Html | string {
  const said = t.say(proofs[password])
  return cramMd5 ? t`${said}, also by CRAM-MD5` : said
}
