import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { copyDatabase } from './copies.ts'
import {
  dataFiles,
  exists,
  prepareDataDir,
  putInPlace,
  replacePrivateFile,
  syncDirectory,
  unfinishedCopy,
} from './data-dir.ts'
import { type GivenKey, openKeyRing } from './key-ring.ts'
import { newestSchema, schemaOf } from './migrations.ts'
import { countKeys, sealedColumns } from './sealed-values.ts'
import { createSealer } from './sealer.ts'
import { inspectDatabase, readUntouched } from './store.ts'

/** What a backup says of itself. */
export interface Manifest {
  what: 'postern backup'
  format: 1
  /** Of the postern that made it. */
  version: string
  schema: number
  madeAt: string
  /** Of the database in it. */
  octets: number
  sha256: string
  /** The names of the keys that its sealed values need; they say nothing about the keys. */
  keyIds: readonly string[]
}

export interface Backup {
  manifest: Manifest
  /** A tar file. What was copied for it is gone when it has been read, or left. */
  octets: AsyncIterable<Uint8Array>
}

/** A tar file (POSIX ustar) of these two, in this order: everybody can look into it without postern. */
const [manifestName, databaseName] = ['manifest.json', 'postern.sqlite']
const block = 512

/**
 * A copy of the store as it is at this moment, sealed as it is and without the key; also while a
 * postern runs.
 * @throws Failure `store-unavailable`
 */
export async function makeBackup({
  dataDir,
  version,
  clock,
}: {
  dataDir: string
  version: string
  clock: Clock
}): Promise<Backup> {
  const now = clock.now()
  const copy = await copyDatabase(dataFiles(dataDir).database)
  try {
    const { octets, sha256 } = await measured(copy)
    const { schema, keyIds } = await readUntouched(copy, async (database) => {
      const schema = await database.read(schemaOf)
      const counts = await countKeys(
        database.read,
        schema === newestSchema ? sealedColumns : sealedColumns.slice(0, 1),
      )
      return { schema, keyIds: [...counts.keys()].sort() }
    })
    const madeAt = new Date(now).toISOString()
    const manifest: Manifest = {
      what: 'postern backup',
      format: 1,
      version,
      schema,
      madeAt,
      octets,
      sha256,
      keyIds,
    }
    return { manifest, octets: archive(manifest, copy, now) }
  } catch (error) {
    await rm(copy, { force: true })
    throw error
  }
}

async function measured(path: string): Promise<{ octets: number; sha256: string }> {
  const hash = createHash('sha256')
  let octets = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk)
    octets += chunk.length
  }
  return { octets, sha256: hash.digest('hex') }
}

async function* archive(manifest: Manifest, copy: string, now: number): AsyncGenerator<Uint8Array> {
  try {
    const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)
    yield Buffer.concat([headerOf(manifestName, text.length, now), text, padding(text.length)])
    yield headerOf(databaseName, manifest.octets, now)
    yield* createReadStream(copy)
    yield Buffer.concat([padding(manifest.octets), Buffer.alloc(2 * block)])
  } finally {
    await rm(copy, { force: true })
  }
}

function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block)
}

