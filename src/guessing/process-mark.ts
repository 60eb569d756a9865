import { createHmac, randomBytes } from 'node:crypto'

/**
 * Stands for texts that should not lie in memory, or be of any length: their HMAC-SHA256 (RFC 2104) under a key that
 * dies with the process. Equal texts have equal marks.
 */
export function createProcessMark(): (...parts: readonly string[]) => string {
  const key = randomBytes(32)
  return (...parts) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
}
