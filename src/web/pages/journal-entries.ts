import { printable } from '../../base/text.ts'
import type { JournalEntryStatus, JournalReader } from '../../journal/journal.ts'
import type { JournalDetail, JournalRecipient } from '../../model/journal.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { actorWords, detailWords, eventWords, valueWords } from './journal-words.ts'
import type { PageContext } from './page-context.ts'
import { badge, type Condition, duration, octets, time } from './parts.ts'
import { table } from './tables.ts'

/** Entries of the journal, one line each; what else is known of one opens below it. */
export function entryTable(
  entries: readonly JournalEntryStatus[],
  meanings: ReadonlyMap<string, Words>,
  { context, liveId }: { context: PageContext; liveId?: string | undefined },
): Html {
  const { t } = context
  return table({
    caption: t`What happened, the newest first`,
    liveId,
    rows: entries,
    columns: [
      { title: t`When`, place: 'side', cell: ({ at }) => time(at) },
      { title: t`What`, place: 'main', cell: (entry) => outcomeBadge(entry, t) },
      { title: t`Mailbox`, cell: (entry) => mailboxOf(entry) },
      { title: t`Login`, cell: ({ login, loginName = login }) => loginName && printable(loginName, 80) },
      { title: t`Details`, cell: (entry) => folded(entry, meanings.get(entry.id), context) },
    ],
  })
}

/** Somebody has to do something about a message or a consent that is refused; strangers are refused all day. */
function conditionOf({ kind, outcome, details }: JournalEntryStatus): Condition {
  if (outcome === 'failed') return 'bad'
  if (outcome === 'refused') return kind === 'send' || kind === 'consent' ? 'bad' : 'warn'
  return details.refusedRecipients === undefined ? 'good' : 'warn'
}

function outcomeBadge(entry: JournalEntryStatus, t: Phrases): Html {
  const { event, outcome, details } = entry
  const isPartly = outcome === 'done' && details.refusedRecipients !== undefined
  const words = eventWords[event]
  const said = isPartly ? t`Message sent, but not to all` : words === undefined ? event : t.say(words)
  return badge(conditionOf(entry), said)
}

function mailboxOf({ mailbox, details: { mailboxes } }: JournalEntryStatus): string | undefined {
  if (mailbox !== undefined || !Array.isArray(mailboxes)) return mailbox
  const [first, ...others] = mailboxes
  return others.length === 0 ? first : `${first} +${others.length}`
}

function folded(entry: JournalEntryStatus, meaning: Words | undefined, context: PageContext): Html {
  const { t } = context
  const facts = factsOf(entry, t).filter(
    ([, value]) => value !== undefined && value !== false && value !== '',
  )
  const short = shortWords(entry, t)
  return html`<details class="entry"><summary>${short === '' ? t`Details` : short}</summary>
${meaning && html`<p>${t`It means:`} ${meaning[t.language]}</p>`}
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></details>`
}

/** What one wants to know without opening it. */
function shortWords(entry: JournalEntryStatus, t: Phrases): HtmlValue {
  const { recipients = [], by } = entry
  const details = detailsOf(entry, t)
  const { detail, reason, reply, refusal, name, provider } = details
  const refused = recipients.find(({ code }) => code !== undefined)
  if (refused) return short(`${refused.address}: ${refused.code} ${refused.reply}`)
  if (entry.outcome !== 'done') {
    const said = reply === undefined ? (detail ?? refusal ?? valueIn('reason', reason, t)) : replyOf(entry)
    if (typeof said === 'string') return short(said)
  }
  const [first] = recipients
  if (first && recipients.length === 1) return short(first.address)
  if (typeof details.recipients === 'number') return t`Recipients: ${details.recipients}`
  if (typeof name === 'string') return short(name)
  if (by !== undefined) return byWords(by, t)
  return typeof provider === 'string' ? provider : (entry.source ?? '')
}

/** What went wrong is kept in English: in the reader's language, where its id says all of it. */
function detailsOf({ details }: JournalEntryStatus, t: Phrases): JournalEntryStatus['details'] {
  const { failure, detail } = details
  if (typeof failure !== 'string' || typeof detail !== 'string') return details
  return { ...details, detail: t.keptMessage(failure, detail) }
}

function short(text: string): string {
  return printable(text, 90)
}

function replyOf({ details: { code, reply } }: JournalEntryStatus): string {
  return `${code ?? ''} ${reply ?? ''}`.trim()
}

