import { shellWord } from '../../base/shell-word.ts'
import type { CreatedLink } from '../../consent/service.ts'
import type { LoginStatus, MailboxStatus } from '../../mailboxes/services.ts'
import type { SentLink } from '../../notices/service.ts'
import type { Session } from '../sessions.ts'
import { endingsSection } from './endings-section.ts'
import type { Html, HtmlValue } from './html.ts'
import { html } from './html.ts'
import { loginCards } from './login-list-page.ts'
import { stateOf, time } from './mailbox-state.ts'
import type { PageSender } from './page.ts'
import { sendingSection } from './sending-section.ts'
import { testMessageForm } from './test-message-page.ts'

export interface MailboxView {
  mailbox: MailboxStatus
  providerName: string
  session: Session
  pages: PageSender
  logins: readonly LoginStatus[]
  /** A channel for notices is set. */
  canSend: boolean
}

/** One mailbox: its state and what may be done about it. */
export function mailboxDetails(view: MailboxView): Html {
  const { mailbox } = view
  const { badge, explanation } = stateOf(mailbox)
  const signsIn = mailbox.signsInAs ?? mailbox.address
  return html`<section>
<h2>State ${badge}</h2>
<p>${explanation}</p>
<dl>
${fact('Provider', view.providerName)}
${fact('Covered by', mailbox.coveredBy)}
${!withoutPerson(mailbox) && fact('Has to sign in', signsIn)}
${fact('Sends as well as', mailbox.aliases?.join(', '))}
${fact('Signed in', mailbox.signedInAs)}
${fact('Consented', mailbox.grantedAt && time(mailbox.grantedAt))}
${fact('Last renewal', mailbox.renewedAt && time(mailbox.renewedAt))}
${fact('How', mailbox.flow && flows[mailbox.flow])}
${fact('Scopes', scopesOf(mailbox))}
</dl>
</section>
${endingsSection(mailbox.endings)}
${sendingSection(mailbox.sending)}
${mailbox.state === 'active' && view.session.role === 'administrator' && firstLogin(mailbox, view.pages)}
${loginCards(view)}
${view.session.role === 'administrator' && changes(view)}`
}

/** What only an administrator may do. */
function changes(view: MailboxView): Html {
  const { mailbox } = view
  const { action } = stateOf(mailbox)
  const signsIn = mailbox.signsInAs ?? mailbox.address
  const test = { address: mailbox.address, logins: view.logins }
  return html`${mailbox.state === 'active' && testMessageForm(test, view.session, view.pages)}${
    withoutPerson(mailbox)
      ? noConsent
      : html`<section>
<h2>${action} in this browser</h2>
<p>You go to the provider and sign in there as <strong>${signsIn}</strong>.</p>
${form(view, 'consent', html`<button>${action}</button>`)}
</section>
<section>
<h2>Let somebody else do it</h2>
<p>A consent link lets anybody who holds it finish the consent for this mailbox, once, and nothing else.</p>
${form(view, 'consent-links', html`<button class="quiet">Make a consent link</button>`)}
${view.canSend && form(view, 'sent-consent-links', html`<button class="quiet">Send a consent link by the channels for notices</button>`)}
</section>`
  }
<p><a href="${view.pages.path('mailboxes', mailbox.address, 'remove')}">Remove this mailbox</a></p>`
}

const noConsent = html`<section>
<h2>No consent is needed</h2>
<p>The app registration itself sends for this mailbox. If the provider refuses it, the page of the provider says how it is set up.</p>
</section>`

function withoutPerson({ flow }: MailboxStatus): boolean {
  return flow === 'client-credentials' || flow === 'service-account'
}

function firstLogin({ address }: MailboxStatus, pages: PageSender): Html {
  return html`<section>
<h2>Let a program send</h2>
<p>Every program gets a login of its own, with ready settings to copy.</p>
<p><a class="button" href="${pages.path('logins', 'new')}?mailbox=${encodeURIComponent(address)}">Make a login</a></p>
<p class="soft">Or on the machine that runs postern: <code>postern login add ${shellWord(address)}</code></p>
</section>`
}

export function createdLink(link: CreatedLink, pages: PageSender): Html {
  return html`<section class="done">
<p>Send this link to the person who has to sign in for <strong>${link.mailbox}</strong>. It works once, until
${time(link.expiresAt)}, and is shown only now.</p>
<pre>${link.url}</pre>
<p><a href="${pages.path('mailboxes', link.mailbox)}">Back to ${link.mailbox}</a></p>
</section>`
}

export function sentLink({ mailbox, deliveries, expiresAt }: SentLink, pages: PageSender): Html {
  return html`<section class="done">
<p>A link for <strong>${mailbox}</strong> that works once, until ${time(expiresAt)}:</p>
<ul>${deliveries.map(({ channel, failure }) => html`<li>${channel}: ${failure ?? 'sent'}</li>`)}</ul>
<p><a href="${pages.path('mailboxes', mailbox)}">Back to ${mailbox}</a></p>
</section>`
}

const flows: Record<NonNullable<MailboxStatus['flow']>, string> = {
  'authorization-code': 'by a consent in a browser',
  device: 'by a code that was entered at the provider',
  'client-credentials': 'by the app registration itself, without a person',
  'service-account': 'by a service account, without a person',
  adopted: 'by a refresh token that was handed over',
}

/** Nobody knows those of a refresh token that was handed over. */
function scopesOf({ scopes = [] }: MailboxStatus): Html | undefined {
  return scopes.length === 0 ? undefined : html`<code>${scopes.join(' ')}</code>`
}

function fact(name: string, value: HtmlValue): Html | undefined {
  return value === undefined || value === '' ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`
}

function form({ mailbox, session, pages }: MailboxView, action: string, button: Html): Html {
  return html`<form method="post" action="${pages.path('mailboxes', mailbox.address, action)}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
${button}
</form>`
}
