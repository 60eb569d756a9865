import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { NewGrant } from '../../src/model/grant.ts'
import type { Login } from '../../src/model/login.ts'
import type { NewHeldMessage, Store } from '../../src/store/ports.ts'
import { type OpenedStore, openStore } from '../../src/store/store.ts'
import { newPostgresDatabase, onPostgres } from '../support/postgres-databases.ts'
import { templateKey } from '../support/postgres-template.ts'
import { keepOnPostgres } from './raw-database.ts'

export { onPostgres }

export const now = 1_750_000_000_000

/** A data directory that does not exist yet, in a temporary folder that goes with the test. */
export async function newDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

/** A clock that stands still until it is told otherwise. */
export function stillClock(): Clock & { set(time: number): void } {
  let time = now
  return { now: () => time, monotonic: () => time, set: (to) => (time = to) }
}

/** What `openStore` is given for the store of a data directory: a new one is made on PostgreSQL, where that is tested. */
export async function newPlace(like: 'store' | 'nothing' = 'store'): Promise<Place> {
  const dataDir = await newDataDir()
  if (!onPostgres) return { dataDir }
  const url = await newPostgresDatabase(like)
  keepOnPostgres(dataDir, url)
  return { dataDir, key: templateKey, postgres: { url: new Secret(url) } }
}

export interface Place {
  dataDir: string
  key?: Secret
  postgres?: { url: Secret }
}

export interface Fixture extends OpenedStore {
  dataDir: string
  place: Place
  clock: ReturnType<typeof stillClock>
  reopen(): Promise<OpenedStore>
}

/** An open store with the mailboxes printer@example.com and cron@example.com. */
export async function openFixture(): Promise<Fixture> {
  const place = await newPlace()
  const clock = stillClock()
  const reopen = async (): Promise<OpenedStore> => {
    const opened = await openStore({ ...place, clock, log: silentLog })
    onTestFinished(() => opened.store.close())
    return opened
  }
  const opened = await reopen()
  for (const address of ['printer@example.com', 'cron@example.com'] as const) {
    await opened.store.mailboxes.add({ address, providerId: 'google', createdAt: now })
  }
  return { ...opened, dataDir: place.dataDir, place, clock, reopen }
}

export function newGrant(over: Partial<NewGrant> = {}): NewGrant {
  return {
    mailbox: 'printer@example.com',
    refreshToken: new Secret('refresh-1'),
    flow: 'authorization-code',
    scopes: ['openid', 'https://mail.example.com/'],
    grantedAt: now,
    renewedAt: now,
    ...over,
  }
}

export function newLogin(over: Partial<Login> = {}): Login {
  return {
    id: randomBytes(8).toString('hex'),
    userName: 'printer',
    name: 'Printer, 2nd floor',
    mailboxes: ['printer@example.com'],
    senders: [],
    networks: [],
    rewriteSender: false,
    verifier: { kind: 'keyed', hash: 'aGFzaA' },
    createdAt: now,
    ...over,
  }
}

/** A message of two parts that waits for a person. */
export async function holdOne(
  { heldMessages }: Pick<Store, 'heldMessages'>,
  over: Partial<NewHeldMessage> = {},
) {
  const held = await heldMessages()
  const message = newHeldMessage(over)
  for (const [place, octets] of heldOctets.entries()) await held.keepPart(message.id, place, octets)
  const added = await held.add(message, { messagesOfOwner: 3, messages: 5, octets: 100 })
  return { held, message, added }
}

export const heldOctets = [Buffer.from('Subject: secret-of-the-message\r\n\r\n'), Buffer.from([0x80, 0xff])]

export function newHeldMessage(over: Partial<NewHeldMessage> = {}): NewHeldMessage {
  return {
    ...{ id: randomBytes(8).toString('hex'), owner: 'login one', octets: 20, parts: heldOctets.length },
    ...{ createdAt: now, endsAt: now + 86_400_000 },
    envelope: {
      ...{ userName: 'one', source: '192.0.2.7', mailbox: 'printer@example.com' },
      mail: { sender: 'printer@example.com', parameters: [] },
      recipients: [{ recipient: 'you@example.net', parameters: [] }],
      subject: 'secret-of-the-message',
    },
    ...over,
  }
}

/** The Failure that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const outcome = await promise.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  )
  if (!(outcome instanceof Failure)) throw outcome
  return outcome
}

/** Every file of a folder with its octets. */
export async function contents(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder)).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  )
}
