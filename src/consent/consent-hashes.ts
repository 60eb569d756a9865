import type { KeyedHash, Secret } from '../base/secret.ts'

/** The keyed hashes by which a consent's three secrets are recognised; none of them can stand in for another. */
export interface ConsentHashes {
  link(secret: Secret): string
  state(state: Secret): string
  /** The browser that began, at the provider that it was sent to: a code never goes to another one (RFC 9700, section 4.4). */
  browser(cookie: Secret, providerId: string): string
}

export function createConsentHashes(keyedHash: KeyedHash): ConsentHashes {
  return {
    link: (secret) => keyedHash('consent', `link:${secret.reveal()}`),
    state: (state) => keyedHash('consent', `state:${state.reveal()}`),
    browser: (cookie, providerId) => keyedHash('consent', `browser:${providerId}:${cookie.reveal()}`),
  }
}
