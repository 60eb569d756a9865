import pg from 'pg'
import { inject, onTestFinished } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run, as `postgres://…/` of its own database. Undefined where SQLite is tested. */
    postgres: string | undefined
  }
}

const getTypeParser = (type: number, format?: 'text' | 'binary') =>
  type === 20 ? Number : pg.types.getTypeParser(type, format)

let made = 0

/** A new, empty database, which goes with the test. */
export async function newPostgresDatabase(): Promise<string> {
  const server = inject('postgres') ?? ''
  made += 1
  const name = `test_${process.pid}_${made}`
  await ask(server, `create database ${name}`)
  onTestFinished(() => ask(server, `drop database if exists ${name} with (force)`).then(() => {}))
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Asks the server, past postern. */
export async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser } })
  await client.connect()
  try {
    // Of several statements the last one answers.
    const answers: pg.QueryResult[] = [await client.query(statement)].flat()
    return answers.at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}
