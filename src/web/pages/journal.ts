import { once } from 'node:events'
import type { Request, Response, Router } from 'express'
import {
  activitySpans,
  type JournalEntryStatus,
  type JournalFilters,
  type JournalPage,
} from '../../journal/journal.ts'
import { type JournalFault, type JournalVerdict, journalKinds, journalOutcomes } from '../../model/journal.ts'
import { meaningOf } from '../../providers/errors/explained.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { type FailureFields, type FormState, refusedForm, textField } from './form-parts.ts'
import { entryTable } from './journal-entries.ts'
import { activityPlot } from './journal-plot.ts'
import { kindWords, outcomeWords } from './journal-words.ts'
import { providerOf } from './mailbox-details.ts'
import {
  type Fields,
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { icon, time } from './parts.ts'

interface JournalPagesDeps {
  services: Pick<WebServices, 'journal' | 'mailboxes' | 'logins' | 'catalogue'>
  contexts: PageContexts
}

/** Of one page. */
const atOnce = 40

/** The pages of the journal, which people know as the activity: what happened, and whether all of it is still there. */
export function createJournalPages({ services, contexts }: JournalPagesDeps): Router {
  const { journal, mailboxes, logins, catalogue } = services
  const router = exactRouter()
  let verifying: Promise<JournalVerdict> | undefined

  router
    .route('/journal')
    .get((request, response) => show(request, response))
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/journal/export')
    .get(async (request, response) => {
      await contexts.toSee(request)
      await sendExport(response, fieldsOf(request.query))
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/journal/verification')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      // Whoever asks meanwhile gets the same answer: it may be a walk along a million entries.
      verifying ??= journal.verify().finally(() => {
        verifying = undefined
      })
      context.show(response, verdictPage(await verifying, context))
    })
    .all(methodNotAllowed('POST'))

  return router

  async function show(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const filled = fieldsOf(request.query)
    const page = { title: t`Activity`, session, wide: true }
    try {
      const found = await journal.list({ ...filtersOf(filled), limit: atOnce })
      pages.send(response, { ...page, body: await body(found, { values: filled }, context) })
    } catch (error) {
      const { status, summary, wrong } = refusedForm(error, t, { fields: fieldsOfFailures, values: filled })
      const shown = await body(undefined, { values: filled, wrong }, context)
      pages.send(response, { ...page, body: html`${summary}${shown}` }, status)
    }
  }

  async function body(found: JournalPage | undefined, state: FormState, context: PageContext): Promise<Html> {
    const { values: filled } = state
    const [addresses, names, [day, week]] = await Promise.all([
      mailboxes.addresses(),
      logins.page({ group: 'active', order: 'used', from: 0, most: mostSuggested }),
      Promise.all(activitySpans.map((span) => journal.activity(span))),
    ])
    const choices = {
      mailboxes: addresses,
      logins: names.logins.map(({ name }) => name),
    }
    const isNewest = textIn(filled, 'before') === ''
    return html`${filterForm(state, choices, context)}
${spanWords(filled, context)}
${day && week && html`<section id="activity"${isNewest && html` data-live`}>${activityPlot({ day, week }, context)}</section>`}
${found && entries(found, await meaningsOf(found.entries, catalogue), filled, context)}
${audit(filled, context)}`
  }

  async function sendExport(response: Response, filled: Fields): Promise<void> {
    const format = one(filled, 'format') === 'csv' ? 'csv' : 'jsonl'
    const { exportJournal } = await import('../../journal/export-journal.ts')
    const { before: _before, ...filters } = filtersOf(filled)
    const pieces = exportJournal((asked) => journal.list(asked), filters, format)
    // Before the head: a wrong filter is a page that says so.
    const first = await pieces.next()
    response.type(format === 'csv' ? 'text/csv' : 'application/x-ndjson')
    response.attachment(`postern-journal.${format}`)
    response.write(first.value ?? '')
    for await (const piece of pieces) {
      if (response.closed) return
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  }
}

function entries(
  found: JournalPage,
  meanings: ReadonlyMap<string, Words>,
  filled: Fields,
  context: PageContext,
): Html {
  const { t, pages } = context
  const isNewest = textIn(filled, 'before') === ''
  const liveId = isNewest ? 'entries' : undefined
  if (found.entries.length > 0) {
    const shown = entryTable(found.entries, meanings, { context, liveId })
    return html`${shown}${pageLinks(found, filled, context)}`
  }
  const hasFilters = Object.keys(filtersOf(filled)).length > 0
  const words = hasFilters ? t`Nothing found.` : t`Nothing has happened yet.`
  return html`<section${liveId !== undefined && html` id="${liveId}" data-live`}><p>${words}</p>
${hasFilters && html`<p><a href="${pages.path('journal')}">${t`Show everything`}</a></p>`}</section>`
}

/** What providers said in these entries, where that is known. */
async function meaningsOf(
  shown: readonly JournalEntryStatus[],
  catalogue: Catalogue,
): Promise<Map<string, Words>> {
  const meanings = new Map<string, Words>()
  for (const { id, outcome, recipients = [], details } of shown) {
    const refused = recipients.find((recipient) => recipient.code !== undefined)
    const { code = '', reply, reason, provider } = refused ? { ...details, ...refused } : details
    const text = reply ?? reason
    if ((outcome === 'done' && refused === undefined) || typeof text !== 'string') continue
    const meaning = await meaningOf(`${code} ${text}`, providerOf(catalogue, provider)?.errorFamily)
    if (meaning) meanings.set(id, meaning)
  }
  return meanings
}

/** Which filter a failure is about. */
const fieldsOfFailures: FailureFields = { 'journal.time-unreadable': ['since', 'until'] }

/** What is asked for, as it stands in the address. */
const filterNames = ['mailbox', 'login', 'recipient', 'kind', 'outcome', 'since', 'until', 'before'] as const
type FilterName = (typeof filterNames)[number]

function filtersOf(filled: Fields): Pick<JournalFilters, FilterName> {
  const given = filterNames.map((name) => [name, textIn(filled, name)])
  const named = Object.fromEntries(given.filter(([, value]) => value !== ''))
  const period = textIn(filled, 'period')
  if (period === '') return named
  // A day by its word is all of that day, and no more.
  return { ...named, since: period, ...(period === 'yesterday' && { until: period }) }
}

function textIn(filled: Fields, name: string): string {
  return one(filled, name)?.trim() ?? ''
}

function hrefWith(filled: Fields, over: Readonly<Record<string, string>>, place: string): string {
  const query = new URLSearchParams()
  for (const name of [...filterNames, 'period']) {
    const value = Object.hasOwn(over, name) ? over[name] : textIn(filled, name)
    if (value) query.set(name, value)
  }
  for (const [name, value] of Object.entries(over)) if (value && !query.has(name)) query.set(name, value)
  return query.size === 0 ? place : `${place}?${query.toString()}`
}

function pageLinks({ next }: JournalPage, filled: Fields, { t, pages }: PageContext): Html | undefined {
  const isNewest = textIn(filled, 'before') === ''
  if (isNewest && next === undefined) return undefined
  const link = (before: string, words: Html, rel: string) =>
    html`<a href="${hrefWith(filled, { before }, pages.path('journal'))}" rel="${rel}">${words}</a>`
  return html`<nav class="paging" aria-label="${t`Pages of this list`}">${!isNewest && link('', t`The newest`, 'first')} ${next !== undefined && link(next, t`Older ones`, 'next')}</nav>`
}

/** Of a span that no field of the form has, as of one bar. */
function spanWords(filled: Fields, { t, pages }: PageContext): Html | undefined {
  const [since, until] = [textIn(filled, 'since'), textIn(filled, 'until')]
  if (!isMoment(since) || !isMoment(until)) return undefined
  return html`<p role="status">${t`Only from ${time(since)} to ${time(until)}.`} <a href="${hrefWith(filled, { since: '', until: '', before: '' }, pages.path('journal'))}">${t`Show all`}</a></p>`
}

function isMoment(text: string): boolean {
  return text.includes('T') && !Number.isNaN(Date.parse(text))
}

const periods: readonly [string, Phrase][] = [
  ['1h', phrase('the last hour')],
  ['24h', phrase('the last 24 hours')],
  ['today', phrase('today')],
  ['yesterday', phrase('yesterday')],
  ['7d', phrase('the last 7 days')],
  ['30d', phrase('the last 30 days')],
]

/** A browser makes a list of suggestions of so many, not more. */
const mostSuggested = 100

interface Choices {
  mailboxes: readonly string[]
  logins: readonly string[]
}

function filterForm(state: FormState, { mailboxes, logins }: Choices, { t, pages }: PageContext): Html {
  const { values: filled } = state
  const text = (name: string, words: Html, suggested: readonly string[] = []) =>
    html`<label>${words} <input type="search" name="${name}" maxlength="254" autocomplete="off" placeholder="${t`any part`}"${suggested.length > 0 && html` list="known-${name}"`} value="${textIn(filled, name)}"></label>
${suggested.length > 0 && html`<datalist id="known-${name}">${[...new Set(suggested)].slice(0, mostSuggested).map((value) => html`<option value="${value}">`)}</datalist>`}`
  const choice = (name: string, words: Html, options: readonly (readonly [string, Phrase])[]) =>
    html`<label>${words} <select name="${name}"><option value="">${t`all`}</option>${options.map(
      ([value, said]) =>
        html`<option value="${value}"${value === textIn(filled, name) && html` selected`}>${t.say(said)}</option>`,
    )}</select></label>`
  const hasDays = ['since', 'until'].some(
    (name) => textIn(filled, name) !== '' && !isMoment(textIn(filled, name)),
  )
  return html`<form class="search events" role="search" method="get" action="${pages.path('journal')}">
${text('mailbox', t`Mailbox`, mailboxes)}
${text('login', t`Login`, logins)}
${text('recipient', t`Recipient`)}
${choice(
  'kind',
  t`Kind`,
  journalKinds.map((kind) => [kind, kindWords[kind]]),
)}
${choice(
  'outcome',
  t`Outcome`,
  journalOutcomes.map((outcome) => [outcome, outcomeWords[outcome]]),
)}
${choice('period', t`When`, periods)}
<button class="quiet">${icon('search')}${t`Search`}</button>
<details${hasDays && html` open`}><summary>${t`Certain days`}</summary>
<div class="actions">${textField({ name: 'since', type: 'date', label: t`From this day on` }, state)}
${textField({ name: 'until', type: 'date', label: t`Up to this day` }, state)}</div></details>
</form>`
}

/** What an auditor needs. */
function audit(filled: Fields, context: PageContext): Html {
  const { t, pages } = context
  const download = (format: string, words: Html) =>
    html`<a class="button quiet" href="${hrefWith(filled, { before: '', format }, pages.path('journal', 'export'))}" download>${words}</a>`
  return html`<section>
<h2>${t`Keep and prove`}</h2>
<div class="actions">${download('jsonl', t`Download as JSON lines`)} ${download('csv', t`Download as CSV`)}
${mayChange(context) && form(context, ['journal', 'verification'], html`<button class="quiet">${t`Check that nothing was changed`}</button>`)}</div>
<p class="hint">${t`What is downloaded is what the filters above find, all pages of it.`}</p>
</section>`
}

/** What came of following the chain of all entries. */
function verdictPage({ entries: count, since, faults }: JournalVerdict, { t, pages }: PageContext) {
  const back = html`<p><a href="${pages.path('journal')}">${t`Back to the activity`}</a></p>`
  if (faults.length === 0) {
    const from = since !== undefined && html`<p>${t`The oldest is of ${time(since)}.`}</p>`
    const body = html`<section class="done">
<p>${count === 0 ? t`There are no entries yet.` : t`All ${count} entries are there, as they were written and in their order.`}</p>
${from}
</section>
${back}`
    return { title: t`Nothing was changed`, body }
  }
  const body = html`<section class="mistake" role="alert">
<p>${t`Something else than postern has changed the journal. The first that is wrong:`}</p>
<ol>${faults.slice(0, 20).map((fault) => html`<li>${faultWords(fault, t)}</li>`)}</ol>
<p><strong>${t`What to do:`}</strong> ${t`Find out who else can write in the data directory.`}</p>
</section>
${back}`
  return { title: t`The journal was changed`, body }
}

function faultWords(fault: JournalFault, t: Phrases): Html {
  switch (fault.what) {
    case 'changed':
      return t`The entry of ${timeOfId(fault.id)} does not say what was written, or stands elsewhere (${fault.id}).`
    case 'missing':
      return fault.before === undefined
        ? t`${fault.entries} entries were removed at the end.`
        : t`${fault.entries} entries were removed before that of ${timeOfId(fault.before)} (${fault.before}).`
    case 'unproven':
      return t`Nothing can be said of the entry of ${timeOfId(fault.id)}, because what stood before it is gone (${fault.id}).`
    case 'added':
      return t`${fault.entries} entries were added that postern has not written.`
    case 'ends-changed':
      return fault.at === undefined
        ? t`Where the journal begins and ends was changed; so entries may have been removed there.`
        : t`Where the journal begins and ends was changed before ${time(fault.at)}; so entries may have been removed there.`
  }
}

/** Ids begin with their time. */
function timeOfId(id: string): Html {
  return time(Number.parseInt(id.slice(0, 12), 16))
}
