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

export const templateName = 'empty_store'
export const templateKey = new Secret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')

export function databaseAt(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Makes a store the template of all, in a server where none was made yet. */
export async function beTemplate(server: string): Promise<void> {
  await ask(server, 'create table emptied_databases (name text primary key)')
  await ask(databaseAt(server, templateName), emptying)
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

/**
 * What a database has beside its store, to be emptied by. One whose tables are others than before,
 * that has become large, or that somebody is still connected to, is not.
 */
const emptying = `
  create schema template;
  create function template.shape() returns text language sql as $$
    select md5(string_agg(part, e'\\n' order by part)) from (
      select concat_ws(' ', attrelid::regclass, attnum, attname, atttypid, attnotnull, attcollation) as part
        from pg_attribute join pg_class on pg_class.oid = attrelid where relnamespace = 'public'::regnamespace
      union all select concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
      union all select pg_get_triggerdef(pg_trigger.oid)
        from pg_trigger join pg_class on pg_class.oid = tgrelid
        where relnamespace = 'public'::regnamespace and not tgisinternal
      union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
    ) parts
  $$;
  create function template.is_in_use() returns boolean language sql volatile as $$
    select exists (select from pg_stat_activity where datname = current_database()
      and pid <> pg_backend_pid() and backend_type = 'client backend')
  $$;
  create function template.emptied() returns boolean language plpgsql as $$
    declare one record;
    begin
      for looks in 1 .. 100 loop
        exit when not template.is_in_use();
        -- A connection that is closed is there for a moment longer.
        perform pg_sleep(0.005), pg_stat_clear_snapshot();
      end loop;
      if template.is_in_use() or template.shape() <> (select shape from template.made)
        or pg_database_size(current_database()) > (select octets from template.made) + 4000000
      then return false; end if;
      set local session_replication_role = replica;
      for one in select name, rows from template.contents loop
        execute format('delete from public.%I', one.name);
        execute format('insert into public.%1$I overriding system value
          select * from jsonb_populate_recordset(null::public.%1$I, $1)', one.name) using one.rows;
      end loop;
      perform setval(oid, 1, false)
        from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace;
      return true;
    end
  $$;
  create table template.contents (name text, rows jsonb);
  do $$
    declare one record; rows jsonb;
    begin
      for one in select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'
      loop
        execute format('select coalesce(jsonb_agg(found), ''[]'') from public.%I found', one.name) into rows;
        insert into template.contents values (one.name, rows);
      end loop;
      create table template.made as
        select template.shape() as shape, pg_database_size(current_database()) as octets;
    end
  $$`

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