function byWords(by: string, t: Phrases): string {
  const words = Object.hasOwn(actorWords, by) ? actorWords[by] : undefined
  return words === undefined ? printable(by, 254) : t.say(words)
}

/** So many recipients are shown; the others are in what is downloaded. */
const mostShown = 20

function factsOf(entry: JournalEntryStatus, t: Phrases): [HtmlValue, HtmlValue][] {
  const { mailbox, login, loginName, source, by, milliseconds, recipients = [] } = entry
  const details = detailsOf(entry, t)
  const refused = recipients.filter(({ code }) => code !== undefined)
  const others = recipients.filter(({ code }) => code === undefined)
  return [
    [t`Mailbox`, mailbox],
    [t`User name`, loginName !== undefined && login !== loginName && printable(login ?? '', 254)],
    [t`Refused for`, refused.length > 0 && recipientList(refused, t)],
    [t`To`, others.length > 0 && recipientList(others, t)],
    [
      t`Provider's answer`,
      details.reply !== undefined && html`<code>${printable(replyOf(entry), 300)}</code>`,
    ],
    ...Object.entries(details)
      // The reason is a name, where there is a sentence as well.
      .filter(([name]) => !saidElsewhere.has(name) && !(name === 'reason' && details.detail !== undefined))
      .filter(([name]) => name !== 'mailboxes' || mailbox === undefined)
      .map(([name, value]) => factOf(name, value, t)),
    [t`From`, source],
    [t`By`, by && byWords(by, t)],
    [t`Took`, milliseconds !== undefined && duration(milliseconds, t)],
  ]
}

function recipientList(recipients: readonly JournalRecipient[], t: Phrases): Html {
  const shown = recipients.slice(0, mostShown)
  const more = recipients.length - shown.length
  return html`${shown.map(
    ({ address, code, reply }) =>
      html`${printable(address, 254)}${code !== undefined && html`: <code>${code} ${printable(reply ?? '', 300)}</code>`}<br>`,
  )}${more > 0 && t`and ${more} more`}`
}

/** Said elsewhere, or of use to programs only. */
const saidElsewhere: ReadonlySet<string> = new Set(['code', 'reply', 'about', 'known', 'refusedRecipients'])

/** A detail in words. May hold foreign text: it is cut, and control characters are removed. */
function factOf(name: string, value: JournalDetail, t: Phrases): [HtmlValue, HtmlValue] {
  if (value === false || (Array.isArray(value) && value.length === 0)) return ['', undefined]
  const words = detailWords[name]
  const label = words === undefined ? inWords(name) : t.say(words)
  if (name === 'octets' && typeof value === 'number') return [label, octets(value)]
  if (/Milliseconds$/.test(name) && typeof value === 'number') return [label, duration(value, t)]
  if (name === 'more') return [label, t`${Number(value)} times`]
  if (name === 'failure') return [label, html`<code>${String(value)}</code>`]
  return [label, valueIn(name, value, t)]
}

/** A name of the API that has no words yet. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
}

function valueIn(name: string, value: JournalDetail | undefined, t: Phrases): string | undefined {
  if (value === undefined) return undefined
  if (value === true) return t.say(phrase('yes'))
  const text = Array.isArray(value) ? value.join(', ') : String(value)
  const known = Object.hasOwn(valueWords, name) ? valueWords[name] : undefined
  const words = known && Object.hasOwn(known, text) ? known[text] : undefined
  return words === undefined ? printable(text, 300) : t.say(words)
}

/** Fewer wrong passwords in a day may be somebody who types. */
const fewestWrong = 5

/**
 * The logins that a wrong password was given for again and again in these entries, by their user
 * names, with how often.
 */
export function wrongPasswords(refused: readonly JournalEntryStatus[]): Map<string, number> {
  const wrong = new Map<string, number>()
  for (const { event, login, mailbox, details } of refused) {
    // Only a login that there is has a mailbox.
    const isLogin = login !== undefined && (mailbox !== undefined || details.mailboxes !== undefined)
    if (event === 'sign-in.refused' && isLogin && details.reason === 'wrong-credentials')
      wrong.set(login, (wrong.get(login) ?? 0) + 1)
  }
  return new Map([...wrong].filter(([, count]) => count >= fewestWrong))
}

/** Sign-ins of a day that were refused. */
export async function refusedSignIns(
  journal: Pick<JournalReader, 'list'>,
  now: number,
): Promise<readonly JournalEntryStatus[]> {
  const since = new Date(now - 86_400_000).toISOString()
  const { entries } = await journal.list({ kind: 'sign-in', outcome: 'refused', since, limit: 500 })
  return entries
}
