import pg from 'pg'
import { Secret } from '../../src/base/secret.ts'

export const templateName = 'empty_store'
export const templateKey = new Secret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')

/** Makes a store the template of all, in a server where none was made yet. */
export async function beTemplate(server: string): Promise<void> {
  await ask(server, 'create table emptied_databases (name text primary key)')
  await ask(databaseAt(server, templateName), emptying)
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

export function databaseAt(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

const getTypeParser = (type: number, format?: 'text' | 'binary') =>
  type === 20 ? Number : pg.types.getTypeParser(type, format)

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
