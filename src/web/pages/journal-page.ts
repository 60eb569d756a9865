import { printable } from '../../base/address.ts'
import type { Activity, JournalEntryStatus, JournalPage } from '../../journal/service.ts'
import { type JournalDetail, journalKinds, journalOutcomes } from '../../store/ports.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { activityPlot } from './activity-plot.ts'
import { type Fields, one } from './form-fields.ts'
import { detailWords, eventWords, kindWords, outcomeWords } from './journal-words.ts'
import type { PageContext } from './page-context.ts'
import { seconds, time } from './time.ts'

export interface JournalView {
  found: JournalPage
  /** As they came in the address. */
  filled: Fields
  /** To choose from. */
  mailboxes: readonly string[]
  logins: readonly string[]
  activities: readonly Activity[]
}

const filterNames = ['mailbox', 'login', 'kind', 'outcome', 'since', 'until', 'before'] as const

export function filtersOf(filled: Fields): Record<(typeof filterNames)[number], string> {
  const values = filterNames.map((name) => [name, one(filled, name)?.trim() ?? ''])
  return Object.fromEntries(values)
}

/** What happened: plots, filters, and the entries, the newest first. */
export function journalPage(view: JournalView, context: PageContext): Html {
  const { found, filled, activities } = view
  const { t } = context
  const isNewest = (one(filled, 'before') ?? '') === ''
  return html`<section id="activity"${isNewest && html` data-live`}>
<h2>${t`Sends`}</h2>
${activities.map((activity) => activityPlot(activity, t))}
</section>
${filterForm(view, context)}
<ol class="entries" id="entries"${isNewest && html` data-live`}>${found.entries.map((entry) => shownEntry(entry, context))}</ol>
${found.entries.length === 0 && html`<p class="soft">${t`Nothing of that kind has happened.`}</p>`}
${wayOn(view, context)}`
}

function wayOn({ found, filled }: JournalView, { t, pages }: PageContext): Html {
  const link = (before: string, words: Html) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ ...filtersOf(filled), before }))
      if (value) query.set(name, value)
    return html`<a href="${pages.path('journal')}?${query.toString()}">${words}</a>`
  }
  const isNewest = (one(filled, 'before') ?? '') === ''
  return html`<p>${!isNewest && link('', t`The newest`)} ${found.next !== undefined && link(found.next, t`Older ones`)}</p>`
}

function filterForm({ filled, mailboxes, logins }: JournalView, { t, pages }: PageContext): Html {
  const text = (name: string) => one(filled, name) ?? ''
  const choice = (name: string, words: Html, options: readonly [string, string][]) =>
    html`<label>${words} <select name="${name}"><option value="">${t`all`}</option>${options.map(
      ([value, said]) =>
        html`<option value="${value}"${value === text(name) && html` selected`}>${said}</option>`,
    )}</select></label>`
  const same = (values: readonly string[]) => values.map((value): [string, string] => [value, value])
  return html`<details${hasFilters(filled) && html` open`}>
<summary>${t`Choose what is shown`}</summary>
<form method="get" action="${pages.path('journal')}" class="filters">
<label>${t`Mailbox`} <input name="mailbox" maxlength="254" list="known-mailboxes" autocomplete="off" value="${text('mailbox')}"></label>
<datalist id="known-mailboxes">${mailboxes.map((address) => html`<option value="${address}">`)}</datalist>
${choice('login', t`Login`, same(logins))}
${choice(
  'kind',
  t`Kind`,
  journalKinds.map((kind) => [kind, t.say(kindWords[kind])]),
)}
${choice(
  'outcome',
  t`Outcome`,
  journalOutcomes.map((outcome) => [outcome, t.say(outcomeWords[outcome])]),
)}
<label>${t`From this day on (UTC)`} <input type="date" name="since" value="${text('since')}"></label>
<label>${t`Up to this day (UTC)`} <input type="date" name="until" value="${text('until')}"></label>
<button class="quiet">${t`Show`}</button>
</form>
</details>`
}

function hasFilters(filled: Fields): boolean {
  return filterNames.some((name) => name !== 'before' && (one(filled, name) ?? '') !== '')
}

const outcomeClasses = { done: 'active', refused: 'lapsed', failed: 'lapsed' }

function shownEntry(entry: JournalEntryStatus, { t }: PageContext): Html {
  const { at, event, outcome, mailbox, login, source, by, milliseconds, details } = entry
  const about = [
    mailbox && html`${t`Mailbox`}: ${mailbox}`,
    login && html`${t`Login`}: ${printable(login, 254)}`,
    source && html`${t`From`}: ${source}`,
    by && html`${t`By`}: ${printable(by, 254)}`,
    milliseconds !== undefined && html`${seconds(milliseconds)} s`,
  ].filter((one) => one instanceof Object)
  const more = Object.entries(details).filter(([name, value]) => name !== 'code' && !isEmpty(value))
  return html`<li>
<p>${time(at)} <strong>${t.say(eventWords[event] ?? event)}</strong> <span class="state ${outcomeClasses[outcome]}">${t.say(outcomeWords[outcome])}</span></p>
${about.length > 0 && html`<p class="soft">${about.map((one, index) => html`${index > 0 && ' · '}${one}`)}</p>`}
${more.length > 0 && html`<p class="soft">${more.map(([name, value], index) => html`${index > 0 && ' · '}${t.say(detailWords[name] ?? name)}: ${shownDetail(value)}`)}</p>`}
</li>
`
}

function isEmpty(value: JournalDetail): boolean {
  return typeof value === 'object' && value.length === 0
}

/** Some of it is what others said: cut, and without control characters. */
function shownDetail(value: JournalDetail): string {
  return printable(typeof value === 'object' ? value.join(', ') : String(value), 300)
}
