import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import { encodeBase64 } from './base64.ts'
import { readBearerToken } from './bearer-pairs.ts'
import type { Exchange, Outcome } from './exchange.ts'

/**
 * What postern says to a provider: the initial client response of XOAUTH2, in base64 and ready for the wire:
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

/** What a client says to postern: XOAUTH2 with an API key as the token, beside AUTH or after an empty challenge. */
export function xoauth2Exchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readXoauth2(response))
}

function readXoauth2(response: Buffer): Outcome {
  const [first = '', ...rest] = decodeUtf8(response)?.split('\x01') ?? []
  const userName = /^user=(.+)$/.exec(first)?.[1]
  const token = readBearerToken(rest)
  if (userName === undefined || unwritable.test(userName) || token === undefined) return { kind: 'malformed' }
  return { kind: 'credentials', credentials: { kind: 'bearer', userName, token }, errorChallenge }
}

// As Google publishes it, without a scope: an API key has none that a client could ask for elsewhere.
const errorChallenge = '{"status":"401","schemes":"bearer"}'

const unwritable = /[\p{Cc}\p{Cs}]/u
