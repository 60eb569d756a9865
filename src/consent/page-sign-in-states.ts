import { type KeyedHash, Secret } from '../base/secret.ts'
import { freshSecret, sameHash } from '../mailboxes/fresh-secret.ts'

/** A sign-in to the pages that is under way. */
export interface BegunSignIn {
  providerId: string
  /** Milliseconds since 1970. */
  until: number
  state: Secret
  nonce: Secret
  codeVerifier: Secret
}

/**
 * `state` of such sign-ins (RFC 6749, section 10.12): it says where and until when, and only the browser that began can show that we said so. The nonce and the PKCE
 * verifier follow from the same, so that nothing has to be remembered.
 */
export interface SignInStates {
  begin(about: Pick<BegunSignIn, 'providerId' | 'until'>, browser: Secret): BegunSignIn
  /** Undefined: not ours, or of another browser. */
  read(state: string, browser: Secret): BegunSignIn | undefined
}

const shape = /^(sign-in\.([a-z0-9-]{1,64})\.(\d{1,16})\.[\w-]{43})\.([\w-]{43})$/

export function createSignInStates(keyedHash: KeyedHash): SignInStates {
  const derive = (what: string, about: string, browser: Secret) =>
    keyedHash('page-sign-in', `${what}:${about}:${browser.reveal()}`)

  function whole(
    about: string,
    browser: Secret,
    { providerId, until }: Pick<BegunSignIn, 'providerId' | 'until'>,
  ) {
    return {
      providerId,
      until,
      state: new Secret(`${about}.${derive('state', about, browser)}`),
      nonce: new Secret(derive('nonce', about, browser)),
      codeVerifier: new Secret(derive('verifier', about, browser)),
    }
  }

  return {
    begin(about, browser) {
      const { providerId, until } = about
      return whole(`sign-in.${providerId}.${until}.${freshSecret().reveal()}`, browser, about)
    },
    read(state, browser) {
      const [, about = '', providerId = '', until = '', proof = ''] = shape.exec(state) ?? []
      if (about === '' || !sameHash(derive('state', about, browser), proof)) return undefined
      return whole(about, browser, { providerId, until: Number(until) })
    },
  }
}

export function isSignInState(state: string): boolean {
  return shape.test(state)
}
