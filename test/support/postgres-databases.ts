import { inject, onTestFinished } from 'vitest'
import { ask, databaseAt, templateName } from './postgres-template.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run, as `postgres://…/` of its own database. Undefined where SQLite is tested. */
    postgres: string | undefined
    /** The hash root of the store that the databases of tests are copies of. */
    sealedRoot: string | undefined
  }
}

/** PostgreSQL is behind the stores of this run. */
export const onPostgres = inject('postgres') !== undefined

let made = 0

/**
 * A database of its own for a test. To make one takes longer than most tests: so one that a test has
 * done with is emptied and serves another, of whichever file.
 * @param like what is in it: an empty store, whose key is `templateKey`, or nothing
 */
export async function newPostgresDatabase(like: 'store' | 'nothing' = 'store'): Promise<string> {
  const server = inject('postgres') ?? ''
  const name = (like === 'store' ? await emptiedOne(server) : undefined) ?? (await make(server, like))
  const url = databaseAt(server, name)
  onTestFinished(async () => {
    if (like === 'store' && (await isEmptied(url)))
      await ask(server, `insert into emptied_databases values ('${name}')`)
    else await ask(server, `drop database if exists ${name} with (force)`)
  })
  return url
}

async function make(server: string, like: 'store' | 'nothing'): Promise<string> {
  made += 1
  const name = `test_${process.pid}_${made}`
  await ask(server, `create database ${name} template ${like === 'store' ? templateName : 'template0'}`)
  return name
}

async function emptiedOne(server: string): Promise<string | undefined> {
  const [row] = await ask(
    server,
    `delete from emptied_databases where name =
      (select name from emptied_databases limit 1 for update skip locked) returning name`,
  )
  return row?.name as string | undefined
}

/** False for one that is not like new again. */
async function isEmptied(url: string): Promise<boolean> {
  const [row] = await ask(url, 'select template.emptied() as done').catch(() => [])
  return row?.done === true
}

/** The database goes away: who is connected is cut off, and nobody gets in. */
export async function takeAway(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1)
  await ask(
    databaseAt(url, 'postgres'),
    `alter database ${name} with allow_connections false;
    select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  )
}

/** And comes back. */
export async function bringBack(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1)
  await ask(databaseAt(url, 'postgres'), `alter database ${name} with allow_connections true`)
}
