import type { DatabaseSync } from '@photostructure/sqlite'

export interface SqliteLibrary {
  DatabaseSync: typeof DatabaseSync
}

/** The SQLite that Node brings, where it is complete enough; else the same API from a package with a built binary. */
export async function loadSqlite(): Promise<SqliteLibrary> {
  const builtIn = process.getBuiltinModule('node:sqlite') as Partial<SqliteLibrary> | undefined
  // Node 22.13 has the module without a flag; only 22.16 takes file: addresses and tells whether a transaction is open.
  const complete = builtIn?.DatabaseSync !== undefined && 'isTransaction' in builtIn.DatabaseSync.prototype
  return complete ? (builtIn as SqliteLibrary) : import('@photostructure/sqlite')
}
