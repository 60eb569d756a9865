import { shellWord } from '../../base/text.ts'
import type { CreatedLink } from '../../consent/service.ts'
import type { LoginStatus, MailboxStatus } from '../../mailboxes/services.ts'
import type { SentLink } from '../../notices/service.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { endingsSection } from './endings-section.ts'
import { flowWords } from './flow-words.ts'
import { loginCards } from './login-list-page.ts'
import { stateOf } from './mailbox-state.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { sendingSection } from './sending-section.ts'
import { testMessageForm } from './test-message-page.ts'
import { time } from './time.ts'

export interface MailboxView {
  mailbox: MailboxStatus
  providerName: string
  logins: readonly LoginStatus[]
  /** ISO 8601. */
  lastSend: string | undefined
  /** A channel for notices is set. */
  canSend: boolean
}

/** One mailbox: its state and what may be done about it. */
export function mailboxDetails(view: MailboxView, context: PageContext): Html {
  const { mailbox, logins } = view
  const { t } = context
  const { badge, explanation } = stateOf(mailbox, t)
  return html`<section>
<h2>${t`State`} ${badge}</h2>
<p>${explanation}</p>
<dl>
${fact(t`Provider`, view.providerName)}
${fact(t`Covered by`, mailbox.coveredBy)}
${!withoutPerson(mailbox) && fact(t`Has to sign in`, signsIn(mailbox))}
${fact(t`Known to the mail server as`, mailbox.saslUser)}
${fact(t`Accepted by the mail server as`, mailbox.acceptedName)}
${fact(t`Sends as well as`, mailbox.aliases?.join(', '))}
${fact(t`Signed in`, mailbox.signedInAs)}
${fact(t`Consented`, mailbox.grantedAt && time(mailbox.grantedAt))}
${fact(t`Last renewal`, mailbox.renewedAt && time(mailbox.renewedAt))}
${fact(t`Next renewal`, mailbox.renewsBy && t`by ${time(mailbox.renewsBy)}`)}
${fact(t`Last send`, view.lastSend && time(view.lastSend))}
${fact(t`How`, mailbox.flow && t.say(flowWords[mailbox.flow]))}
${fact(t`Scopes`, scopesOf(mailbox))}
</dl>
</section>
${endingsSection(mailbox.endings, t)}
${sendingSection(mailbox.sending, t)}
${mayChange(context) && tryNow(mailbox, context)}
${mailbox.state === 'active' && mayChange(context) && firstLogin(mailbox, context)}
${loginCards(logins, context)}
${mayChange(context) && changes(view, context)}`
}

/** Where something is waited for that may be over. */
function tryNow({ address, sending, refusedAt }: MailboxStatus, context: PageContext): Html | undefined {
  if ((sending?.pauses ?? []).length === 0 && refusedAt === undefined) return undefined
  const button = html`<button class="quiet">${context.t`Try now`}</button>`
  return form(context, ['mailboxes', address, 'tries'], button)
}

/** What only an administrator may do. */
function changes(view: MailboxView, context: PageContext): Html {
  const { mailbox, logins } = view
  const { t, pages } = context
  return html`${mailbox.state === 'active' && testMessageForm({ address: mailbox.address, logins }, context)}
${withoutPerson(mailbox) ? noConsent(context) : consentSections(view, context)}
<p><a href="${pages.path('mailboxes', mailbox.address, 'remove')}">${t`Remove this mailbox`}</a></p>`
}

function noConsent({ t }: PageContext): Html {
  return html`<section>
<h2>${t`No consent is needed`}</h2>
<p>${t`The app registration itself sends for this mailbox. If the provider refuses it, the page of the provider says how it is set up.`}</p>
</section>`
}

function consentSections({ mailbox, canSend }: MailboxView, context: PageContext): Html {
  const { t } = context
  const { action } = stateOf(mailbox, t)
  const ofMailbox = (what: string, button: Html) =>
    form(context, ['mailboxes', mailbox.address, what], button)
  return html`<section>
<h2>${t`${action} in this browser`}</h2>
<p>${t`You go to the provider and sign in there as ${html`<strong>${signsIn(mailbox)}</strong>`}.`}</p>
${ofMailbox('consent', html`<button>${action}</button>`)}
</section>
<section>
<h2>${t`Let somebody else do it`}</h2>
<p>${t`A consent link lets anybody who holds it finish the consent for this mailbox, once, and nothing else.`}</p>
${ofMailbox('consent-links', html`<button class="quiet">${t`Make a consent link`}</button>`)}
${canSend && ofMailbox('sent-consent-links', html`<button class="quiet">${t`Send a consent link by the channels for notices`}</button>`)}
</section>`
}

function signsIn({ signsInAs, address }: MailboxStatus): string {
  return signsInAs ?? address
}

function withoutPerson({ flow }: MailboxStatus): boolean {
  return flow === 'client-credentials' || flow === 'service-account'
}

function firstLogin({ address }: MailboxStatus, { t, pages }: PageContext): Html {
  return html`<section>
<h2>${t`Let a program send`}</h2>
<p>${t`Every program gets a login of its own, with ready settings to copy.`}</p>
<p><a class="button" href="${pages.path('logins', 'new')}?mailbox=${encodeURIComponent(address)}">${t`Make a login`}</a></p>
<p class="soft">${t`Or on the machine that runs postern: ${html`<code>postern login add ${shellWord(address)}</code>`}`}</p>
</section>`
}

export function createdLink({ mailbox, url, expiresAt }: CreatedLink, { t, pages }: PageContext): Html {
  return html`<section class="done">
<p>${t`Send this link to the person who has to sign in for ${html`<strong>${mailbox}</strong>`}. It works once, until ${time(expiresAt)}, and is shown only now.`}</p>
<pre tabindex="0" data-copy>${url}</pre>
<p><a href="${pages.path('mailboxes', mailbox)}">${t`Back to ${mailbox}`}</a></p>
</section>`
}

export function sentLink({ mailbox, deliveries, expiresAt }: SentLink, { t, pages }: PageContext): Html {
  return html`<section class="done">
<p>${t`A link for ${html`<strong>${mailbox}</strong>`} that works once, until ${time(expiresAt)}:`}</p>
<ul>${deliveries.map(({ channel, failure }) => html`<li>${channel}: ${failure === undefined ? t`sent` : t.say(failure)}</li>`)}</ul>
<p><a href="${pages.path('mailboxes', mailbox)}">${t`Back to ${mailbox}`}</a></p>
</section>`
}

/** Nobody knows those of a refresh token that was handed over. */
function scopesOf({ scopes = [] }: MailboxStatus): Html | undefined {
  return scopes.length === 0 ? undefined : html`<code>${scopes.join(' ')}</code>`
}

function fact(name: Html, value: HtmlValue): Html | undefined {
  return value === undefined || value === '' ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`
}
