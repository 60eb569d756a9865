import type { Request, Response, Router } from 'express'
import { printable } from '../../base/text.ts'
import {
  type Activity,
  type ActivityBar,
  type ActivitySpan,
  activitySpans,
  type JournalEntryStatus,
  type JournalPage,
} from '../../journal/journal.ts'
import { type JournalDetail, journalKinds, journalOutcomes } from '../../model/journal.ts'
import { meaningOf } from '../../providers/errors/explained.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { errorSection, refusalOf } from './error-page.ts'
import { detailWords, eventWords, kindWords, outcomeWords } from './journal-words.ts'
import { providerOf } from './mailbox-details.ts'
import { type Fields, fieldsOf, one, type PageContext, type PageContexts } from './page-context.ts'
import { seconds, time } from './parts.ts'

interface JournalPagesDeps {
  services: Pick<WebServices, 'journal' | 'mailboxes' | 'logins' | 'catalogue'>
  contexts: PageContexts
}

/** The journal page: what happened, with filters and plots. */
export function createJournalPages({ services, contexts }: JournalPagesDeps): Router {
  const { journal, mailboxes, logins, catalogue } = services
  const router = exactRouter()

  router
    .route('/journal')
    .get((request, response) => show(request, response))
    .all(methodNotAllowed('GET', 'HEAD'))

  return router

  async function show(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const filled = fieldsOf(request.query)
    const title = t`Journal`
    try {
      const found = await journal.list(filtersOf(filled))
      pages.send(response, { title, body: await body(found, filled, context), session, live: true })
    } catch (error) {
      const refusal = refusalOf(error)
      const form = await body({ entries: [] }, filled, context)
      pages.send(response, { title, body: html`${errorSection(refusal, t)}${form}`, session }, refusal.status)
    }
  }

  async function body(found: JournalPage, filled: Fields, context: PageContext): Promise<Html> {
    const [addresses, names, activities] = await Promise.all([
      mailboxes.list(),
      logins.list(),
      Promise.all(activitySpans.map((span) => journal.activity(span))),
    ])
    const view = {
      found,
      meanings: await meaningsOf(found.entries, catalogue),
      filled,
      mailboxes: addresses.map(({ address }) => address),
      logins: [...new Set(names.map(({ userName }) => userName))],
      activities,
    }
    return journalPage(view, context)
  }
}

interface JournalView {
  found: JournalPage
  /** What is known of the errors in the entries, by their ids. */
  meanings: ReadonlyMap<string, Words>
  /** The filters, as they came in the query. */
  filled: Fields
  /** To choose from. */
  mailboxes: readonly string[]
  logins: readonly string[]
  activities: readonly Activity[]
}

/** What providers said in these entries, where that is known. */
async function meaningsOf(
  entries: readonly JournalEntryStatus[],
  catalogue: Catalogue,
): Promise<Map<string, Words>> {
  const meanings = new Map<string, Words>()
  for (const { id, outcome, details } of entries) {
    const { code = '', reply, reason, provider } = details
    const text = reply ?? reason
    if (outcome === 'done' || typeof text !== 'string') continue
    const meaning = await meaningOf(`${code} ${text}`, providerOf(catalogue, provider)?.errorFamily)
    if (meaning) meanings.set(id, meaning)
  }
  return meanings
}

const filterNames = ['mailbox', 'login', 'kind', 'outcome', 'since', 'until', 'before'] as const

function filtersOf(filled: Fields): Record<(typeof filterNames)[number], string> {
  const values = filterNames.map((name) => [name, one(filled, name)?.trim() ?? ''])
  return Object.fromEntries(values)
}

/** Plots, filters, and the entries, newest first. */
function journalPage(view: JournalView, context: PageContext): Html {
  const { found, filled, activities } = view
  const { t } = context
  const isNewest = (one(filled, 'before') ?? '') === ''
  return html`<section id="activity"${isNewest && html` data-live`}>
<h2>${t`Sends`}</h2>
${activities.map((activity) => activityPlot(activity, t))}
</section>
${filterForm(view, context)}
<ol class="entries" id="entries"${isNewest && html` data-live`}>${found.entries.map((entry) => shownEntry(entry, view.meanings.get(entry.id), context))}</ol>
${found.entries.length === 0 && html`<p class="soft">${t`Nothing of that kind has happened.`}</p>`}
${pageLinks(view, context)}`
}

