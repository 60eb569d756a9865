import { printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'

const day = /^(\d{4})-(\d{2})-(\d{2})$/
const moment =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/**
 * Reads when a credential ends: an ISO 8601 date (valid through the end of that day, UTC), or a date and time with
 * its offset from UTC.
 * @returns milliseconds since 1970, later than `now`
 * @throws Failure `invalid`
 */
export function parseExpiry(text: string, now: number): number {
  const found = day.exec(text) ?? moment.exec(text)
  if (!found || !isCalendarDay(Number(found[1]), Number(found[2]), Number(found[3]))) {
    throw new Failure('invalid', `"${printable(text)}" is not a date that postern can read`, {
      fix: 'Write it as 2030-12-31 or 2030-12-31T18:00:00Z.',
    })
  }
  const end = Date.parse(day.test(text) ? `${text}T23:59:59.999Z` : text)
  if (end <= now) {
    throw new Failure('invalid', `"${printable(text)}" has passed already`, {
      fix: 'Give a date in the future.',
    })
  }
  return end
}

// Date.parse takes the 30th of February for the 2nd of March.
function isCalendarDay(year: number, month: number, dayOfMonth: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, dayOfMonth))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth
}

/** Where a credential stands; a revoked one stays revoked when it expires. */
export function credentialState(
  credential: { expiresAt?: number; revokedAt?: number },
  now: number,
): 'active' | 'expired' | 'revoked' {
  if (credential.revokedAt !== undefined) return 'revoked'
  return credential.expiresAt !== undefined && credential.expiresAt <= now ? 'expired' : 'active'
}
