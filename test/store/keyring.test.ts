import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { ActiveGrant } from '../../src/model/grant.ts'
import type { RotationStep } from '../../src/store/keyring.ts'
import type { SharedTokens } from '../../src/store/ports.ts'
import { sealedColumns } from '../../src/store/sealed-values.ts'
import { openStore } from '../../src/store/store.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import {
  type Fixture,
  heldOctets,
  holdOne,
  newGrant,
  newLogin,
  now,
  openFixture,
  stillClock,
} from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

/** Where a store with one process keeps nothing. */
const ofSeveral: readonly string[] = ['shared_tokens', 'refresh_turns', 'passing']
const usedColumns = sealedColumns.filter(({ table }) => onPostgres || !ofSeveral.includes(table))

/** One value at least in each sealed column. */
async function fill({ store, passing, others }: Fixture): Promise<void> {
  const grant = await store.grants.adopt(newGrant())
  await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', refreshToken: new Secret('refresh-2') }))
  const verifier = { kind: 'sealed', password: new Secret('a-password'), generated: true } as const
  await store.logins.add(newLogin({ verifier }))
  await store.registrations.add({
    id: 'google',
    content: new Secret('{"clientId":"1"}'),
    revision: 1,
    createdAt: now,
    changedAt: now,
  })
  await store.pendingConsents.add({
    stateHash: 'state',
    browserHash: 'browser',
    mailbox: 'printer@example.com',
    codeVerifier: new Secret('verifier'),
    nonce: new Secret('nonce'),
    createdAt: now,
    expiresAt: now + 1000,
  })
  await store.sentKeys.claim('a-sent-key', 'key-1', 10)
  await store.sentKeys.finish('a-sent-key', 'fingerprint', new Secret('{}'))
  const { held, message } = await holdOne(store)
  await held.claim(message.id, 'a-process', 'somebody')
  await held.putBack(message.id, 'a-process', { at: now })
  if (others) await fillShared(others.tokens, grant)
  // Two kinds may have the same key.
  for (const kind of ['callback', 'form-words'] as const)
    await passing.put(kind, 'a-key', new Secret(kind), 600)
}

async function fillShared(tokens: SharedTokens, { id: grantId, mailbox }: ActiveGrant): Promise<void> {
  const secret = new Secret('access-1')
  await tokens.put({ mailbox, grantId, secret, ageMilliseconds: 0, lifeSeconds: 3600, scopes: [] })
  const turn = await tokens.take('cron@example.com', false)
  if (turn) await tokens.giveBack(turn, { grantId, failure: failure('postern.fault') })
}

async function opensAll({ store, passing }: Pick<Fixture, 'store' | 'passing'>): Promise<void> {
  if (onPostgres) expect((await passing.find('callback', 'a-key'))?.reveal()).toBe('callback')
  const tokenOf = async (mailbox: 'printer@example.com' | 'cron@example.com') => {
    const grant = await store.grants.ofMailbox(mailbox)
    return grant.state === 'active' && grant.refreshToken?.reveal()
  }
  expect(await tokenOf('printer@example.com')).toBe('refresh-1')
  expect(await tokenOf('cron@example.com')).toBe('refresh-2')
  const login = await store.logins.findByUserName('printer')
  expect(login?.verifier.kind === 'sealed' && login.verifier.password.reveal()).toBe('a-password')
  const [registration] = await store.registrations.list()
  expect(registration?.content instanceof Secret && registration.content.reveal()).toBe('{"clientId":"1"}')
  expect((await store.sentKeys.find('a-sent-key'))?.answer?.reveal()).toBe('{}')
  const held = await store.heldMessages()
  const [message] = await held.list()
  expect(message).toMatchObject({ envelope: { userName: 'one' }, outcome: { at: now } })
  expect(await held.part(message?.id ?? '', 1)).toEqual(heldOctets[1])
  await store.check()
}

async function all(steps: AsyncIterable<RotationStep>): Promise<RotationStep[]> {
  const found: RotationStep[] = []
  for await (const step of steps) found.push(step)
  return found
}

const keyFile = ({ dataDir }: Pick<Fixture, 'dataDir'>) => join(dataDir, 'postern.key')
const linesOf = async (fixture: Fixture) => (await readFile(keyFile(fixture), 'utf8')).trim().split('\n')

