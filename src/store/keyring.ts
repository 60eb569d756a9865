import { failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Database } from './database.ts'
import type { KeyRing } from './key-ring.ts'
import { sql } from './kysely.ts'
import {
  countKeys,
  kidOf,
  rowId,
  rowIdIn,
  type SealedColumn,
  sealedColumns,
  sealedRows,
  totalOf,
} from './sealed-values.ts'
import type { Sealer } from './sealer.ts'

/** A key of the ring, or one that something is sealed with. */
export interface ListedKey {
  kid: string
  /** New values are sealed with it. */
  writes: boolean
  /** It is in the ring. */
  held: boolean
  /** So many values are sealed with it. */
  values: number
}

/** How far a rotation has come. */
export interface RotationStep {
  /** The key that everything is sealed with in the end. */
  kid: string
  /** Of `values`, so many are sealed with it. */
  sealed: number
  values: number
  /** Values that do not open, as table and row: they stay as they are. */
  broken: readonly string[]
  /** Keys that nothing is sealed with any more, which have left the ring. In the last step alone. */
  removed?: readonly string[]
  /** Keys that stay: something is still sealed with them, or they are in the settings. */
  kept?: readonly string[]
}

/** Sees which key seals what, and seals everything anew with another one. */
export interface Keyring {
  list(): Promise<ListedKey[]>
  /**
   * Makes a new key, unless the ring has one already that is to take the place of others, and seals
   * everything with it, some rows at a time. Whoever leaves it, or a kill, leaves nothing undone
   * that the next call or start does not take up again.
   * @throws Failure `configuration` where the settings give the only key, `limit-reached` while
   * another call does it
   */
  rotate(): AsyncGenerator<RotationStep>
  /** Goes on with what an earlier process has begun. */
  resume(): Promise<void>
}

/** So many rows are sealed in one transaction. */
const rowsInOne = 50

export function createKeyring({
  database,
  ring,
  sealer,
  log,
}: {
  /** Below the marks, which say of a sealed column only that there is something in it. */
  database: Database
  ring: KeyRing
  sealer: Sealer
  log: Log
}): Keyring {
  let isRotating = false
  const read: Database['read'] = (query) => database.read(query)

  async function list(): Promise<ListedKey[]> {
    const counts = await countKeys(read)
    const kids = [...new Set([...ring.kids, ...counts.keys()])]
    return kids.map((kid) => ({
      kid,
      writes: kid === ring.writing.kid,
      held: ring.kids.includes(kid),
      values: counts.get(kid) ?? 0,
    }))
  }

  async function* rotate(): AsyncGenerator<RotationStep> {
    if (isRotating) throw failure('keyring.under-way')
    isRotating = true
    try {
      if (ring.kids.length === 1) {
        await ring.begin()
        log.info(
          { event: 'keyring.rotation-begun', kid: ring.writing.kid },
          'a new key seals what is kept from now on',
        )
      }
      yield* sealAll()
    } finally {
      isRotating = false
    }
  }

  async function* sealAll(): AsyncGenerator<RotationStep> {
    const { kid } = ring.writing
    const counts = await countKeys(read)
    const values = totalOf(counts)
    let sealed = counts.get(kid) ?? 0
    const broken = new Set<string>()
    const step = () => ({ kid, sealed, values: Math.max(values, sealed), broken: [...broken] })
    yield step()
    for (const column of sealedColumns) {
      for await (const done of sealColumn(column, kid, broken)) {
        sealed += done
        yield step()
      }
    }
    // What was under way when the key changed may have been sealed with an earlier one since.
    const left = await countKeys(read)
    const old = ring.kids.filter((one) => one !== kid)
    const unused = old.filter((one) => !left.has(one))
    const removed = ring.isOwn ? unused : []
    if (removed.length > 0) {
      await ring.remove(removed)
      log.info({ event: 'keyring.rotated', kid, removed }, 'everything is sealed with the new key')
    }
    const kept = old.filter((one) => !removed.includes(one))
    if (broken.size > 0)
      log.error(
        { event: 'keyring.values-broken', values: [...broken] },
        'values that do not open stay sealed as they are',
      )
    yield { ...step(), sealed: left.get(kid) ?? 0, values: totalOf(left), removed, kept }
  }

  async function* sealColumn(one: SealedColumn, kid: string, broken: Set<string>): AsyncGenerator<number> {
    const { table, column } = one
    let behind = ''
    for (;;) {
      const rows = await read((tables) => sealedRows(tables, one, behind, rowsInOne))
      const last = rows.at(-1)
      if (last === undefined) return
      behind = rowId(one, last)
      const resealed: { row: string; from: string; to: string }[] = []
      for (const row of rows) {
        const from = String(row[column])
        if (kidOf(from) === kid) continue
        try {
          const to = await sealer.seal(one.place(row), await sealer.open(one.place(row), from))
          resealed.push({ row: rowId(one, row), from, to })
        } catch {
          broken.add(`${table} ${rowId(one, row)}`)
        }
      }
      if (resealed.length === 0) continue
      let done = 0
      await database.change(async (tables) => {
        done = 0
        for (const { row, from, to } of resealed) {
          // One that was changed meanwhile was sealed with the new key then.
          const answer = await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${to}
            where ${rowIdIn(one)} = ${row} and ${sql.ref(column)} = ${from}`.execute(tables)
          done += Number(answer.numAffectedRows ?? 0)
        }
      })
      yield done
    }
  }

  return {
    list,
    rotate,
    async resume() {
      if (ring.kids.length < 2 || !ring.isOwn || isRotating) return
      for await (const _ of rotate());
    },
  }
}