function pageLinks({ found, filled }: JournalView, { t, pages }: PageContext): Html {
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

function shownEntry(entry: JournalEntryStatus, meaning: Words | undefined, { t }: PageContext): Html {
  const { at, event, outcome, mailbox, login, source, by, milliseconds, details } = entry
  const about = [
    mailbox && html`${t`Mailbox`}: ${mailbox}`,
    login && html`${t`Login`}: ${printable(login, 254)}`,
    source && html`${t`From`}: ${source}`,
    by && html`${t`By`}: ${printable(by, 254)}`,
    milliseconds !== undefined && html`${seconds(milliseconds)} s`,
  ].filter((one) => one instanceof Object)
  const more = Object.entries(details).filter(([name, value]) => !unshown.has(name) && !isEmpty(value))
  return html`<li>
<p>${time(at)} <strong>${nameIn(eventWords, event, t)}</strong> <span class="state ${outcomeClasses[outcome]}">${t.say(outcomeWords[outcome])}</span></p>
${about.length > 0 && html`<p class="soft">${about.map((one, index) => html`${index > 0 && ' · '}${one}`)}</p>`}
${more.length > 0 && html`<p class="soft">${more.map(([name, value], index) => html`${index > 0 && ' · '}${nameIn(detailWords, name, t)}: ${shownDetail(value)}`)}</p>`}
${meaning && html`<p>${t`It means:`} ${meaning[t.language]}</p>`}
</li>
`
}

/** Names that a later version may have written are shown as they are. */
function nameIn(words: Readonly<Record<string, Phrase>>, name: string, t: Phrases): string {
  const known = words[name]
  return known === undefined ? name : t.say(known)
}

/** Said in other words beside it. */
const unshown: ReadonlySet<string> = new Set(['code', 'known'])

function isEmpty(value: JournalDetail): boolean {
  return typeof value === 'object' && value.length === 0
}

/** May hold foreign text: it is cut, and control characters are removed. */
function shownDetail(value: JournalDetail): string {
  return printable(typeof value === 'object' ? value.join(', ') : String(value), 300)
}

const width = 300
const height = 48
const gap = 2

const spanTitles: Record<ActivitySpan, Phrase> = { day: phrase('Last day'), week: phrase('Last week') }

/** Messages, refusals and waiting time over a span, as two small plots and in words. */
function activityPlot({ span, bars }: Activity, t: Phrases): Html {
  const sum = (count: (bar: ActivityBar) => number) => bars.reduce((total, bar) => total + count(bar), 0)
  const sent = sum((bar) => bar.sent)
  const refused = sum((bar) => bar.refused)
  const waited = sum(({ sent: count, milliseconds = 0 }) => count * milliseconds)
  const words = t`${sent} sent, ${refused} refused or failed`
  const wait = sent === 0 ? t`no waiting time` : t`${seconds(waited / sent)} s to send one, on average`
  const caption = html`<figcaption><strong>${t.say(spanTitles[span])}</strong> ${words}; ${wait}</figcaption>`
  if (sent + refused === 0) return html`<figure>${caption}</figure>`
  return html`<figure>
${caption}
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${words}">${messageBars(bars, t)}</svg>
<svg viewBox="0 0 ${width} ${height / 2}" role="img" aria-label="${wait}">${waitingBars(bars, t)}</svg>
</figure>`
}

/** A bar for each span: refused messages are stacked on sent ones. */
function messageBars(bars: readonly ActivityBar[], t: Phrases): Html[] {
  const highest = Math.max(1, ...bars.map(({ sent, refused }) => sent + refused))
  return bars.flatMap(({ since, sent, refused }, index) => {
    const [low, high] = [share(sent, highest, height), share(refused, highest, height)]
    const words = t`${hourOf(since)}: ${sent} sent, ${refused} refused or failed`
    return [
      bar('sent', index, bars.length, { from: height - low, high: low }, words),
      bar('refused', index, bars.length, { from: height - low - high, high }, words),
    ].filter((one) => one !== undefined)
  })
}

function waitingBars(bars: readonly ActivityBar[], t: Phrases): Html[] {
  const longest = Math.max(1, ...bars.map(({ milliseconds = 0 }) => milliseconds))
  return bars.flatMap(({ since, milliseconds = 0 }, index) => {
    const high = share(milliseconds, longest, height / 2)
    const words = t`${hourOf(since)}: ${seconds(milliseconds)} s`
    return bar('waited', index, bars.length, { from: height / 2 - high, high }, words) ?? []
  })
}

function bar(
  kind: string,
  index: number,
  count: number,
  { from, high }: { from: number; high: number },
  words: Html,
): Html | undefined {
  if (high === 0) return undefined
  const step = width / count
  const [left, wide] = [(index * step).toFixed(1), (step - gap).toFixed(1)]
  return html`<rect class="${kind}" x="${left}" y="${from.toFixed(1)}" width="${wide}" height="${high.toFixed(1)}"><title>${words}</title></rect>`
}

/** A value above zero is always visible. */
function share(value: number, most: number, room: number): number {
  return value === 0 ? 0 : Math.max(2, (value / most) * room)
}

function hourOf(since: number): string {
  return `${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
