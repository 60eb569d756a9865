import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { Database } from './database.ts'
import { sql } from './kysely.ts'
import type { PassingKind, PassingStore } from './ports.ts'
import type { Sealer } from './sealer.ts'
import { now } from './shared-changes.ts'
import { mostOfKind, mostPassing } from './unmarked-stores.ts'

const betweenSweeps = 60_000

interface Row {
  key: string
  value: string
}

/** For several processes on one database; that of one process alone is in its memory. */
export function createPassingStore(
  database: Database,
  sealer: Sealer,
  clock: Pick<Clock, 'monotonic'>,
): PassingStore {
  let sweptAt = clock.monotonic()
  const seal = (kind: PassingKind, key: string, value: Secret) => sealer.seal(placeOf(kind, key), value)
  /** Undefined for what a key has sealed that is not there any more. */
  const open = (kind: PassingKind, { key, value }: Row) =>
    sealer.open(placeOf(kind, key), value).catch(() => undefined)
  const openFirst = async (kind: PassingKind, [row]: Row[]) => row && (await open(kind, row))

  /** What has ended, and the oldest of what there is too much of. */
  async function sweep(): Promise<void> {
    if (clock.monotonic() - sweptAt < betweenSweeps) return
    sweptAt = clock.monotonic()
    await database.read((tables) =>
      sql`with placed as (
          select kind, key, ends_at, row_number() over (partition by kind order by ends_at desc) as place from passing
        )
        delete from passing using placed where passing.kind = placed.kind and passing.key = placed.key
          and (placed.ends_at <= ${now} or placed.place > case passing.kind
            when 'sign-in-link' then ${mostOfKind['sign-in-link']}::bigint
            when 'sign-in-taken' then ${mostOfKind['sign-in-taken']}::bigint
            else ${mostPassing}::bigint end)`.execute(tables),
    )
  }

  return {
    async put(kind, key, value, seconds) {
      const sealed = await seal(kind, key, value)
      await database.read((tables) =>
        sql`insert into passing (kind, key, value, ends_at)
          values (${kind}, ${key}, ${sealed}, ${now} + ${seconds * 1000})
          on conflict (kind, key) do update set value = excluded.value, ends_at = excluded.ends_at`.execute(
          tables,
        ),
      )
      await sweep()
    },

    async claim(kind, key, value, seconds) {
      const sealed = await seal(kind, key, value)
      const { rows } = await database.read((tables) =>
        sql`insert into passing (kind, key, value, ends_at)
          values (${kind}, ${key}, ${sealed}, ${now} + ${seconds * 1000})
          on conflict (kind, key) do update set value = excluded.value, ends_at = excluded.ends_at
          where passing.ends_at <= ${now} returning key`.execute(tables),
      )
      await sweep()
      return rows.length > 0
    },

    async find(kind, key) {
      const { rows } = await database.read((tables) =>
        sql<Row>`select key, value from passing
          where kind = ${kind} and key = ${key} and ends_at > ${now}`.execute(tables),
      )
      return openFirst(kind, rows)
    },

    async take(kind, key) {
      const { rows } = await database.read((tables) =>
        sql<Row>`delete from passing
          where kind = ${kind} and key = ${key} and ends_at > ${now} returning key, value`.execute(tables),
      )
      return openFirst(kind, rows)
    },

    async list(kind) {
      const { rows } = await database.read((tables) =>
        sql<Row>`select key, value from passing where kind = ${kind} and ends_at > ${now} order by key`.execute(
          tables,
        ),
      )
      const opened = rows.map(async (row) => ({ key: row.key, value: await open(kind, row) }))
      return (await Promise.all(opened)).flatMap(({ key, value }) => (value ? [{ key, value }] : []))
    },

    async removeAll(kind) {
      await database.read((tables) => sql`delete from passing where kind = ${kind}`.execute(tables))
    },
  }
}

function placeOf(kind: PassingKind, key: string) {
  return { table: 'passing', column: 'value', row: `${kind} ${key}` }
}
