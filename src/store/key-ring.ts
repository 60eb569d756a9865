import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { createPrivateFile, type DataFiles, exists, readPrivateFile } from './data-dir.ts'

/** A sealing key of 256 bits and its name. */
export interface SealingKey {
  /** Tells which key sealed a value; says nothing about the key. */
  kid: string
  key: KeyObject
}

/**
 * One key writes, all of them read, so that a key can be replaced while old values are still sealed
 * with it.
 */
export interface KeyRing {
  writing: SealingKey
  reading(kid: string): SealingKey | undefined
}

/**
 * The ring of keys: the given key, or the key file (one key a line, the writing one first), which
 * is made for a database that does not exist yet. A key is never made beside a database that
 * exists: its values would be lost.
 * @param isElsewhere there is a database already, which is not in the data directory
 * @throws Failure `configuration`
 */
export async function openKeyRing(files: DataFiles, given?: Secret, isElsewhere = false): Promise<KeyRing> {
  if (given !== undefined) return createKeyRing([parseKey(given.reveal()) ?? refuseGiven()])
  const found = await readPrivateFile(files.key, 'file.key')
  if (found === undefined && isElsewhere) throw failure('key.of-shared-store-missing', { file: files.key })
  const text = found ?? (await makeKeyFile(files))
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return createKeyRing(
    lines.map((line) => parseKey(line) ?? refuseFile(files.key)),
    files.key,
  )
}

function createKeyRing(octets: readonly Buffer[], file = ''): KeyRing {
  const keys = octets.map(nameKey)
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  return { writing: keys[0] ?? refuseFile(file), reading: (kid) => byKid.get(kid) }
}

function nameKey(octets: Buffer): SealingKey {
  const digest = createHash('sha256').update('postern sealing key\0').update(octets).digest('base64url')
  return { kid: digest.slice(0, 16), key: createSecretKey(octets) }
}

/**
 * 32 octets written as hexadecimal, base64 or base64url (RFC 4648); undefined for anything else.
 */
export function parseKey(text: string): Buffer | undefined {
  const written = text.trim()
  if (/^[0-9a-f]{64}$/i.test(written)) return Buffer.from(written, 'hex')
  // The last of 43 characters carries four bits; one with more would be a key that was mistyped.
  if (!/^([\w-]{42}|[A-Za-z0-9+/]{42})[AEIMQUYcgkosw048]=?$/.test(written)) return undefined
  return Buffer.from(written, 'base64url')
}

async function makeKeyFile(files: DataFiles): Promise<string> {
  if (await exists(files.database)) {
    throw failure('key.file-missing', { file: files.key, database: files.database })
  }
  await createPrivateFile(files.key, 'file.key', `${randomBytes(32).toString('base64url')}\n`)
  return (await readPrivateFile(files.key, 'file.key')) ?? ''
}

function refuseGiven(): never {
  throw failure('key.setting-no-key')
}

function refuseFile(path: string): never {
  throw failure('key.file-damaged', { file: path })
}
