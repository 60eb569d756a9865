import { localTime } from '../../base/local-time.ts'
import type { ApiKeyStatus } from '../../credentials/api-keys.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { Flow } from '../../model/grant.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'

/*
 * The pieces that pages are made of. Nothing else makes these by hand.
 *
 * parts.ts
 *   time(when), day(when), duration(ms, t)   times; the script shows them in the reader's own zone
 *   octets(count)                            a size
 *   badge(kind, words)                       a state: 'good' ●, 'warn' ▲, 'bad' ✕, 'off' ○
 *   credentialState(state, t)                the badge of a login or an API key
 *   icon(name)                               one of a small set; decoration, words stand beside it
 *   checklist(steps, t), checkedStep(step, t)  steps with ✓ ✕ ○ and the time each took, in one card
 * tables.ts
 *   table(view), paging(view, t), searchForm(view, t)
 *   partOf(all, query, wordsOf)              a page of a list that is searched (`find`, `from`), with
 *                                            searchOf(part, …) above it and pagingOf(part, …) below
 * form-parts.ts
 *   textField(field, state), choiceField(field, state), checkField(field, state),
 *   checksField(field, state)                label, hint, what is wrong, and what was typed
 *   refusedForm(error, t, fields)            what is wrong with a form: `state` for its fields, a summary
 *   confirmation(question, context)          a button that asks before it does what cannot be undone
 * page-context.ts
 *   context.done(response, words, path)      after a change: redirects to a page that says so, once
 *   context.failed(response, error, path)    the same for a refusal
 *   context.show(response, page)             after a change: redirects to a page of its own, for what
 *                                            is shown only now (a password, a link)
 * layout.ts
 *   Page.wide                                for tables
 * Classes: .tiles, .actions, .card, .done, .warning, .mistake, .soft, .hint, .small, .button, .quiet,
 * .danger, .unseen (for screen readers only).
 */

/**
 * A time. Without the script it is that of the server's zone (`TZ`), which is named; with it, that of
 * the reader, and how long ago it was.
 * @param when ISO 8601, or milliseconds since 1970
 */
export function time(when: string | number): Html {
  const milliseconds = typeof when === 'number' ? when : Date.parse(when)
  if (Number.isNaN(milliseconds)) return html`${when}`
  return html`<time datetime="${new Date(milliseconds).toISOString()}" data-ago>${localTime(milliseconds)}</time>`
}

/**
 * A day, such as the last of a certificate.
 * @param when begins with it, as ISO 8601 does
 */
export function day(when: string): Html {
  const text = when.slice(0, 10)
  return html`<time datetime="${text}" data-ago>${text}</time>`
}

/** Milliseconds as seconds, to the hundredth. */
export function duration(milliseconds: number, t: Phrases): Html {
  return milliseconds < 10 ? t`less than 0.01 s` : t`${(milliseconds / 1000).toFixed(2)} s`
}

