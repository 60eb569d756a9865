import type { DatabaseSync } from '@photostructure/sqlite'

export interface SqliteLibrary {
  DatabaseSync: typeof DatabaseSync
}

/** The SQLite that Node brings, where it is complete enough; else the same API from a package with a built binary. */
export async function loadSqlite(): Promise<SqliteLibrary> {
  const builtIn = quietly(() => process.getBuiltinModule('node:sqlite') as SqliteLibrary | undefined)
  return builtIn && isComplete(builtIn) ? builtIn : import('@photostructure/sqlite')
}

// Node 22.13 has the module without a flag; only 22.16 tells whether a transaction is open, and takes file: addresses.
function isComplete({ DatabaseSync }: SqliteLibrary): boolean {
  const probe = new DatabaseSync(':memory:')
  try {
    return 'isTransaction' in probe
  } finally {
    probe.close()
  }
}

// Node announces its SQLite as experimental on standard error, where scripts look for what postern has to say.
function quietly<T>(load: () => T): T {
  const announce = process.emitWarning
  process.emitWarning = () => {}
  try {
    return load()
  } finally {
    process.emitWarning = announce
  }
}
