import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { deriveKey } from './keyed-hash.ts'
import type { Tables } from './tables.ts'

/**
 * The tables whose rows say who may do what, with the columns of their keys. Each row has a mark: a keyed hash of what stands in it. Whoever can write in the
 * database and has not got the key can neither add such a row, nor change one, nor move it.
 */
export const markedTables = {
  mailboxes: ['address_key'],
  grants: ['id'],
  logins: ['id'],
  login_mailboxes: ['login_id', 'mailbox_key'],
  api_keys: ['id'],
  consent_links: ['id'],
  pending_consents: ['state_hash'],
  page_passwords: ['role'],
  page_sessions: ['id'],
} as const satisfies { [Table in keyof Tables]?: readonly (keyof Tables[Table] & string)[] }

export type MarkedTable = keyof typeof markedTables

/** The column that the mark stands in; and those that it does not cover, because they give nobody a right. */
export const markColumn = 'mark'
const freeColumns: readonly string[] = [markColumn, 'last_used_at']
/** What is sealed tells by itself that it was changed or moved; the mark tells whether there is any. */
const sealedColumns: readonly string[] = ['refresh_token', 'sealed_password', 'code_verifier', 'nonce']

export function isMarked(table: string): table is MarkedTable {
  return Object.hasOwn(markedTables, table)
}

export function isCovered(column: string): boolean {
  return !freeColumns.includes(column)
}

export type Row = Readonly<Record<string, unknown>>

export interface RowMarks {
  of(table: MarkedTable, row: Row): string
  /** Whether it is the row that postern has written. One that is not is logged, once. */
  fits(table: MarkedTable, row: Row, mark: unknown): boolean
}

/** A table of forged rows must not fill the memory, nor the log. */
const mostRemembered = 1000

export function createRowMarks(root: Secret, log: Log): RowMarks {
  const key = deriveKey(root, 'postern row marks')
  const told = new Set<string>()

  // What is empty is left out, so that a column which is added later, and is empty, changes no mark.
  function of(table: MarkedTable, row: Row): string {
    const fields = Object.keys(row)
      .filter((column) => isCovered(column) && row[column] !== null && row[column] !== undefined)
      .sort()
      .map((column) => [column, sealedColumns.includes(column) ? 'sealed' : row[column]])
    return createHmac('sha256', key)
      .update(JSON.stringify([table, fields]))
      .digest('base64url')
  }

  function tell(table: MarkedTable, row: Row): void {
    const id = markedTables[table].map((column) => row[column]).join(' ')
    if (told.has(`${table} ${id}`) || told.size >= mostRemembered) return
    told.add(`${table} ${id}`)
    const fields = { event: 'store.row-refused', table, row: id, fix: `${remedies[table]} ${findOut}` }
    log.error(
      fields,
      'A row of the database was written or changed by something else than postern: it does not count',
    )
  }

  return {
    of,
    fits(table, row, mark) {
      const [found, right] = [Buffer.from(String(mark)), Buffer.from(of(table, row))]
      const fits = found.length === right.length && timingSafeEqual(found, right)
      if (!fits) tell(table, row)
      return fits
    },
  }
}

const findOut =
  'Find out who else can write in the data directory, and put the database back from a backup if in doubt.'

const remedies: Record<MarkedTable, string> = {
  mailboxes: 'Add the mailbox anew: postern mailbox add ADDRESS --provider ID --replace.',
  grants: 'Consent anew: postern consent ADDRESS.',
  logins: 'Revoke the login by this id, and add it anew: postern login revoke ID.',
  login_mailboxes: 'Revoke the login by the first id, and add it anew: postern login revoke ID.',
  api_keys: 'Revoke the key by this id, and add it anew: postern api-key revoke ID.',
  consent_links: 'Make a new link: postern consent ADDRESS.',
  pending_consents: 'Begin the consent anew.',
  page_passwords: 'Set the password of the pages anew.',
  page_sessions: 'Sign in to the pages anew.',
}
