import { Failure } from '../../base/failure.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import { withoutOAuth } from '../../providers/presets/without-oauth.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { evidenceWords } from '../../providers/set-up.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { providerName, stateOf } from './mailbox-state.ts'
import type { PageSender } from './page.ts'

export interface MailboxListView {
  mailboxes: readonly MailboxStatus[]
  catalogue: Catalogue
  session: Session
  pages: PageSender
  /** The one redirect URI, to be registered at every provider. */
  redirectUri: string
}

/** The first page: every mailbox with its state, every provider, and what to do next. */
export function mailboxList(view: MailboxListView): Html {
  const { mailboxes, catalogue } = view
  return html`${nextStep(view)}
${
  mailboxes.length > 0 &&
  html`${view.session.role === 'administrator' && html`<p><a class="button" href="${view.pages.path('mailboxes', 'new')}">Add a mailbox</a></p>`}
<ul class="cards">${mailboxes.map((mailbox) => card(mailbox, view))}</ul>`
}
<section>
<h2>Providers</h2>
<dl>${catalogue.list().map(({ provider, registered }) => {
    return html`<dt><a href="${view.pages.path('providers', provider.id)}">${provider.name}</a></dt>
<dd>${registered ? 'registered' : html`<span class="soft">no registration yet. ${missing(catalogue, provider.id)}</span>`}
<span class="soft">Known: ${evidenceWords[provider.standing.evidence]}.</span></dd>`
  })}</dl>
<p class="soft">Not possible, because their mail servers take passwords only: ${withoutOAuth.map(({ name }) => name).join('; ')}.</p>
<p class="soft">Redirect URI for every registration: <code>${view.redirectUri}</code></p>
</section>`
}

function nextStep({ mailboxes, catalogue, session, pages, redirectUri }: MailboxListView): Html | undefined {
  const registered = catalogue.list().find((entry) => entry.registered)
  if (!registered) {
    return html`<section>
<h2>What to do next</h2>
<p>postern has no app registration at any provider yet. Register an app at your provider with the redirect URI
<code>${redirectUri}</code>, set what is named below, and restart postern.</p>
</section>`
  }
  if (mailboxes.length > 0 || session.role !== 'administrator') return undefined
  return html`<section>
<h2>What to do next</h2>
<p>Add the first mailbox, then connect it on its page.</p>
<p><a class="button" href="${pages.path('mailboxes', 'new')}">Add a mailbox</a></p>
<p class="soft">Or on the machine that runs postern: <code>postern mailbox add you@example.com --provider ${registered.provider.id}</code></p>
</section>`
}

function card(mailbox: MailboxStatus, { catalogue, pages }: MailboxListView): Html {
  const { explanation, badge } = stateOf(mailbox)
  return html`<li class="card">
<h2><a href="${pages.path('mailboxes', mailbox.address)}">${mailbox.address}</a> ${badge}</h2>
<p>${explanation}</p>
<p class="soft">${providerName(catalogue, mailbox.provider)}</p>
</li>
`
}

// The catalogue knows which settings a registration needs; it says so when it is asked for one that is missing.
function missing(catalogue: Catalogue, id: string): string {
  try {
    catalogue.registered(id)
    return ''
  } catch (error) {
    if (error instanceof Failure) return error.fix ?? error.message
    throw error
  }
}
