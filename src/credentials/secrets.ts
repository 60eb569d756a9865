import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { Secret } from '../base/secret.ts'

/**
 * A new bearer secret of 256 bits: 43 characters of base64url, which is also what RFC 7636, section
 * 4.1 wants of a verifier.
 */
export function freshSecret(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

/** A new identifier, not secret: 16 hexadecimal characters. */
export function freshId(): string {
  return randomBytes(8).toString('hex')
}

// Letters and digits without 0, O, 1, I and l, which people confuse when they copy by hand; no
// punctuation, so that no shell, URL or configuration file needs quoting.
export const passwordAlphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const passwordLength = 28

/** A new local password: 28 characters, uniformly drawn from 57: 163 bits. */
export function freshPassword(): Secret {
  // randomInt draws without modulo bias.
  const characters = Array.from({ length: passwordLength }, () =>
    passwordAlphabet.charAt(randomInt(passwordAlphabet.length)),
  )
  return new Secret(characters.join(''))
}

/**
 * Compares two hashes, or two random tokens, in a time that does not depend on where they differ.
 * Their lengths are no secret.
 */
export function sameHash(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * HMAC-SHA256 (RFC 2104) under a key that ends with the process. It stands for texts that should
 * not stay in memory or may have any length. Equal texts have equal values.
 */
export function createEphemeralHmac(): (...parts: readonly string[]) => string {
  const key = randomBytes(32)
  return (...parts) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
}
