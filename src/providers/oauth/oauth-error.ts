import { printable } from '../../base/address.ts'

export interface OAuthErrorDetails {
  /** HTTP status of the answer; absent when there was none. */
  status?: number
  /** `error` of RFC 6749, section 5.2. */
  error?: string
  /** The answer was JSON that says what is wrong, in whatever form. */
  explained?: boolean
  /** What the provider asked for (RFC 9110, section 10.2.3). */
  retryAfterSeconds?: number
}

/** As another error has them. */
type Loose<T> = { [Key in keyof T]: T[Key] | undefined }

/**
 * What went wrong at a provider, with everything that decides what it means, and nothing secret: openid-client's own errors carry
 * whole answers and requests as their `cause`, which must never reach a log.
 */
export class OAuthError extends Error {
  readonly status: number | undefined
  readonly error: string | undefined
  readonly explained: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(message: string, details: Partial<Loose<OAuthErrorDetails>> = {}) {
    const { status, error, retryAfterSeconds } = details
    super(safeText(message))
    this.name = 'OAuthError'
    this.status = status
    this.error = error
    this.explained = details.explained ?? error !== undefined
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Longer than any identifier that a provider puts into an explanation: more likely a token. */
const tokenLike = /[A-Za-z0-9+/=_~-]{44,}/g

/** Foreign text for logs and pages: at most 200 characters, one line (Microsoft's texts contain CR LF), no token. */
export function safeText(text: string): string {
  // Cut before matching too, so that a huge text costs nothing.
  const hidden = text.slice(0, 4000).replace(tokenLike, '[hidden]')
  return printable(hidden.replace(/[\p{Cc}\s]+/gu, ' ').trim(), 199)
}
