import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'

/** A challenge for CRAM-MD5 of the form of a message id (RFC 2195, section 2). 128 random bits: none is ever made twice. */
export function uniqueChallenge(clock: Pick<Clock, 'now'>, hostname: string): string {
  return `<${randomBytes(16).toString('hex')}.${clock.now()}@${hostname}>`
}
