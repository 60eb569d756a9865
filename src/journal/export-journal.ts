import type { JournalEntryStatus, JournalFilters, JournalPage } from './journal.ts'

export type ExportFilters = Omit<JournalFilters, 'limit' | 'before' | 'after'>

const atOnce = 500

/**
 * Every entry for another program, the newest first: as JSON lines, or as comma-separated values
 * (RFC 4180) with a heading. In pieces, so that neither side holds all of it.
 * @param list as `JournalReader.list`
 */
export async function* exportJournal(
  list: (filters: JournalFilters) => Promise<JournalPage>,
  filters: ExportFilters,
  format: 'jsonl' | 'csv',
): AsyncGenerator<string> {
  const lineOf = format === 'csv' ? csvLineOf : jsonLineOf
  let before: string | undefined
  let heading = format === 'csv' ? csvLine(columns) : ''
  do {
    const page = await list({ ...filters, ...(before !== undefined && { before }), limit: atOnce })
    yield heading + page.entries.map(lineOf).join('')
    heading = ''
    before = page.next
  } while (before !== undefined)
}

function jsonLineOf(entry: JournalEntryStatus): string {
  return `${JSON.stringify(entry)}\n`
}

const columns = [
  'id',
  'at',
  'kind',
  'event',
  'outcome',
  'mailbox',
  'login',
  'source',
  'by',
  'milliseconds',
  'details',
  'loginName',
  'recipients',
] as const

function csvLineOf(entry: JournalEntryStatus): string {
  const cells = columns.map((column) => {
    const value = entry[column] ?? ''
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  })
  return csvLine(cells)
}

/** A spreadsheet would run a cell that begins like a formula, and strangers choose what some cells say. */
function csvLine(cells: readonly string[]): string {
  const safe = cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
  const quoted = safe.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
  return `${quoted.join(',')}\r\n`
}
