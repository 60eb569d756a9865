import type { Kysely } from 'kysely'
import { asFailure, failure } from '../base/failure.ts'
import type { KeptRegistration, StoredRegistration } from '../model/registration.ts'
import type { Database } from './database.ts'
import { changeRow } from './marked-rows.ts'
import type { RegistrationStore } from './ports.ts'
import type { SealContext, Sealer } from './sealer.ts'
import type { RegistrationsTable, Tables } from './tables.ts'

/** They are few: one for each organisation, at most. */
export function createRegistrationStore(database: Database, sealer: Sealer): RegistrationStore {
  async function registrationOf(row: RegistrationsTable): Promise<KeptRegistration> {
    const { id, revision, created_at: createdAt, changed_at: changedAt } = row
    // The others go on working, and postern starts.
    const content = await sealer.open(placeOf(row), row.content).catch(asFailure)
    return { id, content, revision, createdAt, changedAt }
  }

  async function rowOf(registration: StoredRegistration): Promise<RegistrationsTable> {
    const { id, revision, createdAt, changedAt } = registration
    const content = await sealer.seal(placeOf(registration), registration.content)
    return { id, content, revision, created_at: createdAt, changed_at: changedAt }
  }

  return {
    async list() {
      const found = await database.read((tables) =>
        tables.selectFrom('registrations').selectAll().orderBy('id').execute(),
      )
      return Promise.all(found.map(registrationOf))
    },

    async add(registration) {
      const row = await rowOf(registration)
      const taken = () => failure('registration.exists', { id: registration.id })
      await database.change((tables) => addRow(tables, row), { taken })
    },

    async put(registration) {
      const row = await rowOf(registration)
      const { id, revision } = registration
      const changed = await database.change((tables) =>
        changeRow(tables, 'registrations', { id }, (before) =>
          before.revision === revision - 1 ? { ...row, created_at: before.created_at } : undefined,
        ),
      )
      return changed !== undefined
    },

    remove: (id) =>
      database.change(async (tables) => {
        const [removed] = await tables.deleteFrom('registrations').where('id', '=', id).execute()
        return removed?.numDeletedRows === 1n
      }),
  }
}

/** One that something else than postern has written makes room. */
async function addRow(tables: Kysely<Tables>, row: RegistrationsTable): Promise<void> {
  const known = await tables.selectFrom('registrations').select('id').where('id', '=', row.id).execute()
  if (known.length === 0) await tables.deleteFrom('registrations').where('id', '=', row.id).execute()
  await tables.insertInto('registrations').values(row).execute()
}

/** With the revision: what was sealed once does not open in the place of what came later. */
function placeOf({ id, revision }: { id: string; revision: number }): SealContext {
  return { table: 'registrations', column: 'content', row: `${id} ${revision}` }
}
