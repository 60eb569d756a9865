import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import type { JournalEntryStatus, JournalFilters } from '../journal/journal.ts'
import type { Context, RunningBroker } from './context.ts'
import { table } from './terminal.ts'

interface JournalOptions extends Omit<JournalFilters, 'limit' | 'after'> {
  limit: string
  follow?: boolean
  json?: boolean
}

const help = `
Kinds: send, sign-in, token, consent, change, trouble. Outcomes: done, refused, failed. Times are UTC.

Examples:
  postern journal --outcome refused --since 2026-12-01
  postern journal --mailbox billing@example.com --follow`

/** `postern journal` */
export function addJournalVerb(program: Command, context: Context): void {
  program
    .command('journal')
    .description('what happened: sends, sign-ins, consents and changes; the newest last')
    .option('--mailbox <address>', 'of this mailbox')
    .option('--login <user>', 'of the login with this user name')
    .option('--kind <kind>', 'of this kind')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--since <date>', '2027-12-31, or a date and time')
    .option('--until <date>', '2027-12-31 (all of that day), or a date and time')
    .option('--before <id>', 'older than this entry')
    .option('--limit <number>', 'so many of the newest (at most 500)', '50')
    .option('--follow', 'go on with what happens from now on, until it is interrupted')
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
    const lines = asJson ? entries.map((entry) => `${JSON.stringify(entry)}\n`) : entries.map(lineOf)
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

const heading = ['TIME', 'EVENT', 'OUTCOME', 'MAILBOX', 'LOGIN', 'FROM', 'WHAT']

function rowsOf(entries: readonly JournalEntryStatus[]): string {
  return table(heading, entries.map(cellsOf))
}

function lineOf(entry: JournalEntryStatus): string {
  return `${cellsOf(entry)
    .filter((cell) => cell !== '')
    .join('  ')}\n`
}

function cellsOf(entry: JournalEntryStatus): string[] {
  const { at, event, outcome, mailbox = '', login = '', by, source = '', milliseconds, details } = entry
  const more = Object.entries({ by, milliseconds, ...details })
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`)
  return [at, event, outcome, mailbox, login, source, more.join(' ')]
}
