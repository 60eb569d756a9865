import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { localTimestamp } from '../base/local-time.ts'
import type { ExportFilters } from '../journal/export-journal.ts'
import type { JournalEntryStatus, JournalFilters } from '../journal/journal.ts'
import type { JournalDetail, JournalFault, JournalVerdict } from '../model/journal.ts'
import type { Context, RunningBroker } from './context.ts'

interface JournalOptions extends Omit<JournalFilters, 'limit' | 'after'> {
  limit: string
  follow?: boolean
  json?: boolean
}

const help = `
Kinds: send, sign-in, token, consent, change, trouble. Outcomes: done, refused (also messages that some recipients were refused of), failed.
Times are of the zone of the command (TZ), and of UTC with --json. A line has room for the most telling only; --json has all.

Examples:
  postern journal --outcome refused --since yesterday
  postern journal --recipient anna@customer.example --since 7d
  postern journal --mailbox billing@example.com --follow
  postern journal export --csv --since 2026-12-01 > journal.csv
  postern journal verify`

/** `postern journal` */
export function addJournalVerb(program: Command, context: Context): void {
  const journal = withFilters(
    program
      .command('journal')
      .description('what happened: sends, sign-ins, consents and changes; the newest last'),
  )
  journal
    .option('--before <id>', 'older than this entry')
    .option('--limit <number>', 'so many of the newest (at most 500)', '50')
    .option('--follow', 'go on with what happens from now on, until it is interrupted')
    .option('--json', 'the result as JSON')
    .addHelpText('after', help)
    .action(async ({ limit, follow, json: _json, ...filters }: JournalOptions, command: Command) => {
      await context.withRunningBroker(async (broker) => {
        const page = await broker.journal({ ...filters, limit: Number(limit) })
        const entries = [...page.entries].reverse()
        if (follow) return await goOn({ broker, context, command, filters }, entries)
        const words = entries.length === 0 ? 'Nothing of that kind has happened.\n' : rowsOf(entries)
        context.tell(command, { ...page, entries }, words)
      })
    })
  addExportVerb(journal, context)
  addVerifyVerb(journal, context)
}

function withFilters(command: Command): Command {
  return command
    .option('--mailbox <address>', 'of this mailbox; a part of the address is enough')
    .option('--login <user>', 'of the login with this user name, or that people call so')
    .option('--recipient <address>', 'of messages to this address, as far as the journal keeps recipients')
    .option('--kind <kind>', 'of this kind')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--since <date>', '2027-12-31, a date and time, today, yesterday, or so long ago: 30m, 2h, 7d')
    .option('--until <date>', '2027-12-31 (all of that day), or as --since')
}

interface ExportOptions extends ExportFilters {
  csv?: boolean
  json?: boolean
}

/** `postern journal export` */
function addExportVerb(journal: Command, context: Context): void {
  withFilters(journal.command('export'))
    .description('all entries for another program, the newest first: JSON lines, or a table')
    .option('--csv', 'comma-separated values (RFC 4180) with a heading, for a spreadsheet')
    .addHelpText('after', '\nExample:\n  postern journal export --since 30d --csv > journal.csv')
    .action(async ({ csv = false, json: _json, ...filters }: ExportOptions) => {
      // Read only when somebody exports: every start reads this file.
      const { exportJournal } = await import('../journal/export-journal.ts')
      await context.withRunningBroker(async ({ journal: list }) => {
        for await (const piece of exportJournal(list, filters, csv ? 'csv' : 'jsonl'))
          context.terminal.stdout.write(piece)
      })
    })
}

/** `postern journal verify` */
function addVerifyVerb(journal: Command, context: Context): void {
  journal
    .command('verify')
    .description('whether all entries are there as they were written; ends with 1 if not')
    .addHelpText('after', '\nExample:\n  postern journal verify')
    .action(async (_options, command: Command) => {
      await context.withRunningBroker(async (broker) => {
        const verdict = await broker.verifyJournal()
        context.tell(command, verdict, wordsOf(verdict))
        if (verdict.faults.length > 0) context.exitCode = 1
      })
    })
}

function wordsOf({ entries, faults }: JournalVerdict): string {
  if (faults.length === 0) return `Entries: ${entries}. All are there, as they were written.\n`
  const lines = faults.map((fault) => `- ${faultWords(fault)}\n`)
  return `The journal was changed by something else than postern:
${lines.join('')}Find out who else can write in the data directory.
`
}

