import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import { type CopyPlace, type CopyStep, copyStore } from '../../src/store/copy-store.ts'
import type { Store } from '../../src/store/ports.ts'
import { inspectStore, type OpenedStore, openStore } from '../../src/store/store.ts'
import { tableColumns } from '../../src/store/tables.ts'
import { setCommandStage } from '../cli/command-stage.ts'
import { newPostgresDatabase, onPostgres } from '../support/postgres-databases.ts'
import { templateKey } from '../support/postgres-template.ts'
import { contents, failureOf, holdOne, newDataDir, newGrant, newLogin, now, stillClock } from './fixture.ts'
import { changeDatabase, keepOnPostgres, readDatabase } from './raw-database.ts'

/** What running processes tell each other: the next ones begin without it. */
const ofProcesses = [
  'processes',
  'store_changes',
  'chores',
  'guesses',
  'passing',
  'budget_claims',
  'shared_pauses',
  'refresh_turns',
  'shared_tokens',
]

/** A data directory with or without a store on PostgreSQL that is still empty. */
async function emptyPlace(where: 'file' | 'server', key: Secret | 'made' = templateKey): Promise<CopyPlace> {
  const dataDir = await newDataDir()
  const own = { dataDir, name: dataDir, ...(key !== 'made' && { key }) }
  if (where === 'file') return own
  const url = await newPostgresDatabase('nothing')
  keepOnPostgres(dataDir, url)
  return { ...own, name: url, postgres: { url: new Secret(url) } }
}

async function open({ name: _, ...place }: CopyPlace): Promise<OpenedStore> {
  const opened = await openStore({ ...place, clock: stillClock(), log: silentLog })
  onTestFinished(() => opened.store.close())
  return opened
}

/** Something in each table, and more than a page in one. */
async function fill(store: Store): Promise<void> {
  const ends = { createdAt: now, expiresAt: now + 1000 }
  for (const address of ['printer@example.com', 'Cron@example.com', '*@example.org'] as const)
    await store.mailboxes.add({ address, providerId: 'google', createdAt: now })
  const grant = await store.grants.adopt(newGrant())
  await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', refreshToken: new Secret('refresh-2') }))
  await store.grants.lapse(grant.id, grant.version, now, 'revoked')
  const content = new Secret('{"über":"ünïcödé ✓ 日本語"}')
  await store.registrations.add({ id: 'own', content, revision: 1, createdAt: now, changedAt: now })
  await store.logins.add(newLogin({ id: 'one', mailboxes: ['printer@example.com', 'cron@example.com'] }))
  await store.logins.add(
    newLogin({
      id: 'two',
      userName: 'Straße',
      verifier: { kind: 'sealed', generated: true, password: new Secret('sealed-password') },
    }),
  )
  await store.logins.used('one', now, '192.0.2.7')
  await store.logins.used('one', now, '2001:db8::/64')
  await store.apiKeys.add({ id: 'key', name: "it's", scopes: ['read'], hash: 'aGFzaA', createdAt: now })
  const mailbox = 'printer@example.com'
  await store.consentLinks.add({ id: 'link', hash: 'aGFzaA', mailbox, requestedBy: 'the owner', ...ends })
  await store.sentKeys.claim('a-sent-key', 'key-1', 10)
  await store.sentKeys.finish('a-sent-key', 'fingerprint', new Secret('{}'))
  await store.sentKeys.claim('another', 'key-1', 10)
  await holdOne(store)
  await store.pendingConsents.add({
    stateHash: 'state',
    browserHash: 'browser',
    mailbox,
    consentLinkId: 'link',
    codeVerifier: new Secret('verifier'),
    nonce: new Secret('nonce'),
    ...ends,
  })
  await store.recipientCounts.add('printer@example.com', now, 7)
  await store.recipientCounts.add('printer@example.com', now + 3_600_000, 8)
  for (const channel of ['mail', 'webhook'] as const)
    await store.notices.put({ key: 'consent me', channel, firstAt: now, lastAt: now, stage: '30' })
  const verifier = {
    kind: 'scrypt',
    salt: 's',
    hash: 'h',
    cost: 1024,
    blockSize: 8,
    parallelization: 1,
  } as const
  await store.pageAccess.setPassword('administrator', verifier)
  await store.pageAccess.begin(
    {
      id: 'session',
      hash: 'hash',
      role: 'administrator',
      means: 'password',
      source: '192.0.2.7',
      browser: 'Browser/1 🦊',
      lastUsedAt: now,
      ...ends,
    },
    await store.pageAccess.generation(),
  )
  await store.serverCapabilities.put({
    providerId: 'google',
    host: 'smtp.gmail.com',
    eightBitMime: true,
    smtpUtf8: true,
    dsn: false,
    enhancedStatusCodes: true,
  })
  for (let from = 0; from < 1200; from += 400)
    await store.journal.add(
      Array.from({ length: 400 }, (_, place) => entry(from + place)),
      [{ mailbox, at: now, tried: 'message', outcome: 'done', login: 'printer' }],
    )
}

