import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { Secret } from '../../src/base/secret.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run, as `postgres://…/` of its own database. Undefined where SQLite is tested. */
    postgres: string | undefined
  }
}

const getTypeParser = (type: number, format?: 'text' | 'binary') =>
  type === 20 ? Number : pg.types.getTypeParser(type, format)

let made = 0

/**
 * A database of its own for a test.
 * @param like one that it is a copy of: of an empty store, whose key is `templateKey`, or with nothing
 */
export async function newPostgresDatabase(like: 'store' | 'nothing' = 'store'): Promise<string> {
  const server = inject('postgres') ?? ''
  made += 1
  const name = `test_${process.pid}_${made}`
  const template = like === 'store' ? templateName : 'template0'
  await ask(server, `create database ${name} template ${template}`)
  onTestFinished(() => ask(server, `drop database if exists ${name} with (force)`).then(() => {}))
  return databaseAt(server, name)
}

export const templateName = 'empty_store'
export const templateKey = new Secret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')

export function databaseAt(server: string, name: string): string {
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
