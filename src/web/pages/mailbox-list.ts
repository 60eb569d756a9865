import { withoutCase } from '../../base/text.ts'
import type { MailboxStatus } from '../../mailboxes/mailboxes.ts'
import { addressKey } from '../../model/address.ts'
import { withoutOAuth } from '../../providers/catalogue.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { evidenceWords, providerList } from '../../providers/provider-status.ts'
import { type Html, html } from '../html.ts'
import { endingWords, providerName, stateOf } from './mailbox-details.ts'
import { mayChange, type PageContext } from './page-context.ts'
import { flowWords, time } from './parts.ts'

interface MailboxListView extends MailboxCardView {
  choice: MailboxChoice
  /** The number of all mailboxes. */
  total: number
  /** The search text. */
  text: string
  /** The one redirect URI, to be registered at every provider. */
  redirectUri: string
}

/** The home page: every mailbox with its state, every provider, and what to do next. */
export function mailboxList(view: MailboxListView, context: PageContext): Html {
  const { choice, total } = view
  return html`${nextStep(view, context)}
${total > 0 && mayChange(context) && html`<p>${addButton(context)}</p>`}
${total > mailboxesAtOnce && finder(view, context)}
<ul class="cards" id="mailboxes" data-live>${choice.shown.map((mailbox) => mailboxCard(mailbox, view, context))}</ul>
${others(view, context)}
${providers(view, context)}`
}

function finder({ text }: MailboxListView, { t, pages }: PageContext): Html {
  return html`<form method="get" action="${pages.path()}">
<label>${t`Find a mailbox`} <input type="search" name="find" value="${text}"></label>
<button class="quiet">${t`Find`}</button>
</form>`
}

function others({ choice, text }: MailboxListView, { t, pages }: PageContext): Html | undefined {
  const { from, found, shown } = choice
  if (found <= shown.length) return undefined
  const link = (start: number, words: Html) =>
    html`<a href="${pages.path()}?find=${encodeURIComponent(text)}&amp;from=${start}">${words}</a>`
  return html`<p>${t`${from + 1} to ${from + shown.length} of ${found}`}
${from > 0 && link(Math.max(0, from - mailboxesAtOnce), t`Earlier ones`)}
${from + shown.length < found && link(from + mailboxesAtOnce, t`Further ones`)}</p>`
}

function providers({ catalogue, redirectUri }: MailboxListView, { t, pages }: PageContext): Html {
  const all = providerList(catalogue)
  const [registered, others] = [all.filter((one) => one.registered), all.filter((one) => !one.registered)]
  const listed = (some: typeof all) =>
    html`<ul>${some.map(
      ({ id, name, standing }) =>
        html`<li><a href="${pages.path('providers', id)}">${name}</a> <span class="soft">${t`Known: ${evidenceWords[standing.evidence][t.language]}.`}</span></li>`,
    )}</ul>`
  return html`<section>
<h2>${t`Providers`}</h2>
${registered.length > 0 && html`<p>${t`There is an app registration at:`}</p>${listed(registered)}`}
<details${registered.length === 0 && html` open`}>
<summary>${t`Set up a provider`}</summary>
${listed(others)}
<p class="soft">${t`Not possible, because their mail servers take passwords only: ${withoutOAuth.map(({ name }) => name).join('; ')}.`}</p>
<p class="soft">${t`Redirect URI for every registration: ${html`<code>${redirectUri}</code>`}`}</p>
</details>
</section>`
}

function nextStep({ total, catalogue, redirectUri }: MailboxListView, context: PageContext) {
  const { t } = context
  const registered = firstRegistered(catalogue)
  if (registered === undefined) {
    return html`<section>
<h2>${t`What to do next`}</h2>
<p>${t`postern has no app registration at any provider yet. Choose your provider below: its page says how to register an app there with the redirect URI ${html`<code>${redirectUri}</code>`}, and what to set.`}</p>
</section>`
  }
  if (total > 0 || !mayChange(context)) return undefined
  return html`<section>
<h2>${t`What to do next`}</h2>
<p>${t`Add the first mailbox, then connect it on its page.`}</p>
<p>${addButton(context)}</p>
<p class="soft">${t`Or on the machine that runs postern: ${html`<code>postern mailbox add you@example.com --provider ${registered}</code>`}`}</p>
</section>`
}

function firstRegistered(catalogue: Catalogue): string | undefined {
  return catalogue.list().find((entry) => entry.registered)?.provider.id
}

function addButton({ t, pages }: PageContext): Html {
  return html`<a class="button" href="${pages.path('mailboxes', 'new')}">${t`Add a mailbox`}</a>`
}

interface MailboxCardView {
  catalogue: Catalogue
}

/** One mailbox in the list: its state, its grant, and its last send. */
function mailboxCard(mailbox: MailboxStatus, view: MailboxCardView, { t, pages }: PageContext): Html {
  const { address, signedInAs, flow, renewsBy, lastSentAt, endings = [] } = mailbox
  const { explanation, badge } = stateOf(mailbox, t)
  // Postern prevents the expiry of an unused consent by itself, so the list leaves it out.
  const ending = endings.find(({ kind }) => kind !== 'unused')
  return html`<li class="card">
<h2><a href="${pages.path('mailboxes', address)}">${address}</a> ${badge}</h2>
<p>${explanation}</p>
<dl>
<dt>${t`Provider`}</dt><dd>${providerName(view.catalogue, mailbox.provider)}</dd>
${flow !== undefined && html`<dt>${t`Lets it send`}</dt><dd>${signedInAs !== undefined && html`${signedInAs}, `}${t.say(flowWords[flow])}</dd>`}
<dt>${t`Last send`}</dt><dd>${lastSentAt === undefined ? t`never` : time(lastSentAt)}</dd>
${renewsBy !== undefined && html`<dt>${t`Next renewal`}</dt><dd>${t`by ${time(renewsBy)}`}</dd>`}
${ending && html`<dt>${t`Ends`}</dt><dd>${ending.endsAt.slice(0, 10)}: ${t.say(endingWords[ending.kind])}</dd>`}
</dl>
</li>
`
}

/** Mailboxes on one page. */
const mailboxesAtOnce = 50

interface MailboxChoice {
  shown: readonly MailboxStatus[]
  /** The number of mailboxes that match the search. */
  found: number
  from: number
}

const order: readonly MailboxStatus['state'][] = ['lapsed', 'absent', 'active']

/** Mailboxes whose address contains the text: those that need a person first, then by address. */
export function chooseMailboxes(all: readonly MailboxStatus[], text: string, from: number): MailboxChoice {
  const key = withoutCase(text)
  const found = all
    .filter(({ address }) => addressKey(address).includes(key))
    .sort((one, other) => rank(one) - rank(other) || one.address.localeCompare(other.address))
  const start = Number.isInteger(from) && from > 0 && from < found.length ? from : 0
  return { shown: found.slice(start, start + mailboxesAtOnce), found: found.length, from: start }
}

function rank({ state }: MailboxStatus): number {
  return order.indexOf(state)
}
