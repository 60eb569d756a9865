import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import type { HeldEnvelope, HeldMessage, HeldOutcome, HeldState } from '../model/held-message.ts'
import { type Database, inPages, nullsToAbsent } from './database.ts'
import { changeRow } from './marked-rows.ts'
import type { HeldBounds, HeldMessageStore } from './ports.ts'
import type { SealContext, Sealer } from './sealer.ts'
import type { HeldMessagesTable, Tables } from './tables.ts'

/** Those that may still be sent. */
const open: readonly string[] = ['waiting', 'sending'] satisfies HeldState[]

/** The store of messages that wait for a person. Loaded with the first of them. */
export function createHeldMessageStore(
  database: Database,
  sealer: Sealer,
  clock: Pick<Clock, 'now'>,
): HeldMessageStore {
  async function messageOf(row: HeldMessagesTable): Promise<HeldMessage> {
    const { id, owner, state, octets, parts, outcome } = row
    const opened = async (column: 'content' | 'outcome', sealed: string): Promise<unknown> =>
      JSON.parse((await sealer.open(placeOf(column, id), sealed)).reveal())
    return {
      ...{ id, owner, state: state as HeldState, octets, parts },
      envelope: (await opened('content', row.content)) as HeldEnvelope,
      ...{ createdAt: row.created_at, endsAt: row.ends_at, changedAt: row.changed_at },
      ...nullsToAbsent({ sentBy: row.sent_by, decidedBy: row.decided_by }),
      ...(outcome !== null && { outcome: (await opened('outcome', outcome)) as HeldOutcome }),
    }
  }

  async function sealed(column: 'content' | 'outcome', id: string, value: object): Promise<string> {
    return sealer.seal(placeOf(column, id), new Secret(JSON.stringify(value)))
  }

  /** False where it is in none of these states any more. */
  async function move(
    id: string,
    change: (row: HeldMessagesTable) => Partial<HeldMessagesTable> | undefined,
  ): Promise<boolean> {
    return database.change(async (tables) => {
      const changed = await changeRow(tables, 'held_messages', { id }, (row) => {
        const changes = change(row)
        return changes && { ...changes, changed_at: clock.now() }
      })
      if (changed && !open.includes(changed.state)) await deleteParts(tables, id)
      return changed !== undefined
    })
  }

  return {
    async keepPart(id, place, octets) {
      const content = await sealer.seal(partOf(id, place), new Secret(octets.toString('latin1')))
      const row = { message_id: id, place, created_at: clock.now(), content }
      await database.change(async (tables) => {
        await tables.insertInto('held_parts').values(row).execute()
      })
    },

    async part(id, place) {
      const { content } = await database.read((tables) =>
        tables
          .selectFrom('held_parts')
          .select('content')
          .where('message_id', '=', id)
          .where('place', '=', place)
          .executeTakeFirstOrThrow(),
      )
      return Buffer.from((await sealer.open(partOf(id, place), content)).reveal(), 'latin1')
    },

    dropParts: (id) => database.change((tables) => deleteParts(tables, id)),

    async add({ id, owner, envelope, octets, parts, createdAt, endsAt }, bounds) {
      const content = await sealed('content', id, envelope)
      return database.change(async (tables) => {
        const why = await whyFull(tables, owner, octets, bounds)
        if (why !== undefined) return why
        await tables
          .insertInto('held_messages')
          .values({
            ...{ id, owner, state: 'waiting', content, octets, parts },
            ...{ created_at: createdAt, ends_at: endsAt, changed_at: createdAt },
            ...{ sent_by: null, decided_by: null, outcome: null },
          })
          .execute()
        return 'added'
      })
    },

    whyFull: (owner, bounds) => database.read((tables) => whyFull(tables, owner, 0, bounds)),

    async find(id) {
      const row = await database.read((tables) =>
        tables.selectFrom('held_messages').selectAll().where('id', '=', id).executeTakeFirst(),
      )
      return row && (await messageOf(row))
    },

    async list(unreadable = () => {}) {
      const rows = await inPages(
        (behind: string, most) =>
          database.read((tables) =>
            tables
              .selectFrom('held_messages')
              .selectAll()
              .where('id', '>', behind)
              .orderBy('id')
              .limit(most)
              .execute(),
          ),
        ({ id }) => id,
      )
      const sorted = rows.sort((left, right) => left.created_at - right.created_at)
      const opened = await Promise.all(
        sorted.map((row) =>
          messageOf(row).catch((error: unknown) => {
            if (!(error instanceof Failure) || error.id !== 'database.seal-broken') throw error
            unreadable(row.id, error)
            return undefined
          }),
        ),
      )
      return opened.filter((one) => one !== undefined)
    },

    claim: (id, process, decidedBy) =>
      move(id, ({ state }) =>
        state === 'waiting' ? { state: 'sending', sent_by: process, decided_by: decidedBy } : undefined,
      ),

    async putBack(id, process, outcome) {
      const text = await sealed('outcome', id, outcome)
      await move(id, (row) =>
        isSentBy(row, process)
          ? { state: 'waiting', sent_by: null, decided_by: null, outcome: text }
          : undefined,
      )
    },

    async finish(id, process, state, outcome) {
      const text = await sealed('outcome', id, outcome)
      await move(id, (row) => (isSentBy(row, process) ? { state, outcome: text } : undefined))
    },

    end: (id, state, decidedBy) =>
      move(id, (row) =>
        row.state === 'waiting' ? { state, decided_by: decidedBy ?? row.decided_by } : undefined,
      ),

    giveUp: (id, process) => move(id, (row) => (isSentBy(row, process) ? { state: 'unknown' } : undefined)),

    sweep: (before) =>
      database.change(async (tables) => {
        await tables
          .deleteFrom('held_messages')
          .where('state', 'not in', open)
          .where('changed_at', '<', before)
          .execute()
        // One that nobody can read waits in no list.
        await tables
          .deleteFrom('held_messages')
          .where('state', 'in', open)
          .where('ends_at', '<', before)
          .execute()
        await tables
          .deleteFrom('held_parts')
          .where('created_at', '<', before)
          .where('message_id', 'not in', (those) => those.selectFrom('held_messages').select('id'))
          .execute()
      }),
  }
}

async function whyFull(
  tables: Kysely<Tables>,
  owner: string,
  octets: number,
  bounds: HeldBounds,
): Promise<'owner-full' | 'full' | undefined> {
  const others = await tables
    .selectFrom('held_messages')
    .select(['owner', 'octets'])
    .where('state', 'in', open)
    .execute()
  const own = others.filter((one) => one.owner === owner)
  if (own.length >= bounds.messagesOfOwner) return 'owner-full'
  const all = others.reduce((sum, one) => sum + one.octets, octets)
  return others.length >= bounds.messages || all > bounds.octets ? 'full' : undefined
}

function isSentBy({ state, sent_by }: HeldMessagesTable, process: string): boolean {
  return state === 'sending' && sent_by === process
}

async function deleteParts(tables: Kysely<Tables>, id: string): Promise<void> {
  await tables.deleteFrom('held_parts').where('message_id', '=', id).execute()
}

function placeOf(column: 'content' | 'outcome', id: string): SealContext {
  return { table: 'held_messages', column, row: id }
}

function partOf(id: string, place: number): SealContext {
  return { table: 'held_parts', column: 'content', row: `${id} ${place}` }
}
