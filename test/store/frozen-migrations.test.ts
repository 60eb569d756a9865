import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { PageSession } from '../../src/model/page-access.ts'
import { prepareDataDir } from '../../src/store/data-dir.ts'
import { completeEarlyStores } from '../../src/store/migrations/since-marks.ts'
import { migrations } from '../../src/store/migrations.ts'
import { openPostgresDatabase, postgresWords } from '../../src/store/postgres-database.ts'
import { openSqliteDatabase } from '../../src/store/sqlite-database.ts'
import { openStore } from '../../src/store/store.ts'
import { indexNames, sqliteWords, tableColumns } from '../../src/store/tables.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { failureOf, newPlace, now, type Place, stillClock } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const dialect = onPostgres ? 'postgresql' : 'sqlite'
const words = onPostgres ? postgresWords : sqliteWords

async function openEmpty() {
  const { dataDir, postgres } = await newPlace('nothing')
  const files = await prepareDataDir(dataDir)
  const database = postgres ? await openPostgresDatabase(postgres) : await openSqliteDatabase(files.database)
  onTestFinished(() => database.close())
  return database
}

/** What each migration asks of an empty database, as one hash each. */
async function fingerprints(): Promise<string[]> {
  const database = await openEmpty()
  return database.change(async (tables) => {
    const found: string[] = []
    for (const migration of migrations) {
      const said = createHash('sha256')
      const record: KyselyPlugin = {
        transformQuery({ node, queryId }) {
          const { sql, parameters } = tables.getExecutor().compileQuery(node, queryId)
          said.update(JSON.stringify([sql, parameters]))
          return node
        },
        transformResult: async ({ result }) => result,
      }
      await migration(tables.withPlugin(record), words, now)
      found.push(said.digest('hex').slice(0, 32))
    }
    return found
  })
}

it('no migration that has landed does anything else than it did', async () => {
  const text = await readFile(join(import.meta.dirname, 'frozen-migrations.json'), 'utf8')
  const frozen: string[] = JSON.parse(text)[dialect]
  const found = await fingerprints()
  // One that was added is frozen here, too; the others stay for ever: write another one that mends what is wrong.
  expect(found).toEqual(frozen)
})

it('what a start looks for is what a new store has', async () => {
  const place = await newPlace()
  const { store } = await openStore({ ...place, clock: stillClock(), log: silentLog })
  onTestFinished(() => store.close())
  const names = (await readDatabase(place.dataDir, words.namesOfSchema)).map(({ name }) => String(name))
  const columns = Object.entries(tableColumns).flatMap(([table, list]) =>
    list.split(' ').map((column) => `${table}.${column}`),
  )
  // Those that the databases make by themselves.
  const isOurs = (name: string) => !/^(schema_versions\.|sqlite_autoindex_|[^.]*_(pkey|key)\d*$)/.test(name)
  const wanted = [...columns, ...indexNames.split(' ')]
  expect(names.filter(isOurs).sort()).toEqual(wanted.filter(isOurs).sort())
  expect(names).toEqual(expect.arrayContaining(wanted))
})

async function newStore(): Promise<Place> {
  const place = await newPlace()
  await (await openStore({ ...place, clock: stillClock(), log: silentLog })).store.close()
  return place
}

it.each([
  ['alter table journal drop column done_by', 'journal.done_by'],
  ['drop index logins_user_name', 'logins_user_name'],
])('a start without what "%s" took away says so, and changes nothing', async (statement, missing) => {
  const place = await newStore()
  await changeDatabase(place.dataDir, statement)
  const failed = await failureOf(openStore({ ...place, clock: stillClock(), log: silentLog }))
  expect(failed).toMatchObject({ id: 'database.schema-incomplete', code: 'configuration' })
  expect(failed.message).toContain(`needs: ${missing}`)
})

it('a store that was made while two migrations still changed gets what it lacks', async () => {
  const place = await newStore()
  const lacking = [
    'drop index journal_kind',
    'drop index journal_outcome',
    'drop index journal_domain',
    'alter table journal drop column mailbox_domain',
    'alter table page_sessions drop column person',
    'alter table page_sessions drop column provider',
    // What later ones make.
    'drop table processes',
    'drop table store_changes',
    'drop table chores',
    'drop table guesses',
    'drop table passing',
    'drop table budget_claims',
    'drop table shared_pauses',
    'drop table refresh_turns',
    'drop table shared_tokens',
    'drop table sent_keys',
    'alter table logins drop column limits',
    'alter table api_keys drop column limits',
    'alter table api_keys drop column networks',
    'drop table held_messages',
    'drop table held_parts',
    `delete from schema_versions where version > ${migrations.indexOf(completeEarlyStores)}`,
  ]
  for (const statement of lacking) await changeDatabase(place.dataDir, statement)
  const { store } = await openStore({ ...place, clock: stillClock(), log: silentLog })
  onTestFinished(() => store.close())
  const session: PageSession = {
    id: 'session',
    hash: 'hash',
    role: 'viewer',
    means: 'link',
    source: '192.0.2.1',
    browser: 'a browser',
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + 1000,
    person: 'owner@example.com',
  }
  expect(await store.pageAccess.begin(session, await store.pageAccess.generation())).toBe(true)
  expect(await store.pageAccess.sessions()).toMatchObject([{ person: 'owner@example.com' }])
  await store.journal.add([
    {
      id: '1'.padStart(24, '0'),
      at: now,
      kind: 'send',
      event: 'message.sent',
      outcome: 'done',
      mailbox: 'printer@example.com',
      details: {},
    },
  ])
  expect(await store.journal.verify()).toMatchObject({ entries: 1, faults: [] })
})
