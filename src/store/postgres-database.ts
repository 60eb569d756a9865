import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type {
  PostgresCursor,
  PostgresPoolClient,
  PostgresQueryResult,
  Kysely as Tabled,
  Transaction,
} from 'kysely'
import { asFailure, Failure, failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { isLoopbackHost } from '../net/connect.ts'
import type { Database } from './database.ts'
import { Kysely, PostgresDialect, sql } from './kysely.ts'
import { checkRows, markedColumnsOf, type SeeChange } from './postgres-trusted-rows.ts'
import type { RowMarks } from './row-marks.ts'
import { type SharedDatabase, type Sharing, Touched } from './shared-changes.ts'
import type { Refusals } from './sqlite.ts'
import type { SchemaWords, Tables } from './tables.ts'

export interface PostgresPlace {
  /** `postgres://user:password@host/database`, with the parameters of libpq. */
  url: Secret
  /** PEM text of additional certification authorities. */
  extraCa?: string
}

/** Connections of one process. A change takes one and waits for its turn; readers need few. */
const mostConnections = 10
const connectMilliseconds = 5000
/** A query that takes longer is given up, and its connection with it. */
const queryMilliseconds = 15_000

/**
 * Opens a PostgreSQL database. Any number of processes may have it open: changes are made one at a
 * time, whoever makes them, as SQLite does it. So a change may read first and write what follows
 * from that.
 * @throws Failure `configuration`, `store-unavailable`
 */
export async function openPostgresDatabase(place: PostgresPlace): Promise<SharedDatabase> {
  const { default: pg } = await import('pg')
  const server = serverIn(place.url)
  const settings = {
    ...server.settings,
    ...(server.encrypted && { ssl: trust(place, server.host) }),
    application_name: 'postern',
  }
  const pool = new pg.Pool({
    ...settings,
    max: mostConnections,
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
    // What a process that hangs holds is given up by the server, so that it stops nobody else.
    lock_timeout: queryMilliseconds,
    statement_timeout: queryMilliseconds,
    idle_in_transaction_session_timeout: queryMilliseconds,
    types: {
      getTypeParser: (type: number, format) => parserOf(type) ?? pg.types.getTypeParser(type, format),
    },
  })
  // A connection that breaks while nobody uses it is replaced by the next one.
  pool.on('error', () => {})
  // One that breaks between two queries of somebody who has it: the next of them fails. An error that
  // nobody listens for would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  const tables = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: bounded(pool) }) })
  const touched = new Touched()
  let sharing: Sharing | undefined
  let isClosed = false
  const failureOf = (error: unknown, refusals = {}) => postgresFailure(error, server.host, refusals)

  function requireOpen(): void {
    if (isClosed) throw failure('database.closed')
  }

  function databaseOf(ready: () => Promise<Tabled<Tables>>): Database {
    /** With the number of the change, where others have to know it. */
    async function committed<T>(work: (changing: Transaction<Tables>) => Promise<T>) {
      requireOpen()
      const own = await ready()
      return own.transaction().execute(async (changing) => {
        await sql`select pg_advisory_xact_lock(${changeLock})`.execute(changing)
        touched.clear()
        const done = await work(changing)
        return [done, await sharing?.record(changing, touched)] as const
      })
    }

    const database: Database = {
      async read(query) {
        requireOpen()
        try {
          return await query(await ready())
        } catch (error) {
          throw failureOf(error)
        }
      },
      async change(work, refusals) {
        const [answer, revision] = await committed(work).catch((error: unknown) => {
          throw failureOf(error, refusals)
        })
        // It is done, whatever becomes of this.
        if (revision !== undefined) await sharing?.taken(revision)
        return answer
      },
      // Its server keeps its own reserve.
      changeAtLast: (work) => database.change(work),
      async checkWritable() {
        await database.change((writing) => sql`update secrets set value = value`.execute(writing))
      },
      close() {
        isClosed = true
        return tables.destroy()
      },
    }
    return database
  }

  return {
    ...databaseOf(async () => tables),
    share(by) {
      sharing = by
    },
    async listen(channels, hear) {
      const client = new pg.Client({
        ...settings,
        connectionTimeoutMillis: connectMilliseconds,
        keepAlive: true,
      })
      client.on('notification', ({ channel, payload = '' }) => hear(channel, payload))
      const lost = new Promise<void>((resolve) => {
        client.on('error', () => resolve())
        client.on('end', () => resolve())
      })
      await client.connect()
      for (const channel of channels) await client.query(`listen ${channel}`)
      return { lost, close: () => client.end() }
    },
    marked(marks) {
      let trusting: Promise<Tabled<Tables>> | undefined
      return databaseOf(() => {
        trusting ??= trustedTables(tables, marks, (...change) => touched.see(...change))
        trusting.catch(() => (trusting = undefined))
        return trusting
      })
    },
  }
}

export const postgresWords: SchemaWords = {
  integer: 'bigint',
  counting: 'bigint generated always as identity',
  tableOptions: '',
  indexesLongTexts: false,
  placeIn: 'strpos',
  namesOfSchema: `select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = current_schema()
    union all select indexname from pg_indexes where schemaname = current_schema()`,
  afterwards: useByteOrder,
}

/**
 * Texts are in the order of their octets, as in SQLite, whatever language the database was made for:
 * ids of the journal are times, and lists are read in pieces.
 */
async function useByteOrder(tables: Tabled<Tables>): Promise<void> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = current_schema() and data_type = 'text' and collation_name is distinct from 'C'`.execute(
    tables,
  )
  for (const { table, column } of rows)
    await sql`alter table ${sql.table(table)} alter column ${sql.ref(column)} type text collate "C"`.execute(
      tables,
    )
}

/** Of all postern processes on this database: who holds it may change something. "post" in ASCII. */
const changeLock = 0x706f7374

async function trustedTables(
  tables: Tabled<Tables>,
  marks: RowMarks,
  see: SeeChange,
): Promise<Tabled<Tables>> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as "table", column_name as "column" from information_schema.columns
    where table_schema = current_schema() order by ordinal_position`.execute(tables)
  return tables.withPlugin(checkRows(marks, markedColumnsOf(rows), see))
}