function entry(place: number): JournalEntry {
  return {
    id: place.toString(16).padStart(24, '0'),
    at: now + place,
    kind: 'send',
    event: 'message.sent',
    outcome: 'done',
    mailbox: 'printer@example.com',
    details: { sender: 'printer@example.com', recipients: place },
  }
}

type Rows = Record<string, string[]>

/** Every row of every table, as its database has it. */
async function rowsOf({ dataDir }: CopyPlace): Promise<Rows> {
  const rows: Rows = {}
  for (const [table, columns] of Object.entries(tableColumns)) {
    if (ofProcesses.includes(table)) continue
    const found = await readDatabase(dataDir, `select ${columns.split(' ').join(', ')} from ${table}`)
    rows[table] = found.map((row) => JSON.stringify(columns.split(' ').map((column) => row[column]))).sort()
  }
  return rows
}

async function filled(where: 'file' | 'server', key?: 'made'): Promise<CopyPlace> {
  const place = await emptyPlace(where, key)
  const { store } = await open(place)
  await fill(store)
  await store.close()
  return place
}

const copy = (
  from: CopyPlace,
  to: CopyPlace,
  told: (step: CopyStep) => void | Promise<void> = () => {},
  again = false,
) => copyStore({ from, to, told, again, clock: stillClock(), log: silentLog })

async function digestOf({ dataDir }: CopyPlace): Promise<Record<string, string>> {
  const files = [...(await contents(dataDir))].filter(([name]) => !/-shm$|^lock/.test(name))
  return Object.fromEntries(
    files.map(([name, octets]) => [name, createHash('sha256').update(octets).digest('hex')]),
  )
}

describe.runIf(onPostgres)('a copy of a store', () => {
  it('there and back again each row of each table is as it was, and the store is one to work with', async () => {
    const file = await filled('file')
    const before = await rowsOf(file)
    // A table that this test leaves empty would not be seen if it was forgotten.
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([])
    const server = await emptyPlace('server')
    const steps: CopyStep[] = []
    const there = await copy(file, server, (step) => void steps.push(step))
    expect(await rowsOf(server)).toEqual(before)
    const counts = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.length]))
    expect(there).toEqual({
      rows: counts,
      distrusted: 0,
      journal: expect.objectContaining({ faults: [], entries: 1200 }),
    })
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    expect(steps.at(-1)).toEqual({ doing: 'comparing', rows: total, total })
    expect(steps.filter(({ doing }) => doing === 'copying').at(-1)?.rows).toBe(total)

    const back = await emptyPlace('file')
    await copy(server, back)
    expect(await rowsOf(back)).toEqual(before)
    expect(await rowsOf(file)).toEqual(before)

    for (const place of [server, back]) {
      const { store } = await open(place)
      await store.check()
      const grant = await store.grants.ofMailbox('Cron@example.com')
      expect(grant.state === 'active' && grant.refreshToken?.reveal()).toBe('refresh-2')
      expect((await store.logins.findByUserName('STRAße'))?.id).toBe('two')
      await store.mailboxes.add({ address: 'new@example.net', providerId: 'google', createdAt: now })
      await store.journal.add([entry(5000)])
      expect(await store.journal.verify()).toMatchObject({ entries: 1201, faults: [] })
    }
  })

  it.each([
    ['file', 'server'],
    ['server', 'file'],
  ] as const)(
    'one from a %s to a %s that was cut off leaves the source as it was, and no store starts on it',
    async (here, there) => {
      const from = await filled(here)
      const before = here === 'file' ? await digestOf(from) : await rowsOf(from)
      const to = await emptyPlace(there)
      const cutOff = copy(from, to, ({ doing }) => {
        if (doing === 'comparing') throw new Error('the power fails')
      })
      await expect(cutOff).rejects.toThrow('the power fails')
      expect(here === 'file' ? await digestOf(from) : await rowsOf(from)).toEqual(before)
      const unfinished = { id: 'copy.unfinished', code: 'configuration' }
      const { name: _, ...place } = to
      expect(await failureOf(openStore({ ...place, clock: stillClock(), log: silentLog }))).toMatchObject(
        unfinished,
      )
      expect(await failureOf(inspectStore(place))).toMatchObject(unfinished)
      expect(await failureOf(copy(from, to))).toMatchObject(unfinished)
      await copy(from, to, () => {}, true)
      expect(await rowsOf(to)).toEqual(await rowsOf(from))
      await (await open(to)).store.check()
    },
  )

  it.each(['file', 'server'] as const)('nothing takes the place of a store in a %s', async (where) => {
    const from = await filled('file')
    const to = await filled(where)
    const before = await rowsOf(to)
    for (const again of [false, true])
      expect(await failureOf(copy(from, to, () => {}, again))).toMatchObject({ id: 'copy.target-not-empty' })
    expect(await rowsOf(to)).toEqual(before)
  })

  it('a store that a postern uses is not copied', async () => {
    const from = await filled('server')
    await open(from)
    const to = await emptyPlace('file')
    expect(await failureOf(copy(from, to))).toMatchObject({
      id: 'copy.in-use',
      message: expect.stringContaining(`process ${process.pid}`),
    })
    expect([...(await contents(to.dataDir).catch(() => new Map())).keys()]).not.toContain('postern.sqlite')
  })

  it('one that a postern begins to use meanwhile is not finished', async () => {
    const from = await filled('server')
    const to = await emptyPlace('file')
    let begun = false
    const copying = copy(from, to, async () => {
      if (!begun) await open(from)
      begun = true
    })
    expect(await failureOf(copying)).toMatchObject({ id: 'copy.in-use' })
  })

  it('a row that is another one in the copy is found', async () => {
    const from = await filled('file')
    const to = await emptyPlace('server')
    let isChanged = false
    const copying = copy(from, to, async ({ doing }) => {
      if (doing === 'copying' || isChanged) return
      isChanged = true
      await changeDatabase(
        to.dataDir,
        "update journal set details = '{}' where at = (select max(at) from journal)",
      )
    })
    expect(await failureOf(copying)).toMatchObject({
      id: 'copy.differs',
      message: expect.stringContaining('journal'),
    })
  })

  it('what somebody else wrote in the store gives as little right in the copy', async () => {
    const from = await filled('file')
    await changeDatabase(from.dataDir, "update logins set senders = '[\"*\"]' where id = 'one'")
    await changeDatabase(
      from.dataDir,
      "update journal set details = '{}' where at = (select max(at) from journal)",
    )
    const to = await emptyPlace('server')
    const copied = await copy(from, to)
    expect(copied.distrusted).toBe(1)
    expect(copied.journal.faults).not.toEqual([])
    expect((await (await open(to)).store.logins.list()).map(({ id }) => id)).toEqual(['two'])
  })

  it('the key goes along to a data directory that has none, and another one is refused before anything is made', async () => {
    const from = await filled('file', 'made')
    const { key: _, ...without } = await emptyPlace('file')
    const copied = await copy({ ...from }, without)
    expect(copied.keyFile).toBe(join(without.dataDir, 'postern.key'))
    expect((await contents(without.dataDir)).get('postern.key')).toEqual(
      (await contents(from.dataDir)).get('postern.key'),
    )
    await (await open(without)).store.check()

    const other = await filled('file', 'made')
    await rm(join(other.dataDir, 'postern.sqlite'))
    expect(await failureOf(copy(from, other))).toMatchObject({ id: 'copy.of-other-key' })
    expect([...(await contents(other.dataDir)).keys()]).not.toContain('postern.sqlite.unfinished')
  })

  it('a store of an earlier schema is to be started first', async () => {
    const from = await filled('file')
    await changeDatabase(
      from.dataDir,
      'delete from schema_versions where version = (select max(version) from schema_versions)',
    )
    expect(await failureOf(copy(from, await emptyPlace('server')))).toMatchObject({ id: 'copy.source-older' })
  })
})

