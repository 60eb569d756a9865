import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore } from '../../src/store/store.ts'
import { startPostgres } from './postgres.js'
import { ask, beTemplate, databaseAt, templateKey, templateName } from './postgres-template.ts'

/** One PostgreSQL server for all tests that run on PostgreSQL, with an empty store that theirs are copies of. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  await ask(server.url, `create database ${templateName}`)
  const folder = await mkdtemp(join(tmpdir(), 'postern-template-'))
  const postgres = { url: new Secret(databaseAt(server.url, templateName)) }
  const place = { dataDir: join(folder, 'data'), key: templateKey, postgres }
  const { store } = await openStore({ ...place, clock: systemClock, log: silentLog })
  await store.close()
  await rm(folder, { recursive: true })
  const [secret] = await ask(postgres.url.reveal(), "select value from secrets where name = 'hash-root'")
  await beTemplate(server.url)
  project.provide('postgres', server.url)
  project.provide('sealedRoot', String(secret?.value))
  return () => server.close()
}
