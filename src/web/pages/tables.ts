import { withoutCase } from '../../base/text.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { type Fields, one } from './page-context.ts'

/** A column of a table. */
export interface Column<Row> {
  title: Html
  cell(row: Row): HtmlValue
  /**
   * Where a narrow page has it, where each row is two lines: `main` and `side` share the first line,
   * `lead` stands before them (a check box), everything else follows in small letters with its title;
   * `action` follows without it, and is what can be done; `wide-only` is left out.
   */
  place?: 'main' | 'side' | 'lead' | 'action' | 'wide-only'
  /** Numbers are set to the right. */
  isNumber?: boolean
  /** The title sorts by this, and leads to it. Lower values come first at first. */
  sort?: { href: string; sorted?: 'ascending' | 'descending' | undefined } | undefined
}

interface TableView<Row> {
  /** What it is a table of. Screen readers say it. */
  caption: Html
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** Its id, where its rows are reloaded while somebody looks (`Page.live`). */
  liveId?: string | undefined
}

/**
 * A table. On a narrow page each row becomes two lines, and nothing is scrolled sideways. The roles
 * are written out, because a browser forgets them where a table is laid out as something else.
 */
export function table<Row>({ caption, columns, rows, liveId }: TableView<Row>): Html {
  return html`<table role="table"${liveId !== undefined && html` id="${liveId}" data-live`}>
<caption class="unseen">${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(headOf)}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${columns.map((column) => cellOf(column, row))}</tr>\n`)}</tbody>
</table>
`
}

const arrows = { ascending: ' ↑', descending: ' ↓' } as const

function headOf<Row>({ title, place, isNumber, sort }: Column<Row>): Html {
  const classes = [isNumber && 'number', sort && 'sortable'].filter((one) => typeof one === 'string')
  const words = sort
    ? html`<a href="${sort.href}">${title}${sort.sorted && html`<span aria-hidden="true">${arrows[sort.sorted]}</span>`}</a>`
    : place === 'action'
      ? html`<span class="unseen">${title}</span>`
      : title
  return html`<th role="columnheader" scope="col"${classes.length > 0 && html` class="${classes.join(' ')}"`}${sort?.sorted && html` aria-sort="${sort.sorted}"`}>${words}</th>`
}

function cellOf<Row>({ title, cell, place, isNumber }: Column<Row>, row: Row): Html {
  const classes = [place, isNumber && 'number'].filter((one) => typeof one === 'string')
  const label = place === undefined && html` data-label="${title}"`
  return html`<td role="cell"${classes.length > 0 && html` class="${classes.join(' ')}"`}${label}>${cell(row)}</td>`
}

interface PagingView {
  /** The first one shown, from 0. */
  from: number
  shown: number
  found: number
  /** How many a page has. */
  atOnce: number
  /** The address of the page that begins with this one. */
  href(from: number): string
}

/** Where one is in a long list, and the ways on. Nothing where one page holds all of it. */
export function paging({ from, shown, found, atOnce, href }: PagingView, t: Phrases): Html | undefined {
  if (found <= shown) return undefined
  return html`<nav class="paging" aria-label="${t`Pages of this list`}"><span>${t`${from + 1} to ${from + shown} of ${found}`}</span>
${from > 0 && html`<a href="${href(Math.max(0, from - atOnce))}" rel="prev">${t`Previous`}</a>`}
${from + shown < found && html`<a href="${href(from + atOnce)}" rel="next">${t`Next`}</a>`}</nav>
`
}

/** A part of a list: what a page of it shows. */
export interface ListPart<Row> {
  shown: readonly Row[]
  found: number
  from: number
  atOnce: number
  /** What was searched for. */
  text: string
}

/** Rows on one page: as many as a page of 60 kilobytes holds. */
const rowsAtOnce = 50

/**
 * The rows that a search has found, a page of them.
 * @param query `find` and `from`
 * @param wordsOf what is searched of a row
 */
export function partOf<Row>(
  all: readonly Row[],
  query: Fields,
  wordsOf: (row: Row) => readonly string[],
  atOnce = rowsAtOnce,
): ListPart<Row> {
  const text = one(query, 'find')?.trim() ?? ''
  const key = withoutCase(text)
  const found = all.filter((row) => wordsOf(row).some((words) => withoutCase(words).includes(key)))
  const asked = Number(one(query, 'from') ?? 0)
  const from = Number.isInteger(asked) && asked > 0 && asked < found.length ? asked : 0
  return { shown: found.slice(from, from + atOnce), found: found.length, from, atOnce, text }
}

/** The search above a list that has more than a page, and what is said where it finds nothing. */
export function searchOf<Row>(
  part: ListPart<Row>,
  { action, label, total }: { action: string; label: Html; total: number },
  t: Phrases,
): Html {
  return html`${total > part.atOnce && searchForm({ action, label, value: part.text }, t)}
${part.found === 0 && total > 0 && html`<p role="status">${t`Nothing is found for “${part.text}”.`} <a href="${action}">${t`Show all`}</a></p>`}`
}

/** The ways on in a part of a list. */
export function pagingOf<Row>(
  { shown, ...part }: ListPart<Row>,
  action: string,
  t: Phrases,
): Html | undefined {
  const href = (from: number) => `${action}?${new URLSearchParams({ find: part.text, from: String(from) })}`
  return paging({ ...part, shown: shown.length, href }, t)
}

interface SearchView {
  /** The address of the list. */
  action: string
  label: Html
  /** The name of the field. */
  name?: string
  value: string
  /** Further choices: selects with their labels, or hidden fields that are kept. */
  filters?: HtmlValue
}

/** The form that searches a list. What it asks is in the address, so that it can be kept and sent. */
export function searchForm({ action, label, name = 'find', value, filters }: SearchView, t: Phrases): Html {
  return html`<form class="search" role="search" method="get" action="${action}">
<label>${label} <input type="search" name="${name}" value="${value}"></label>
${filters}
<button class="quiet">${t`Search`}</button>
</form>
`
}