function headerOf(name: string, size: number, now: number): Buffer {
  const header = Buffer.alloc(block)
  header.write(name, 0)
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write(
    `${Math.floor(now / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  )
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, octet) => total + octet, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** Where a member of the archive begins, and how long it is. */
interface Member {
  at: number
  size: number
}

/** @throws Failure `invalid` where it is none, or is damaged */
async function memberAt(file: FileHandle, at: number, name: string, path: string): Promise<Member> {
  const header = await part(file, at, block)
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8)
  const isRight = header.toString('latin1', 0, name.length + 1) === `${name}\0` && size >= 0
  if (header.length < block || !isRight) throw failure('backup.not-one', { path })
  return { at: at + block, size }
}

async function part(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

/**
 * Reads what a backup says of itself and whether its content is what it says.
 * @param write is given the database, in pieces, and how much of how much that makes
 * @throws Failure `invalid`
 */
export async function readBackup(
  path: string,
  write: (piece: Buffer, done: number, all: number) => Promise<unknown> = async () => {},
): Promise<Manifest> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw failure('command.file-unreadable', { path, reason: cause.code ?? 'unreadable', cause })
  })
  try {
    const first = await memberAt(file, 0, manifestName, path)
    if (first.size > 100_000) throw failure('backup.not-one', { path })
    const manifest = parseManifest((await part(file, first.at, first.size)).toString('utf8'), path)
    const second = first.at + Math.ceil(first.size / block) * block
    const { at, size } = await memberAt(file, second, databaseName, path)
    const hash = createHash('sha256')
    for (let done = 0; done < size; ) {
      const piece = await part(file, at + done, Math.min(1_000_000, size - done))
      if (piece.length === 0) break
      hash.update(piece)
      done += piece.length
      await write(piece, done, size)
      await turnOfOthers()
    }
    if (size !== manifest.octets || hash.digest('hex') !== manifest.sha256)
      throw failure('backup.damaged', { path })
    return manifest
  } finally {
    await file.close()
  }
}

function parseManifest(text: string, path: string): Manifest {
  try {
    const found = JSON.parse(text) as Manifest
    if (found.what === 'postern backup' && found.format === 1 && Array.isArray(found.keyIds)) return found
  } catch {
    // It is none.
  }
  throw failure('backup.not-one', { path })
}

export interface Restored {
  manifest: Manifest
  /** Where the store is now that was there before. */
  movedTo?: string
  /** Whose refresh tokens are others in the store that was there before, or, without one, all. */
  mailboxes: readonly string[]
}

/**
 * Puts the store of a backup into a data directory. All is checked before anything is changed; the
 * caller holds the lock of the directory.
 * @param replace a store may be there: it is moved aside
 * @throws Failure `invalid`, `already-exists`, `configuration`
 */
export async function restoreBackup({
  from,
  dataDir,
  key,
  replace,
  told = () => {},
  clock,
}: {
  from: string
  dataDir: string
  key?: GivenKey
  replace: boolean
  /** How many octets of how many are read. */
  told?: (done: number, all: number) => void
  clock: Clock
}): Promise<Restored> {
  const files = await prepareDataDir(dataDir)
  const { database } = files
  const isThere = await exists(database)
  if (isThere && !replace) throw failure('backup.store-there', { directory: dataDir })
  if (key === undefined && !(await exists(files.key)))
    throw failure('backup.key-missing', { file: files.key })
  const ring = await openKeyRing(files, key)
  const draft = join(dataDir, `${unfinishedCopy}restored-${clock.now()}`)
  try {
    const manifest = await unpack(from, draft, told)
    const missing = manifest.keyIds.filter((kid) => !ring.reading(kid))
    if (missing.length > 0) throw failure('backup.of-other-key', { ids: missing.join(', ') })
    await inspectDatabase(draft, createSealer(ring))
    const mailboxes = await changedTokens(draft, isThere ? database : undefined)
    const movedTo = isThere ? await moveAside(database, clock.now()) : undefined
    const note = {
      madeAt: manifest.madeAt,
      version: manifest.version,
      restoredAt: new Date(clock.now()).toISOString(),
    }
    await replacePrivateFile(files.restored, 'file.any', `${JSON.stringify(note)}\n`)
    await putInPlace(draft, database)
    await syncDirectory(dataDir)
    return { manifest, mailboxes, ...(movedTo !== undefined && { movedTo }) }
  } finally {
    for (const suffix of ['', '-wal', '-shm']) await rm(draft + suffix, { force: true })
  }
}

async function unpack(
  from: string,
  draft: string,
  told: (done: number, all: number) => void,
): Promise<Manifest> {
  const file = await open(draft, 'wx', 0o600)
  try {
    const manifest = await readBackup(from, async (piece, done, all) => {
      await file.writeFile(piece)
      told(done, all)
    })
    await file.sync()
    return manifest
  } finally {
    await file.close()
  }
}

/** What `restoreBackup` did since the last start: the store that it is about has no entry of it yet. */
export async function takeRestoreNote(
  dataDir: string,
): Promise<{ madeAt: string; version: string; restoredAt: string } | undefined> {
  const { restored } = dataFiles(dataDir)
  const text = await readFile(restored, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  await rm(restored, { force: true })
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The mailboxes whose grants have a refresh token that may be used up by now. */
async function changedTokens(restored: string, before: string | undefined): Promise<string[]> {
  const now = await refreshTokens(restored)
  const then = before === undefined ? undefined : await refreshTokens(before).catch(() => undefined)
  return [...now].filter(([mailbox, token]) => then?.get(mailbox) !== token).map(([mailbox]) => mailbox)
}

function refreshTokens(path: string): Promise<Map<string, string>> {
  return readUntouched(path, (database) =>
    database.read(async (tables) => {
      const rows = await tables
        .selectFrom('grants')
        .innerJoin('mailboxes', 'mailboxes.address_key', 'grants.mailbox_key')
        .select(['mailboxes.address', 'grants.refresh_token'])
        .where('grants.state', '=', 'active')
        .where('grants.refresh_token', 'is not', null)
        .orderBy('mailboxes.address')
        .execute()
      return new Map(rows.map((row) => [row.address, row.refresh_token ?? '']))
    }),
  )
}

/** With what is only in its -wal file: they are one database by their names. */
async function moveAside(database: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-')
  const path = `${database}.before-restore-${stamp}`
  for (const suffix of ['-wal', '-shm', '']) {
    await putInPlace(database + suffix, path + suffix).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  return path
}
