// By their places: the whole of jose takes twice as long to load, at every start.
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import type { KeyRing } from './key-ring.ts'

/** Where a sealed value lives. It opens nowhere else. */
export interface SealContext {
  table: string
  column: string
  row: string
}

/** Seals the secrets that the database keeps, and opens them again. */
export interface Sealer {
  seal(place: SealContext, secret: Secret): Promise<string>
  /**
   * @throws Failure `store-unavailable` when the value was changed, moved, or sealed with a key
   * that is not here
   */
  open(place: SealContext, sealed: string): Promise<Secret>
}

/**
 * JWE compact serialization (RFC 7516), `dir` and `A256GCM` (RFC 7518, sections 4.5 and 5.3). The
 * place stands in the protected header, which the tag covers: a value copied to another row, column
 * or table does not open there.
 */
export function createSealer(ring: KeyRing): Sealer {
  return {
    seal(place, secret) {
      const { kid, key } = ring.writing
      return new CompactEncrypt(Buffer.from(secret.reveal(), 'utf8'))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, ...header(place) })
        .encrypt(key)
    },

    async open(place, sealed) {
      try {
        const kid = decodeProtectedHeader(sealed).kid
        const held = ring.reading(kid ?? '')
        if (!held) throw new Error(`sealed with the key ${kid}, which is not in the ring`)
        if (!isCanonical(sealed)) throw new Error('not canonical base64url')
        const { plaintext, protectedHeader } = await compactDecrypt(sealed, held.key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        })
        if (!isAt(place, protectedHeader)) throw new Error('sealed for another place')
        return new Secret(Buffer.from(plaintext).toString('utf8'))
      } catch (cause) {
        throw failure('database.seal-broken', { table: place.table, row: printable(place.row, 80), cause })
      }
    },
  }
}

function header(place: SealContext) {
  return { tbl: place.table, col: place.column, row: place.row }
}

function isAt(place: SealContext, found: object): boolean {
  const fields = found as Record<string, unknown>
  return Object.entries(header(place)).every(([name, value]) => fields[name] === value)
}

// The last character of a base64url text has bits that mean nothing; with them, one value could be
// written in several ways, and a changed one could open.
function isCanonical(sealed: string): boolean {
  return sealed.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}
