import { describe, expect, it } from 'vitest'
import { newestSchema } from '../../src/store/migrations.ts'
import { markedTables } from '../../src/store/row-marks.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { newGrant, newLogin, now, openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

/** What an upgrade of another host does to the database: more columns, which are empty, and more tables. */
async function upgrade(dataDir: string): Promise<void> {
  for (const table of Object.keys(markedTables))
    await changeDatabase(dataDir, `alter table ${table} add column of_later text`)
  await changeDatabase(dataDir, 'create table of_later (id text primary key not null)')
  await changeDatabase(
    dataDir,
    `insert into schema_versions (version, applied_at) values (${newestSchema + 1}, ${now})`,
  )
}

// While hosts are upgraded one after the other, those that are not yet go on with the schema of those
// that are. So a migration only adds, and what it adds to a marked table stays empty for one version.
describe.runIf(onPostgres)('a process beside a newer one', () => {
  it('reads and changes everything as before', async () => {
    const { store, dataDir } = await openFixture()
    await store.logins.add(newLogin({ id: 'before' }))
    await upgrade(dataDir)

    const grant = await store.grants.adopt(newGrant())
    const renewed = await store.grants.renewed(grant.id, grant.version, { renewedAt: now })
    expect(renewed?.version).toBe(grant.version + 1)
    await store.logins.add(newLogin({ id: 'after', userName: 'later' }))
    expect((await store.logins.list()).map(({ id }) => id).sort()).toEqual(['after', 'before'])
    expect(await store.logins.revoke('before', now)).toBe(true)
    await store.mailboxes.add({ address: 'new@example.com', providerId: 'custom', createdAt: now })
    expect((await store.mailboxes.list()).map(({ address }) => address)).toContain('new@example.com')
  })

  it('is not begun anew: only the newer version knows the schema', async () => {
    const { store, dataDir, reopen } = await openFixture()
    await upgrade(dataDir)
    await store.close()
    await expect(reopen()).rejects.toMatchObject({ id: 'database.of-newer-postern' })
  })
})