describe.runIf(onPostgres)('postern store copy', () => {
  it('what was added before is there behind the other settings, and no password is told', async () => {
    const stage = await setCommandStage()
    onTestFinished(() => stage.close())
    await stage.makeStore()
    expect((await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])).code).toBe(0)
    const url = await newPostgresDatabase('nothing')
    const withPassword = url.replace('postern@', 'postern:sesame@')
    const copied = await stage.postern(['store', 'copy', '--to', withPassword, '--json'])
    expect(copied).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(copied.stdout)).toMatchObject({
      from: join(stage.folder, 'data'),
      to: url.replace('postern@', ''),
      rows: { mailboxes: 1 },
      journal: { faults: [] },
    })
    expect(copied.stdout).not.toContain('sesame')

    const key = await readFile(join(stage.folder, 'data', 'postern.key'), 'utf8')
    const there = await setCommandStage({ POSTERN_DATABASE_URL: url, POSTERN_KEY: key.trim() })
    onTestFinished(() => there.close())
    expect((await there.postern(['mailbox', 'list'])).stdout).toContain('me@example.com')
    const again = join(stage.folder, 'again')
    const back = await there.postern(['store', 'copy', '--to', again])
    expect(back).toMatchObject({ code: 0, stderr: '' })
    expect(back.stdout).toMatch(/^Copied \d+ rows from postgres:.* to .*again, and compared each of them\./)
    expect(back.stdout).toContain('The chain of the journal holds: ')

    const refused = await stage.postern(['store', 'copy', '--to', again])
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain(`There is something in ${again} already`)
    const mistaken = await stage.postern(['store', 'copy', '--to', 'postgres://h/d?sslmode=allow'])
    expect(mistaken.stderr).toContain('no other sslmode than disable and verify-full')
  })
})
