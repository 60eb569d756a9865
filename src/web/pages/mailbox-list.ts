import { withoutCase } from '../../base/text.ts'
import {
  isFailing,
  isToBeSeenTo,
  type MailboxCondition,
  type MailboxStatus,
  mailboxConditions,
} from '../../mailboxes/mailboxes.ts'
import { addressKey } from '../../model/address.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { conditionBadge, conditionKinds, conditionWords, providerName } from './mailbox-details.ts'
import { type Fields, form, mayChange, one, type PageContext } from './page-context.ts'
import { badge, day, time } from './parts.ts'
import { type Column, paging, searchForm, table } from './tables.ts'

/** What a list is asked for, as it stands in the address. */
export interface MailboxQuery {
  /** A part of an address. */
  find: string
  /** Only those in this condition. */
  state: MailboxCondition | undefined
  provider: string
  sort: Sorting
  from: number
}

const sortings = ['urgency', 'address', 'sent'] as const
type Sorting = (typeof sortings)[number]

export function mailboxQueryOf(fields: Fields): MailboxQuery {
  return {
    find: one(fields, 'find')?.trim() ?? '',
    state: mailboxConditions.find((condition) => condition === one(fields, 'state')),
    provider: one(fields, 'provider') ?? '',
    sort: sortings.find((sorting) => sorting === one(fields, 'sort')) ?? 'urgency',
    from: Number(one(fields, 'from') ?? 0),
  }
}

export interface MailboxChoice {
  query: MailboxQuery
  shown: readonly MailboxStatus[]
  /** The number of mailboxes that match. */
  found: number
  /** The number of all mailboxes. */
  total: number
  /** Of all that match but for the condition. */
  byCondition: ReadonlyMap<MailboxCondition, number>
  /** Of all that match but for the provider, by its id. */
  byProvider: ReadonlyMap<string, number>
}

/** As many as a page of 60 kilobytes has room for. */
const rowsAtOnce = 40

/** Those that are asked for, a page of them. */
export function chooseMailboxes(all: readonly MailboxStatus[], query: MailboxQuery): MailboxChoice {
  const key = withoutCase(query.find)
  const named = all.filter(({ address }) => addressKey(address).includes(key))
  const inState = ({ condition }: MailboxStatus) => query.state === undefined || condition === query.state
  const atProvider = ({ provider }: MailboxStatus) => query.provider === '' || provider === query.provider
  const found = named.filter((one) => inState(one) && atProvider(one)).sort(orders[query.sort])
  const { from } = query
  const start = Number.isInteger(from) && from > 0 && from < found.length ? from : 0
  return {
    query: { ...query, from: start },
    shown: found.slice(start, start + rowsAtOnce),
    found: found.length,
    total: all.length,
    byCondition: counted(named.filter(atProvider), ({ condition }) => condition),
    byProvider: counted(named.filter(inState), ({ provider }) => provider),
  }
}

type Order = (one: MailboxStatus, other: MailboxStatus) => number

const byAddress: Order = (one, other) => (one.address < other.address ? -1 : 1)
const urgency = ({ condition }: MailboxStatus) => mailboxConditions.indexOf(condition)

const orders: Record<Sorting, Order> = {
  address: byAddress,
  urgency: (one, other) => urgency(one) - urgency(other) || byAddress(one, other),
  sent: (one, other) =>
    Date.parse(other.lastSentAt ?? '1970-01-01') - Date.parse(one.lastSentAt ?? '1970-01-01') ||
    byAddress(one, other),
}

function counted<Key>(all: readonly MailboxStatus[], keyOf: (one: MailboxStatus) => Key): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const one of all) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1)
  return counts
}

interface MailboxListView {
  choice: MailboxChoice
  catalogue: Catalogue
  /** Whether a channel for notices is set, by which consent links are sent. */
  canSend: boolean
}

/** The table of mailboxes, with what it is searched and filtered by. */
export function mailboxList(view: MailboxListView, context: PageContext): Html {
  const { choice } = view
  const { t, pages } = context
  const { found, shown, query } = choice
  if (choice.total === 0) return html``
  const href = (from: number) => hrefOf({ ...query, from }, context)
  return html`<section id="mailbox-list" data-live>
<h2>${t`Mailboxes`}</h2>
${mayChange(context) && html`<p class="actions"><a class="button" href="${pages.path('mailboxes', 'new')}">${t`Add a mailbox`}</a></p>`}
${conditionFilters(choice, context)}
${(choice.total > 10 || query.find !== '' || query.provider !== '') && finder(view, context)}
${found === 0 ? nothing(context) : chosenOf(view, context, mailboxTable(view, context))}
${paging({ from: query.from, shown: shown.length, found, atOnce: rowsAtOnce, href }, t)}
</section>`
}

function hrefOf(query: Partial<MailboxQuery>, { pages }: PageContext): string {
  const { find, state, provider, sort, from } = query
  const asked = new URLSearchParams()
  if (find) asked.set('find', find)
  if (state) asked.set('state', state)
  if (provider) asked.set('provider', provider)
  if (sort && sort !== 'urgency') asked.set('sort', sort)
  if (from) asked.set('from', String(from))
  return asked.size === 0 ? pages.path() : `${pages.path()}?${asked}`
}

