import { Secret } from '../base/secret.ts'
import { readClientText } from '../wire/client-text.ts'
import type { Exchange, Outcome } from './exchange.ts'

/** PLAIN (RFC 4616), with the response beside AUTH or after an empty challenge. */
export function plainExchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readPlain(response))
}

/** `[authzid] NUL authcid NUL passwd`. */
function readPlain(response: Buffer): Outcome {
  // Cut before it is read: a device's user name may be UTF-8 and its password not.
  const [authorization, userName, password, ...more] = cutAtNul(response).map(readClientText)
  if (authorization === undefined || !userName || !password || more.length > 0) return { kind: 'malformed' }
  const identity = authorization === '' || authorization === userName ? {} : { actsAs: authorization }
  const credentials = { kind: 'password', userName, password: new Secret(password), ...identity } as const
  return { kind: 'credentials', credentials }
}

function cutAtNul(octets: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let from = 0
  for (let at = octets.indexOf(0); at !== -1; at = octets.indexOf(0, from)) {
    fields.push(octets.subarray(from, at))
    from = at + 1
  }
  return [...fields, octets.subarray(from)]
}
