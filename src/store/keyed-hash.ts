import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { HashPurpose, KeyedHash } from '../base/keyed-hash.ts'
import type { Secret } from '../base/secret.ts'

/**
 * Keyed hashes under keys derived (HKDF, RFC 5869) from the hash root: 256 random bits that the database keeps sealed.
 * A root of its own, rather than the sealing key itself: replacing the sealing key then leaves every login valid.
 */
export function createKeyedHash(root: Secret): KeyedHash {
  const octets = Buffer.from(root.reveal(), 'base64url')
  const keys: Record<HashPurpose, KeyObject> = {
    login: derive(octets, 'login'),
    'api-key': derive(octets, 'api-key'),
    consent: derive(octets, 'consent'),
    'page-session': derive(octets, 'page-session'),
    'page-form': derive(octets, 'page-form'),
    'page-sign-in': derive(octets, 'page-sign-in'),
    'page-browser': derive(octets, 'page-browser'),
  }
  return (purpose, value) => createHmac('sha256', keys[purpose]).update(value).digest('base64url')
}

function derive(root: Buffer, purpose: HashPurpose): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', root, '', `postern hash key: ${purpose}`, 32)))
}