/** Whole numbers of 64 bits and sums of them: ours are below 2^53. */
function parserOf(type: number): ((text: string) => number) | undefined {
  return type === 20 || type === 1700 ? Number : undefined
}

interface Server {
  host: string
  encrypted: boolean
  settings: {
    host: string
    port?: number
    database?: string
    user?: string
    password?: string
  }
}

/**
 * A server on another machine is spoken to by TLS, and its certificate is checked, unless the address
 * says `sslmode=disable`.
 */
function serverIn(url: Secret): Server {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url.reveal())
  const name = decodeURIComponent(hostname)
  const host = searchParams.get('host') ?? (name.replace(/^\[|\]$/g, '') || '/var/run/postgresql')
  const mode = searchParams.get('sslmode')
  const isHere = host.startsWith('/') || isLoopbackHost(host)
  const database = decodeURIComponent(pathname.slice(1))
  return {
    host,
    encrypted: mode === null ? !isHere : mode !== 'disable',
    settings: {
      host,
      ...(port !== '' && { port: Number(port) }),
      ...(database !== '' && { database }),
      ...(username !== '' && { user: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    },
  }
}

function trust({ url, extraCa }: PostgresPlace, host: string): ConnectionOptions {
  const file = new URL(url.reveal()).searchParams.get('sslrootcert')
  const own = file === null ? [] : [readFileSync(file, 'utf8')]
  return {
    servername: host,
    ...((own.length > 0 || extraCa !== undefined) && { ca: [...own, ...(extraCa ? [extraCa] : [])] }),
  }
}

interface Pool {
  connect(): Promise<Client>
  end(): Promise<void>
}

interface Client {
  query(text: string, parameters?: readonly unknown[]): Promise<PostgresQueryResult<unknown>>
  release(destroy?: boolean): void
}

/**
 * Connections whose queries end: a server that has vanished says nothing, and TCP gives it a quarter
 * of an hour. Its connection is closed then and never used again.
 */
function bounded(pool: Pool) {
  return {
    end: () => pool.end(),
    async connect(): Promise<PostgresPoolClient> {
      const client = await pool.connect()
      let isReleased = false
      const release = (destroy: boolean) => {
        if (isReleased) return
        isReleased = true
        client.release(destroy)
      }
      async function query(text: string, parameters: readonly unknown[]) {
        // What this transaction did ends with its connection.
        if (isReleased && text === 'rollback') return { command: 'ROLLBACK', rowCount: 0, rows: [] } as never
        let timer: NodeJS.Timeout | undefined
        const tooSlow = new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            release(true)
            reject(failure('database.server-slow', { seconds: queryMilliseconds / 1000 }))
          }, queryMilliseconds + 1000)
        })
        try {
          return await Promise.race([client.query(text, parameters), tooSlow])
        } catch (error) {
          if (isConnectionLost(error)) release(true)
          throw error
        } finally {
          clearTimeout(timer)
        }
      }
      return {
        query: query as PostgresPoolClient['query'] & (<R>(cursor: PostgresCursor<R>) => PostgresCursor<R>),
        release: () => release(false),
      }
    },
  }
}

/** The server has said nothing about it: the error has no code of SQL. */
function isConnectionLost(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('57P') || code === '25P03'
}

/*
 * What the errors of PostgreSQL mean (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */

const [uniqueViolation, foreignKeyViolation] = ['23505', '23503']

type ServerFailure = `database.server-${'busy' | 'full' | 'read-only' | 'refuses'}`

/** By the code, or by its first two characters. */
const failures: Readonly<Record<string, ServerFailure>> = {
  '25006': 'database.server-read-only',
  '28': 'database.server-refuses',
  '3D': 'database.server-refuses',
  '40': 'database.server-busy',
  '42501': 'database.server-refuses',
  '53100': 'database.server-full',
  '53': 'database.server-busy',
  '55P03': 'database.server-busy',
  '57014': 'database.server-busy',
}

/**
 * The one place where an error of PostgreSQL becomes a Failure. A Failure passes unchanged.
 * @param server its host
 */
function postgresFailure(error: unknown, server: string, refusals: Refusals = {}): Failure {
  if (error instanceof Failure) return error
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string }
  if (typeof code !== 'string') return isOfConnection(message) ? unreachable(error, server) : asFailure(error)
  if (code === uniqueViolation && refusals.taken) return refusals.taken()
  if (code === foreignKeyViolation && refusals.missing) return refusals.missing()
  const id = failures[code] ?? failures[code.slice(0, 2)]
  if (id) return failure(id, { server, said: message, cause: error })
  // 08: of the connection. 57P: the server is ended, or has not begun yet. E…: of the system.
  if (/^(?:08|57P|25P03|E)/.test(code) && code !== 'EXXXX') return unreachable(error, server)
  return failure('database.query-refused', { cause: error })
}

function unreachable(cause: unknown, server: string): Failure {
  const { message, code } = cause as { message?: string; code?: unknown }
  return failure('database.server-unreachable', { server, reason: message || String(code), cause })
}

/** What `pg` says without a code. */
function isOfConnection(message: string | undefined): boolean {
  return message !== undefined && /connection|timeout|socket|self-signed|certificate/i.test(message)
}