/** How many are in each condition; each leads to them. */
function conditionFilters({ byCondition, query }: MailboxChoice, context: PageContext): Html {
  const { t } = context
  const { find, provider } = query
  const link = (state: MailboxCondition | undefined, words: Html) =>
    html`<a href="${hrefOf({ ...query, find, provider, state, from: 0 }, context)}"${state === query.state && html` aria-current="true"`}>${words}</a>`
  const all = [...byCondition.values()].reduce((sum, count) => sum + count, 0)
  return html`<p class="actions">${link(undefined, t`All: ${all}`)} ${mailboxConditions
    .filter((condition) => byCondition.has(condition))
    .map((condition) =>
      link(
        condition,
        badge(
          conditionKinds[condition],
          html`${t.say(conditionWords[condition])}: ${byCondition.get(condition) ?? 0}`,
        ),
      ),
    )}</p>`
}

function finder({ choice, catalogue }: MailboxListView, { t, pages }: PageContext): Html {
  const { byProvider, query } = choice
  const ids = new Set([...byProvider.keys(), ...(query.provider === '' ? [] : [query.provider])])
  const filters = html`${ids.size > 1 || query.provider !== '' ? html`<label>${t`Provider`} <select name="provider"><option value="">${t`all`}</option>${[...ids].sort().map((id) => html`<option value="${id}"${id === query.provider && html` selected`}>${providerName(catalogue, id)} (${byProvider.get(id) ?? 0})</option>`)}</select></label>` : undefined}
${query.state !== undefined && html`<input type="hidden" name="state" value="${query.state}">`}
${query.sort !== 'urgency' && html`<input type="hidden" name="sort" value="${query.sort}">`}`
  return searchForm({ action: pages.path(), label: t`Find an address`, value: query.find, filters }, t)
}

function nothing({ t, pages }: PageContext): Html {
  return html`<p role="status">${t`No mailbox matches this search.`} <a href="${pages.path()}">${t`Show all`}</a></p>`
}

/** Whether a consent link is of any use to it. */
function isConsented({ flow }: MailboxStatus): boolean {
  return flow !== 'client-credentials' && flow !== 'service-account'
}

/** With the button that sends consent links to those that are chosen. */
function chosenOf({ choice, canSend }: MailboxListView, context: PageContext, rows: Html): Html {
  const { t } = context
  if (!canSend || !mayChange(context) || !choice.shown.some(isConsented)) return rows
  return form(
    context,
    ['mailboxes', 'sent-consent-links'],
    html`${rows}
<p class="actions"><button class="quiet">${t`Send consent links for the chosen`}</button></p>`,
  )
}

function mailboxTable({ choice, catalogue, canSend }: MailboxListView, context: PageContext): Html {
  const { t, pages } = context
  const { query } = choice
  const sort = (by: Sorting) => ({
    href: hrefOf({ ...query, sort: by, from: 0 }, context),
    sorted: query.sort === by ? ('ascending' as const) : undefined,
  })
  const columns: Column<MailboxStatus>[] = [
    {
      title: t`Address`,
      place: 'main',
      sort: sort('address'),
      cell: ({ address }) => html`<a href="${pages.path('mailboxes', address)}">${address}</a>`,
    },
    {
      title: t`State`,
      place: 'side',
      sort: sort('urgency'),
      cell: ({ condition }) => conditionBadge(condition, t),
    },
    { title: t`Provider`, cell: ({ provider }) => providerName(catalogue, provider) },
    {
      title: t`Last sent`,
      sort: sort('sent'),
      cell: ({ lastSentAt }) => (lastSentAt === undefined ? t`never` : time(lastSentAt)),
    },
    { title: t`Failures`, isNumber: true, cell: failuresOf },
    { title: t`Ends`, cell: ({ endings = [] }) => endOf(endings) },
  ]
  const choosing: Column<MailboxStatus> = {
    title: t`Choose`,
    place: 'lead',
    cell: (mailbox) =>
      isConsented(mailbox) &&
      html`<input type="checkbox" name="mailbox" value="${mailbox.address}" aria-label="${t`Choose ${mailbox.address}`}">`,
  }
  const canChoose = canSend && mayChange(context) && choice.shown.some(isConsented)
  return table({
    caption: t`Mailboxes`,
    columns: canChoose ? [choosing, ...columns] : columns,
    rows: choice.shown,
  })
}

/** So many were not sent since the last that was. */
function failuresOf({ lastOutcome }: MailboxStatus): HtmlValue {
  if (lastOutcome === undefined || lastOutcome.failures === 0) return 0
  return isFailing(lastOutcome) ? html`<strong>${lastOutcome.failures}</strong>` : lastOutcome.failures
}

function endOf(endings: NonNullable<MailboxStatus['endings']>): HtmlValue {
  const next = endings.find(isToBeSeenTo)
  return next === undefined ? '' : day(next.endsAt)
}