function faultWords(fault: JournalFault): string {
  switch (fault.what) {
    case 'changed':
      return `The entry ${fault.id} does not say what was written, or stands elsewhere.`
    case 'missing': {
      const where = fault.before === undefined ? 'at the end' : `before ${fault.before}`
      return `Entries were removed ${where}: ${fault.entries}.`
    }
    case 'unproven':
      return `Nothing can be said of the entry ${fault.id}, because what stood before it is gone.`
    case 'added':
      return `Entries were added that postern has not written: ${fault.entries}.`
    case 'ends-changed': {
      const when = fault.at === undefined ? '' : ` before ${localTimestamp(fault.at)}`
      return `Where the journal begins and ends was changed${when}; so entries may have been removed there.`
    }
  }
}

interface Followed {
  broker: RunningBroker
  context: Context
  command: Command
  filters: Omit<JournalFilters, 'limit'>
}

/** One line for each entry, as soon as it is there. */
async function goOn(followed: Followed, first: readonly JournalEntryStatus[]): Promise<never> {
  const { broker, context, command, filters } = followed
  const asJson = command.opts().json === true
  let entries = first
  let after = ''
  for (;;) {
    const lines = asJson
      ? entries.map((entry) => `${JSON.stringify(entry)}\n`)
      : entries.map((entry) => lineOf(cellsOf(entry), widest))
    context.terminal.stdout.write(lines.join(''))
    after = entries.at(-1)?.id ?? after
    await wait(1000)
    entries = await newerThan(after, broker, filters)
  }
}

/** All of them, the oldest first: in a busy second there are more than one answer holds. */
async function newerThan(after: string, broker: RunningBroker, filters: Followed['filters']) {
  const found: JournalEntryStatus[] = []
  let before: string | undefined
  do {
    const range = { ...(after && { after }), ...(before !== undefined && { before }) }
    const page = await broker.journal({ ...filters, ...range, limit: 500 })
    found.push(...page.entries)
    before = page.next
  } while (before !== undefined)
  return found.reverse()
}

const heading = ['TIME', 'EVENT', 'OUTCOME', 'MAILBOX', 'LOGIN', 'WHAT']
/** Of a line on a terminal. */
const mostColumns = 120
/** Of the cells between the time and what is said, where they are longer. */
const widest = [16, 23, 7, 26, 16]

function rowsOf(entries: readonly JournalEntryStatus[]): string {
  const rows = entries.map(cellsOf)
  const widths = widest.map((most, column) => {
    const longest = Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0))
    return Math.min(most, longest)
  })
  return [heading, ...rows].map((row) => lineOf(row, widths)).join('')
}

/** Cells in their columns; the last one has what remains. */
function lineOf(cells: readonly string[], widths: readonly number[]): string {
  const aligned = widths.map((width, column) => cut(cells[column] ?? '', width).padEnd(width))
  const used = aligned.join('  ')
  const rest = cut(cells[widths.length] ?? '', mostColumns - used.length - 2)
  return `${`${used}  ${rest}`.trimEnd()}\n`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

function cellsOf(entry: JournalEntryStatus): string[] {
  const { at, event, outcome, login = '', loginName = login, details } = entry
  const { mailbox = firstOf(details.mailboxes) } = entry
  return [
    localTimestamp(at).slice(0, 16).replace('T', ' '),
    event,
    outcome,
    mailbox,
    loginName,
    whatOf(entry),
  ]
}

function firstOf(mailboxes: JournalDetail | undefined): string {
  if (!Array.isArray(mailboxes)) return ''
  const [first = '', ...others] = mailboxes
  return others.length === 0 ? first : `${first} +${others.length}`
}

/** What is said of it, the most telling first: a line has no room for all. */
function whatOf({ recipients = [], by, source, milliseconds, details }: JournalEntryStatus): string {
  const { code, reply, detail, reason, refusedRecipients, moreRecipients: _more, ...others } = details
  const refused = recipients.filter((one) => one.code !== undefined)
  const told = refused.map(({ address, code: status, reply: words }) => `${address}: ${status} ${words}`)
  const untold = refused.length === 0 && refusedRecipients !== undefined && `${refusedRecipients} refused`
  const to =
    refused.length === 0 &&
    recipients.length > 0 &&
    `to ${recipients.map(({ address }) => address).join(', ')}`
  const said = refused.length === 0 && reply !== undefined && `${code ?? ''} ${reply}`.trim()
  const named = Object.entries({ by, source, milliseconds, ...others })
    .filter(([name, value]) => tells(value) && !quiet.has(name))
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`)
  const parts = [...told, untold, to, said, detail ?? reason, ...named]
  return parts.filter((part) => typeof part === 'string').join('  ')
}

/** What is not so, and what there is none of, says nothing in a line. */
function tells(value: unknown): boolean {
  return (
    value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0)
  )
}

/** Of use to programs only, or in a column of its own. */
const quiet: ReadonlySet<string> = new Set(['mailboxes', 'session', 'transaction', 'failure'])
