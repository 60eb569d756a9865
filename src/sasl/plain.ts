import { Secret } from '../base/secret.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import type { Exchange, Outcome } from './exchange.ts'

/** PLAIN (RFC 4616), with the response beside AUTH or after an empty challenge. */
export function plainExchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readPlain(response))
}

/** `[authzid] NUL authcid NUL passwd`. Acting for somebody else does not exist here: an authzid may only repeat the authcid. */
function readPlain(response: Buffer): Outcome {
  const [authorization, userName, password, ...more] = decodeUtf8(response)?.split('\0') ?? []
  if (authorization === undefined || !userName || !password || more.length > 0) return { kind: 'malformed' }
  if (authorization !== '' && authorization !== userName) return { kind: 'refused' }
  return { kind: 'credentials', credentials: { kind: 'password', userName, password: new Secret(password) } }
}