/** On PostgreSQL other hosts use the store: there a key is made by people. */
async function withNewKey(fixture: Fixture): Promise<Fixture> {
  const { key } = fixture.place
  if (!onPostgres || !key) return fixture
  await fixture.store.close()
  const ring = new Secret(`${Buffer.alloc(32, 7).toString('base64url')}\n${key.reveal()}\n`)
  const place = { ...fixture.place, key: ring }
  async function reopen() {
    const opened = await openStore({ ...place, clock: stillClock(), log: silentLog })
    onTestFinished(() => opened.store.close())
    return opened
  }
  return { ...fixture, place, reopen, ...(await reopen()) }
}

it('everything is sealed with a new key while the store is used, and opens', async () => {
  const fixture = await openFixture()
  await fill(fixture)
  const [old] = onPostgres ? [] : await linesOf(fixture)
  const used = await withNewKey(fixture)
  const keyring = await used.keyring(silentLog)
  const steps = await all(keyring.rotate())
  const values = onPostgres ? 16 : 12
  expect(steps[0]).toMatchObject({ sealed: 0, values })
  expect(steps.at(-1)).toMatchObject({ sealed: values, values, broken: [] })
  await opensAll(used)
  expect((await keyring.list()).filter((one) => one.values > 0)).toMatchObject([{ writes: true, values }])
  if (!onPostgres) expect(await linesOf(fixture)).not.toContain(old)
  await used.store.close()
  await opensAll(await used.reopen())
  expect((await (await used.reopen()).store.pendingConsents.take('state', 'browser'))?.nonce.reveal()).toBe(
    'nonce',
  )
})

it.each([0, 1, 2, 3, 4])('a rotation that ends after step %i goes on in the next process', async (last) => {
  const fixture = await openFixture()
  await fill(fixture)
  const used = await withNewKey(fixture)
  const steps = (await used.keyring(silentLog)).rotate()
  for (let step = 0; step <= last; step += 1) await steps.next()
  // What was not done is not done: the process has ended here.
  await used.store.close()
  const next = await openStore({ ...used.place, clock: stillClock(), log: silentLog })
  onTestFinished(() => next.store.close())
  await opensAll(next)
  const keyring = await next.keyring(silentLog)
  if (onPostgres) await all(keyring.rotate())
  else {
    expect(next.rotates).toBe(true)
    await keyring.resume()
    expect(await linesOf(fixture)).toHaveLength(1)
  }
  await opensAll(next)
  expect((await keyring.list()).filter((one) => one.values > 0)).toHaveLength(1)
})

it.each(
  usedColumns.slice(1).flatMap((one) => (['edited', 'cut', 'swapped'] as const).map((how) => ({ one, how }))),
)(
  'a value of $one.table.$one.column that was $how is named, stays, and keeps its key',
  async ({ one: { table, column, keys }, how }) => {
    const key = keys.join(" || ' ' || ")
    const fixture = await openFixture()
    await fill(fixture)
    const [row] = await readDatabase(
      fixture.dataDir,
      `select ${key} as key, ${column} as value from ${table} where ${column} is not null order by ${key}`,
    )
    const sealed = String(row?.value)
    const [foreign] = await readDatabase(fixture.dataDir, 'select value from secrets')
    const spoiled = {
      edited: `${sealed.slice(0, -30)}${sealed.at(-30) === 'A' ? 'B' : 'A'}${sealed.slice(-29)}`,
      cut: sealed.slice(0, -4),
      swapped: String(foreign?.value),
    }[how]
    await changeDatabase(
      fixture.dataDir,
      `update ${table} set ${column} = '${spoiled}' where ${key} = '${row?.key}'`,
    )
    const used = await withNewKey(fixture)
    const lastStep = (await all((await used.keyring(silentLog)).rotate())).at(-1)
    expect(lastStep?.broken).toEqual([`${table} ${row?.key}`])
    expect(lastStep?.kept).toHaveLength(1)
    const [after] = await readDatabase(
      fixture.dataDir,
      `select ${column} as value from ${table} where ${key} = '${row?.key}'`,
    )
    expect(after?.value).toBe(spoiled)
  },
)
