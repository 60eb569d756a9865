import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import type { KeptRegistration } from '../../src/model/registration.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { contents, failureOf, now, openFixture, type Place } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const built = join(import.meta.dirname, '../../dist')

const registration = (id: string, content = `content-of-${id}`) => ({
  id,
  content: new Secret(content),
  revision: 1,
  createdAt: now,
  changedAt: now,
})

/** What each says, or that it does not open. */
function said(list: readonly KeptRegistration[]): Record<string, string> {
  return Object.fromEntries(
    list.map(({ id, content }) => [id, content instanceof Failure ? content.id : content.reveal()]),
  )
}

describe('registrations in the store', () => {
  it('they are kept as they were given, and an id once', async () => {
    const { store, reopen } = await openFixture()
    await store.registrations.add(registration('b'))
    await store.registrations.add(registration('a'))
    expect(await failureOf(store.registrations.add(registration('a', 'other')))).toMatchObject({
      id: 'registration.exists',
    })
    await store.close()
    const opened = await reopen()
    const list = await opened.store.registrations.list()
    expect(said(list)).toEqual({ a: 'content-of-a', b: 'content-of-b' })
    expect(list[0]).toMatchObject({ id: 'a', revision: 1, createdAt: now, changedAt: now })
    expect(await opened.store.registrations.remove('a')).toBe(true)
    expect(await opened.store.registrations.remove('a')).toBe(false)
  })

  it('a change counts only on top of the one that was read', async () => {
    const { store } = await openFixture()
    await store.registrations.add(registration('a'))
    const next = { ...registration('a', 'second'), revision: 2 }
    expect(await store.registrations.put(next)).toBe(true)
    expect(await store.registrations.put({ ...next, content: new Secret('third') })).toBe(false)
    expect(said(await store.registrations.list())).toEqual({ a: 'second' })
  })

  it('the files of the store hold nothing of what is kept', async () => {
    const { store, dataDir } = await openFixture()
    await store.registrations.add(registration('a', 'a-client-secret-AAAA'))
    await store.registrations.put({ ...registration('a', 'a-client-secret-BBBB'), revision: 2 })
    for (const closed of [false, true]) {
      if (closed) await store.close()
      for (const [name, octets] of await contents(dataDir))
        for (const secret of ['a-client-secret-AAAA', 'a-client-secret-BBBB'])
          for (const form of ['latin1', 'base64url', 'hex'] as const)
            expect(octets.includes(Buffer.from(secret).toString(form)), name).toBe(false)
    }
  })

  it('what was sealed for one row opens in no other, nor after it was replaced', async () => {
    const { store, dataDir } = await openFixture()
    for (const id of ['a', 'b', 'c']) await store.registrations.add(registration(id))
    const [{ content: earlier } = {}] = await readDatabase(
      dataDir,
      "select content from registrations where id = 'c'",
    )
    await store.registrations.put({ ...registration('c', 'newer'), revision: 2 })
    await changeDatabase(
      dataDir,
      "update registrations set content = (select content from registrations where id = 'a') where id = 'b'",
    )
    await changeDatabase(dataDir, `update registrations set content = '${earlier}' where id = 'c'`)
    expect(said(await store.registrations.list())).toEqual({
      a: 'content-of-a',
      b: 'database.seal-broken',
      c: 'database.seal-broken',
    })
  })

  it('a row that something else has written does not count, and makes room for one of ours', async () => {
    const { store, dataDir } = await openFixture()
    await store.registrations.add(registration('a'))
    await changeDatabase(
      dataDir,
      "insert into registrations select 'b', content, revision, created_at, changed_at, mark from registrations",
    )
    expect(said(await store.registrations.list())).toEqual({ a: 'content-of-a' })
    await store.registrations.add(registration('b', 'ours'))
    expect(said(await store.registrations.list())).toEqual({ a: 'content-of-a', b: 'ours' })
  })

  it('a database of an earlier release takes them', async () => {
    const { store } = await openFirstRelease(await firstRelease())
    await store.registrations.add(registration('a'))
    expect(said(await store.registrations.list())).toEqual({ a: 'content-of-a' })
  })
})

describe('a process killed while it changes a registration', () => {
  it.skipIf(!existsSync(join(built, 'store/store.js')))(
    'the store has the old one or the new one, whole (needs the build)',
    async () => {
      const { store, reopen, place } = await openFixture()
      await store.registrations.add(registration('a', 'content-1'))
      await store.close()
      for (let kill = 0; kill < 8; kill++) {
        const acknowledged = await changeUntilKilled(place, 2 + (kill % 4))
        // Three seconds later it counts as gone, and is not waited for.
        if (onPostgres) await changeDatabase(place.dataDir, 'update processes set alive_until = 0')
        const opened = await reopen()
        const [kept] = await opened.store.registrations.list()
        expect([acknowledged, acknowledged + 1]).toContain(kept?.revision)
        expect(said(kept ? [kept] : [])).toEqual({ a: `content-${kept?.revision}` })
        await opened.store.close()
      }
    },
    60_000,
  )
})

/** Gives the last revision that the writer acknowledged before the kill, which comes after so many of its changes. */
async function changeUntilKilled({ dataDir, key, postgres }: Place, changes: number): Promise<number> {
  const script = `
    const { openStore } = await import('${built}/store/store.js')
    const { Secret } = await import('${built}/base/secret.js')
    const { systemClock: clock } = await import('${built}/base/clock.js')
    const { silentLog: log } = await import('${built}/base/log.js')
    const [, dataDir, url, key] = process.argv
    const postgres = url ? { postgres: { url: new Secret(url) }, key: new Secret(key) } : {}
    const { store } = await openStore({ dataDir, ...postgres, clock, log })
    let [{ revision }] = await store.registrations.list()
    for (;;) {
      revision += 1
      const content = new Secret('content-' + revision)
      await store.registrations.put({ id: 'a', content, revision, createdAt: 0, changedAt: 0 })
      process.stdout.write(revision + '\\n')
    }`
  const writer = spawn(
    process.execPath,
    ['--input-type=module', '--eval', script, dataDir, postgres?.url.reveal() ?? '', key?.reveal() ?? ''],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  // A half-written line was not acknowledged.
  const lines = () => text.split('\n').slice(0, -1)
  writer.stdout.on('data', (chunk) => {
    text += String(chunk)
    if (lines().length >= changes) writer.kill('SIGKILL')
  })
  await once(writer, 'close')
  return Number(lines().at(-1))
}
