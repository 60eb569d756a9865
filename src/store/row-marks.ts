import { createHmac, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { deriveKey } from './hash-root.ts'
import type { Tables } from './tables.ts'

/**
 * The tables whose rows say who may do what, with the columns of their keys. Each row has a mark: a
 * keyed hash of what stands in it. An attacker who can write in the database and has no key can
 * neither add such a row, nor change one, nor move it.
 */
export const markedTables = {
  mailboxes: ['address_key'],
  grants: ['id'],
  registrations: ['id'],
  logins: ['id'],
  login_mailboxes: ['login_id', 'mailbox_key'],
  api_keys: ['id'],
  consent_links: ['id'],
  pending_consents: ['state_hash'],
  page_passwords: ['role'],
  page_sessions: ['id'],
  held_messages: ['id'],
} as const satisfies { [Table in keyof Tables]?: readonly (keyof Tables[Table] & string)[] }

export type MarkedTable = keyof typeof markedTables

/**
 * The column that the mark stands in; and those that it does not cover, because they give no right.
 */
export const markColumn = 'mark'
const freeColumns: readonly string[] = [markColumn, 'last_used_at']
/**
 * What is sealed tells by itself that it was changed or moved; the mark tells whether there is any.
 */
const sealedColumns: readonly string[] = [
  'refresh_token',
  'content',
  'sealed_password',
  'code_verifier',
  'nonce',
  'outcome',
]

export function isMarked(table: string): table is MarkedTable {
  return Object.hasOwn(markedTables, table)
}

export function isCovered(column: string): boolean {
  return !freeColumns.includes(column)
}

export type Row = Readonly<Record<string, unknown>>

export interface RowMarks {
  of(table: MarkedTable, row: Row): string
  /** For rows of a table that has these columns. */
  reader(table: MarkedTable, columns: readonly string[]): MarkReader
}

export interface MarkReader {
  /** Those that the mark covers. */
  columns: readonly string[]
  /** Whether it is the row that postern has written, by the values of those columns. */
  fits(mark: unknown, values: readonly unknown[]): boolean
  /** Logs one that is not, once. */
  refuse(values: readonly unknown[]): void
}

/** A table of forged rows must not fill the memory, nor the log. */
const mostReported = 1000
/**
 * Octets of rows whose mark was found to fit, enough for five thousand mailboxes and ten thousand
 * logins: to compare a row with itself costs a fraction of working its mark out, or even of putting
 * together what the mark is worked out from.
 */
const mostRemembered = 16_000_000
/** What a value takes beside its characters. */
const octetsOfValue = 24

export function createRowMarks(root: Secret, log: Log): RowMarks {
  const key = deriveKey(root, 'postern row marks')
  const reported = new Set<string>()
  /** By the mark, of which no two rows have the same. */
  const proven = new LRUCache<string, Proven>({ maxSize: mostRemembered, sizeCalculation: sizeOf })

  function markOf(text: string): string {
    return createHmac('sha256', key).update(text).digest('base64url')
  }

  function report(table: MarkedTable, row: Row): void {
    const id = markedTables[table].map((column) => row[column]).join(' ')
    if (reported.has(`${table} ${id}`) || reported.size >= mostReported) return
    reported.add(`${table} ${id}`)
    const fields = { event: 'store.row-refused', table, row: id, fix: `${remedies[table]} ${findOut}` }
    log.error(
      fields,
      'A row of the database was written or changed by something else than postern: it does not count',
    )
  }

  function reader(table: MarkedTable, columns: readonly string[]): MarkReader {
    const shape = shapeOf(columns)
    const fits = (mark: unknown, values: readonly unknown[]): boolean => {
      const found = String(mark)
      const known = proven.get(found)
      if (known?.shape === shape && isSameRow(known.values, values, shape)) return true
      const isRight = isSame(found, markOf(textOf(table, values, shape)))
      if (isRight) proven.set(found, { shape, values: comparable(values, shape) })
      return isRight
    }
    const refuse = (values: readonly unknown[]): void =>
      report(table, Object.fromEntries(shape.map(({ column }, place) => [column, values[place]])))
    return { columns: shape.map(({ column }) => column), fits, refuse }
  }

  return {
    of(table, row) {
      const shape = shapeOf(Object.keys(row))
      const values = shape.map(({ column }) => row[column])
      return markOf(textOf(table, values, shape))
    },
    reader,
  }
}

/** The columns that a mark covers, in the order of their names. */
type Shape = readonly { column: string; isSealed: boolean }[]

function shapeOf(columns: readonly string[]): Shape {
  const covered = columns.filter(isCovered).sort()
  return covered.map((column) => ({ column, isSealed: sealedColumns.includes(column) }))
}

/**
 * Everything as text: a database can hold numbers that no program of ours could read. What is empty
 * is left out, so that a column which is added later, and is empty, changes no mark.
 */
function textOf(table: MarkedTable, values: readonly unknown[], shape: Shape): string {
  const fields: unknown[] = [table]
  for (const [place, { column, isSealed }] of shape.entries()) {
    const value = values[place]
    if (isThere(value)) fields.push(column, isSealed ? 'sealed' : String(value))
  }
  return JSON.stringify(fields)
}

/** A row whose mark was found to fit. */
interface Proven {
  /** The very one of its reader, which is of one table. */
  shape: Shape
  values: readonly unknown[]
}

/** What `textOf` would make of it, before it is text. */
function comparable(values: readonly unknown[], shape: Shape): readonly unknown[] {
  return shape.map(({ isSealed }, place) => (isSealed ? isThere(values[place]) : values[place]))
}

/** Then `textOf` makes the same of both. */
function isSameRow(known: readonly unknown[], values: readonly unknown[], shape: Shape): boolean {
  for (let place = 0; place < shape.length; place += 1) {
    const value = shape[place]?.isSealed ? isThere(values[place]) : values[place]
    if (value !== known[place]) return false
  }
  return true
}

function isThere(value: unknown): boolean {
  return value !== null && value !== undefined
}

function sizeOf({ values }: Proven): number {
  return values.reduce<number>(
    (size, value) => size + octetsOfValue + (typeof value === 'string' ? value.length : 0),
    1,
  )
}

/** Whether a mark is the right one. The database may hold anything in its place. */
export function isSame(found: unknown, right: string): boolean {
  const [a, b] = [Buffer.from(String(found)), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const findOut =
  'Find out who else can write in the data directory, and put the database back from a backup if in doubt.'

const remedies: Record<MarkedTable, string> = {
  mailboxes: 'Add the mailbox anew: postern mailbox add ADDRESS --provider ID --replace.',
  grants: 'Consent anew: postern consent ADDRESS.',
  registrations: 'Add the registration anew: postern registration add ID.',
  logins: 'Revoke the login by this id, and add it anew: postern login revoke ID.',
  login_mailboxes: 'Revoke the login by the first id, and add it anew: postern login revoke ID.',
  api_keys: 'Revoke the key by this id, and add it anew: postern api-key revoke ID.',
  consent_links: 'Make a new link: postern consent ADDRESS.',
  pending_consents: 'Begin the consent anew.',
  page_passwords: 'Set the password of the pages anew.',
  page_sessions: 'Sign in to the pages anew.',
  held_messages: 'Have the message sent anew by who sent it.',
}
