/** A value that does not print itself. Every use is found by searching for `.reveal(`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  // The symbol that node:util's inspect looks for; written out so that this file needs no node:
  // module.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/**
 * What a keyed hash is for. Each purpose has its own key, so that a hash of one kind is worth
 * nothing as another.
 */
export type HashPurpose =
  | 'login'
  | 'api-key'
  | 'consent'
  | 'page-session'
  | 'page-form'
  | 'page-sign-in'
  | 'page-browser'
  | 'page-password'
  | 'guess'
  | 'idempotency-key'
  | 'idempotency-request'
  | 'approval-link'

/**
 * HMAC-SHA256 (RFC 2104) of a value under a key that never leaves the store, as base64url. Fast on
 * purpose: it is for values with full entropy, never for passwords that a person chose: of one for
 * the pages no more than ten bits are kept.
 */
export type KeyedHash = (purpose: HashPurpose, value: string) => string

/** All of a value, its secrets too, as one text to compare by; it is never shown or kept. */
export function canonicalText(value: unknown): string {
  // What a Secret turns itself into is seen before a replacer is asked.
  return JSON.stringify(opened(value))
}

function opened(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() }
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map(opened)
  if (value instanceof Map) return { entries: [...value].map(opened) }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, opened(one)]))
}
