import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { createPrivateFile, type DataFiles, exists, readPrivateFile, replacePrivateFile } from './data-dir.ts'
import type { KeyCommand } from './key-command.ts'

/** Where the keys are, if not in the key file of the data directory. */
export type GivenKey = Secret | KeyCommand

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
  readonly writing: SealingKey
  reading(kid: string): SealingKey | undefined
  /** The names of all, the writing one first. */
  readonly kids: readonly string[]
  /** They are in the key file of the data directory, which postern may change. */
  readonly isOwn: boolean
  /**
   * Makes a new key, which writes from now on. It is in the key file before it is used.
   * @throws Failure `configuration` where it is not postern's to change
   */
  begin(): Promise<void>
  /** Takes keys that nothing is sealed with any more out of the key file. */
  remove(kids: readonly string[]): Promise<void>
}

/**
 * The ring of keys: the given key, or the key file (one key a line, the writing one first), which
 * is made for a database that does not exist yet. A key is never made beside a database that
 * exists: its values would be lost.
 * @param isElsewhere the database is not in the data directory
 * @param mayBegin there is no database yet, or none elsewhere
 * @throws Failure `configuration`
 */
export async function openKeyRing(
  files: DataFiles,
  given?: GivenKey,
  isElsewhere = false,
  mayBegin = !isElsewhere,
): Promise<KeyRing> {
  if (given !== undefined) return createKeyRing(parseKeys((await keysOf(given)).reveal()) ?? refuseGiven())
  const found = await readPrivateFile(files.key, 'file.key')
  if (found === undefined && !mayBegin) throw failure('key.of-shared-store-missing', { file: files.key })
  const text = found ?? (await makeKeyFile(files))
  // Others use the same store, and would not know a new key.
  return createKeyRing(parseKeys(text) ?? refuseFile(files.key), isElsewhere ? undefined : files.key)
}

/** @throws Failure */
async function keysOf(given: GivenKey): Promise<Secret> {
  if (!('line' in given)) return given
  // Loaded by those alone who have such a command.
  const { keysFromCommand } = await import('./key-command.ts')
  return keysFromCommand(given, (text) => parseKeys(text) !== undefined)
}

/** @param file which they are in, where postern may change it */
function createKeyRing([first, ...others]: ParsedKeys, file?: string): KeyRing {
  let writing = nameKey(first)
  let keys = [writing, ...others.map(nameKey)]

  async function keep(next: readonly SealingKey[]): Promise<void> {
    if (file === undefined) throw failure('keyring.not-own')
    const lines = next.map(({ key }) => `${key.export().toString('base64url')}\n`)
    await replacePrivateFile(file, 'file.key', lines.join(''))
  }

  return {
    get writing() {
      return writing
    },
    get kids() {
      return keys.map(({ kid }) => kid)
    },
    isOwn: file !== undefined,
    reading: (kid) => keys.find((key) => key.kid === kid),
    async begin() {
      const made = nameKey(randomBytes(32))
      await keep([made, ...keys])
      keys = [made, ...keys]
      writing = made
    },
    async remove(kids) {
      const left = keys.filter(({ kid }) => !kids.includes(kid) || kid === writing.kid)
      await keep(left)
      keys = left
    },
  }
}

/** At least one. */
type ParsedKeys = [Buffer, ...Buffer[]]

/** One key a line, the writing one first; undefined where one of them is none. */
export function parseKeys(text: string): ParsedKeys | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const [first, ...others] = lines.map(parseKey)
  if (first === undefined || others.includes(undefined)) return undefined
  return [first, ...others.filter((key) => key !== undefined)]
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
