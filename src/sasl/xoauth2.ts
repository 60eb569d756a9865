import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { encodeBase64 } from './base64.ts'

/**
 * The initial client response of XOAUTH2, in base64 and ready for the wire:
 * `user=` user ^A `auth=Bearer ` token ^A ^A, as Google and Microsoft publish it.
 * @throws Failure `invalid` when user or token hold a control character: ^A would begin a field of its own
 */
export function xoauth2Response(user: string, token: Secret): Secret {
  const parts = [user, token.reveal()]
  if (parts.some((part) => part === '' || unwritable.test(part))) {
    throw new Failure('invalid', 'A user name or token with control characters cannot be used to sign in', {
      fix: 'Check the address of the mailbox and what the token endpoint answers.',
    })
  }
  return new Secret(encodeBase64(`user=${user}\x01auth=Bearer ${token.reveal()}\x01\x01`))
}

/**
 * What the client answers to an error challenge: an empty line. It gives nothing away and lets the server send its
 * final reply; `*` would do too, but not every server knows it.
 */
export const xoauth2ErrorAnswer = ''

const unwritable = /[\p{Cc}\p{Cs}]/u
