import { Failure } from '../../base/failure.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import { withoutOAuth } from '../../providers/presets/without-oauth.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { evidenceWords } from '../../providers/set-up.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { providerName, stateOf } from './mailbox-state.ts'
import { mayChange, type PageContext } from './page-context.ts'

export interface MailboxListView {
  mailboxes: readonly MailboxStatus[]
  catalogue: Catalogue
  /** The one redirect URI, to be registered at every provider. */
  redirectUri: string
}

/** The first page: every mailbox with its state, every provider, and what to do next. */
export function mailboxList(view: MailboxListView, context: PageContext): Html {
  const { mailboxes, catalogue, redirectUri } = view
  const { t, pages } = context
  return html`${nextStep(view, context)}
${
  mailboxes.length > 0 &&
  html`${mayChange(context) && html`<p>${addButton(context)}</p>`}
<ul class="cards">${mailboxes.map((mailbox) => card(mailbox, catalogue, context))}</ul>`
}
<section>
<h2>${t`Providers`}</h2>
<dl>${catalogue.list().map(({ provider, registered }) => {
    return html`<dt><a href="${pages.path('providers', provider.id)}">${provider.name}</a></dt>
<dd>${registered ? t`registered` : html`<span class="soft">${t`no registration yet.`} ${t.say(missing(catalogue, provider.id))}</span>`}
<span class="soft">${t`Known: ${t.say(evidenceWords[provider.standing.evidence])}.`}</span></dd>`
  })}</dl>
<p class="soft">${t`Not possible, because their mail servers take passwords only: ${withoutOAuth.map(({ name }) => name).join('; ')}.`}</p>
<p class="soft">${t`Redirect URI for every registration: ${html`<code>${redirectUri}</code>`}`}</p>
</section>`
}

function nextStep({ mailboxes, catalogue, redirectUri }: MailboxListView, context: PageContext) {
  const { t } = context
  const registered = catalogue.list().find((entry) => entry.registered)
  if (!registered) {
    return html`<section>
<h2>${t`What to do next`}</h2>
<p>${t`postern has no app registration at any provider yet. Register an app at your provider with the redirect URI ${html`<code>${redirectUri}</code>`}, set what is named below, and restart postern.`}</p>
</section>`
  }
  if (mailboxes.length > 0 || !mayChange(context)) return undefined
  return html`<section>
<h2>${t`What to do next`}</h2>
<p>${t`Add the first mailbox, then connect it on its page.`}</p>
<p>${addButton(context)}</p>
<p class="soft">${t`Or on the machine that runs postern: ${html`<code>postern mailbox add you@example.com --provider ${registered.provider.id}</code>`}`}</p>
</section>`
}

function addButton({ t, pages }: PageContext): Html {
  return html`<a class="button" href="${pages.path('mailboxes', 'new')}">${t`Add a mailbox`}</a>`
}

function card(mailbox: MailboxStatus, catalogue: Catalogue, { t, pages }: PageContext): Html {
  const { explanation, badge } = stateOf(mailbox, t)
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