/** Octets as people write them. */
export function octets(count: number): string {
  if (count < 1000) return `${count} B`
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`
}

/** All well; somebody should look; it does not work; not in use, or not yet. */
export type Condition = 'good' | 'warn' | 'bad' | 'off'

/** A state: a shape, a colour and words, each of which says it alone. */
export function badge(condition: Condition, words: Html | string): Html {
  return html`<span class="badge ${condition}">${words}</span>`
}

const credentialStates: Record<LoginStatus['state'] | ApiKeyStatus['state'], [Condition, Phrase]> = {
  active: ['good', phrase('active')],
  expired: ['warn', phrase('expired')],
  revoked: ['off', phrase('revoked')],
}

/** The state of a login or an API key. */
export function credentialState(state: keyof typeof credentialStates, t: Phrases): Html {
  const [condition, words] = credentialStates[state]
  return badge(condition, t.say(words))
}

const paths = {
  activity: 'M1.5 8.5h3l2-5.5 3 10 2-4.5h3',
  arrow: 'M2.5 8h11M9 3.5 13.5 8 9 12.5',
  check: 'm2.5 8.5 3.5 4 7.5-9',
  circle: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z',
  clock: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.5V8l2.5 1.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  cross: 'm3.5 3.5 9 9m0-9-9 9',
  device: 'M4.5 5.5v-4h7v4M4.5 11.5h-3v-6h13v6h-3M4.5 9.5h7v5h-7z',
  help: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM6 6.2c0-2.6 4-2.6 4 0C10 7.7 8 7.7 8 9.3M8 11.5v.1',
  key: 'M10.5 1.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM7.5 8.5l-6 6M3.5 12.5l2 2',
  link: 'M6.5 9.5l3-3M7.5 4.5l2-2a2.8 2.8 0 0 1 4 4l-2 2M8.5 11.5l-2 2a2.8 2.8 0 0 1-4-4l2-2',
  mail: 'M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5',
  people: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.5-5 10.5-5 11 0',
  plus: 'M8 2.5v11M2.5 8h11',
  provider: 'M4 12.5a3 3 0 0 1 0-6 4 4 0 0 1 8-.5 3.2 3.2 0 0 1 0 6.5z',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5l3.5 3.5',
  send: 'M14.5 1.5 7 9M14.5 1.5l-4.5 13L7 9 1.5 6z',
  trash: 'M2.5 4h11M6 4V2h4v2M4 4l.7 10h6.6L12 4',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3.5M8 11.8v.1',
} as const

export type IconName = keyof typeof paths

/** A picture of 16 by 16. It is decoration: what it means stands beside it in words. */
export function icon(name: IconName): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${paths[name]}"/></svg>`
}

/** The logo, 32 by 32: a small gate in a wall. */
export const gate = 'M3 29V8h5v3h4V8h8v3h4V8h5v21h-8v-7a5 5 0 0 0-10 0v7z'

/** A step of something that was tried, or of something that is to be done. */
export interface Step {
  condition: Condition
  words: Html | string
  /** How long it took, in milliseconds. */
  took?: number | undefined
  /** What is said below it: an answer, what to do, a button. */
  more?: HtmlValue
}

const conditionIcons: Record<Condition, IconName> = {
  good: 'check',
  warn: 'warning',
  bad: 'cross',
  off: 'circle',
}

const conditionWords: Record<Condition, Phrase> = {
  good: phrase('done:'),
  warn: phrase('needs attention:'),
  bad: phrase('failed:'),
  off: phrase('not yet:'),
}

/** What stands before the first step and after the last, where steps are shown as they come. */
export const [checklistBegin, checklistEnd] = [html`<ol class="checklist" aria-live="polite">`, html`</ol>`]

/** Steps in one card, each with ✓, ▲, ✕ or ○. */
export function checklist(steps: readonly Step[], t: Phrases): Html {
  return html`<ol class="checklist">${steps.map((step) => checkedStep(step, t))}</ol>`
}

export function checkedStep({ condition, words, took, more }: Step, t: Phrases): Html {
  return html`<li class="${condition}">${icon(conditionIcons[condition])}<span><span class="unseen">${t.say(conditionWords[condition])} </span>${words}</span>${took === undefined ? html`<span></span>` : html`<span class="took">${duration(took, t)}</span>`}${isThere(more) && html`<div class="more">${more}</div>`}</li>
`
}

function isThere(value: HtmlValue): boolean {
  return value !== undefined && value !== false && value !== ''
}

/** How a grant came about. */
export const flowWords: Record<Flow, Phrase> = {
  'authorization-code': phrase('by a consent in a browser'),
  device: phrase('by a code that was entered at the provider'),
  'client-credentials': phrase('by the app registration itself, without a person'),
  'service-account': phrase('by a service account, without a person'),
  adopted: phrase('by a refresh token that was handed over'),
}

/** Who asks for a consent that is asked for on the pages, as it is stored. */
export const theAdministrator = phrase('the administrator')

/** Who asked for a consent: everybody else is a name. */
export function askedBy(requestedBy: string, t: Phrases): string {
  // Who runs the command on the server has the key of the owner.
  return [theAdministrator, 'owner'].includes(requestedBy) ? t.say(theAdministrator) : requestedBy
}
