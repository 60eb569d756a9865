import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { hasEndlessMarks, normalForm, printable } from '../base/text.ts'
import type { Login } from '../model/login.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { isWithin } from '../net/ip.ts'
import type { LimitOptions } from './sending-limits.ts'

/** Longest user name, in characters after normalisation. */
const userNameCharacters = 128

// All of Unicode's "other" categories: control, format (the direction-changing ones among them),
// surrogates, private and unassigned; and every space but U+0020, because two names must not look
// alike (RFC 8265, section 3.4).
const forbidden = /\p{C}|[^\P{Z} ]/u

/**
 * Parses a login's user name: NFC, 1 to 128 characters, no control or invisible characters. The
 * case is kept, and ignored when names are compared (`userNameKey`). Spaces inside a name are
 * allowed, because devices have such names.
 * @throws Failure `invalid`
 */
export function parseUserName(text: string): string {
  const name = normalForm(text)
  const length = [...name].length
  if (length < 1 || length > userNameCharacters)
    throw failure('login.user-name-length', { most: userNameCharacters, length })
  if (forbidden.test(name) || hasEndlessMarks(name)) throw failure('login.user-name-characters')
  if (name !== name.trim()) throw failure('login.user-name-spaces')
  return name
}

/**
 * Parses the display name of a login or an API key: NFC, trimmed, at most 100 characters, one line.
 * An empty name becomes `fallback`.
 * @throws Failure `invalid`
 */
export function parseDisplayName(text: string | undefined, fallback: string): string {
  const name = normalForm(text ?? '').trim()
  if (name === '') return fallback
  if ([...name].length > 100 || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) {
    throw failure('login.label-unfit')
  }
  return name
}

const day = /^(\d{4})-(\d{2})-(\d{2})$/
const moment =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/**
 * Parses the expiry of a credential: an ISO 8601 date (valid through the end of that day, UTC), or
 * a date and time with its offset from UTC.
 * @returns milliseconds since 1970, later than `now`
 * @throws Failure `invalid`
 */
export function parseExpiry(text: string, now: number): number {
  const found = day.exec(text) ?? moment.exec(text)
  if (!found || !isCalendarDay(Number(found[1]), Number(found[2]), Number(found[3]))) {
    throw failure('login.date-unreadable', { text: printable(text) })
  }
  const end = Date.parse(day.test(text) ? `${text}T23:59:59.999Z` : text)
  if (end <= now) {
    throw failure('login.date-passed', { text: printable(text) })
  }
  return end
}

// Date.parse reads the 30th of February as the 2nd of March.
function isCalendarDay(year: number, month: number, dayOfMonth: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, dayOfMonth))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth
}

/** The state of a credential. A revoked one stays revoked after its expiry. */
export function credentialState(
  credential: { expiresAt?: number; revokedAt?: number },
  now: number,
): 'active' | 'expired' | 'revoked' {
  if (credential.revokedAt !== undefined) return 'revoked'
  return credential.expiresAt !== undefined && credential.expiresAt <= now ? 'expired' : 'active'
}

/**
 * Whether the login or API key is active and may be used from this address. `now`: milliseconds since 1970.
 */
export function isActiveFrom(
  login: Partial<Pick<Login, 'expiresAt' | 'revokedAt' | 'networks'>>,
  remoteAddress: string,
  now: number,
): boolean {
  return credentialState(login, now) === 'active' && isWithin(login.networks ?? [], remoteAddress)
}

/** Loaded where somebody has limits: nothing of it is on the way of the usual message. */
export async function loadLimits() {
  const { changedLimits } = await import('./sending-limits.ts')
  const { describeLimits } = await import('../model/sending-limits.ts')
  return { changedLimits, describeLimits }
}

/**
 * The limits that are asked for; undefined where these are none.
 * @throws Failure `invalid`
 */
export async function readLimits(options: LimitOptions | undefined): Promise<SendingLimits | undefined> {
  if (options === undefined) return undefined
  const limits = (await loadLimits()).changedLimits({}, options)
  return Object.keys(limits).length === 0 ? undefined : limits
}

const intervalMilliseconds = 60_000

/**
 * Records when and from where a credential was used, at most once a minute for each. A write that
 * is slow or fails delays no sign-in.
 */
export function createUseRecorder(
  record: (id: string, at: number, source?: string) => Promise<void>,
  log: Log,
) {
  const recorded = new LRUCache<string, number>({ max: 10_000 })
  return (id: string, now: number, source?: string): void => {
    const use = `${id} ${source ?? ''}`
    if (now - (recorded.get(use) ?? Number.NEGATIVE_INFINITY) < intervalMilliseconds) return
    recorded.set(use, now)
    record(id, now, source).catch((error: unknown) => {
      log.warn({ event: 'credential.use-not-recorded', id, err: error }, 'A use could not be recorded')
    })
  }
}

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
