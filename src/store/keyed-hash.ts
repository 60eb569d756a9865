import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { HashPurpose, KeyedHash, Secret } from '../base/secret.ts'

/**
 * Keyed hashes under keys derived (HKDF, RFC 5869) from the hash root: 256 random bits that the database keeps sealed.
 * A root of its own, rather than the sealing key itself: replacing the sealing key then leaves every login valid.
 */
export function createKeyedHash(root: Secret): KeyedHash {
  const derive = (purpose: HashPurpose) => deriveKey(root, `postern hash key: ${purpose}`)
  const keys: Record<HashPurpose, KeyObject> = {
    login: derive('login'),
    'api-key': derive('api-key'),
    consent: derive('consent'),
    'page-session': derive('page-session'),
    'page-form': derive('page-form'),
    'page-sign-in': derive('page-sign-in'),
    'page-browser': derive('page-browser'),
    'page-password': derive('page-password'),
  }
  return (purpose, value) => createHmac('sha256', keys[purpose]).update(value).digest('base64url')
}

/** A key of its own for each use of the hash root. */
export function deriveKey(root: Secret, use: string): KeyObject {
  const octets = Buffer.from(root.reveal(), 'base64url')
  return createSecretKey(Buffer.from(hkdfSync('sha256', octets, '', use, 32)))
}
