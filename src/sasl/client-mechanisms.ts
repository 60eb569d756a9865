import { Secret } from '../base/secret.ts'
import { readClientText } from '../wire/client-text.ts'
import { oauthBearerExchange, xoauth2Exchange } from './bearer-mechanisms.ts'
import type { Exchange, Outcome } from './exchange.ts'

/** A mechanism that clients may sign in with. */
interface ClientMechanism {
  name: string
  /** `makeChallenge`: a challenge unlike any other, of the form `<random.time@host>` (RFC 2195, section 2). */
  begin(makeChallenge: () => string): Exchange
}

/** What exists beside PLAIN and LOGIN, which always do. */
export interface EnabledMechanisms {
  cramMd5: boolean
  bearer: boolean
}

/** What a client may sign in with now, in the order in which EHLO names it. */
export function mechanismsFor(offers: EnabledMechanisms): readonly ClientMechanism[] {
  return [...always, ...(offers.bearer ? withBearer : []), ...(offers.cramMd5 ? [cramMd5] : [])]
}

const always: readonly ClientMechanism[] = [
  { name: 'PLAIN', begin: plainExchange },
  { name: 'LOGIN', begin: loginExchange },
]

const withBearer: readonly ClientMechanism[] = [
  { name: 'XOAUTH2', begin: xoauth2Exchange },
  { name: 'OAUTHBEARER', begin: oauthBearerExchange },
]

// Last, and only where a login asked for it: most logins are stored as hashes and cannot answer a challenge. A client that takes the first
// name it knows finds PLAIN before it. Some (curl, Python's smtplib) take it wherever it stands, because it looks strongest, and curl
// then tries nothing else: so it matters that the networks of such a login decide who is offered this.
const cramMd5: ClientMechanism = {
  name: 'CRAM-MD5',
  begin: (makeChallenge) => cramMd5Exchange(makeChallenge()),
}

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

/**
 * LOGIN (draft-murchison-sasl-login). The two challenges are exact: some devices compare their base64
 * (`VXNlcm5hbWU6`, `UGFzc3dvcmQ6`) letter by letter. A user name that comes beside AUTH is taken; an empty one there is
 * a client that has not said it yet.
 */
export function loginExchange(): Exchange {
  let asked = false
  let userName: string | undefined

  return (response) => {
    if (response === undefined || (!asked && response.length === 0)) {
      asked = true
      return { kind: 'challenge', text: 'Username:' }
    }
    if (response.includes(0)) return { kind: 'malformed' }
    const text = readClientText(response)
    if (userName === undefined) {
      asked = true
      userName = text
      return { kind: 'challenge', text: 'Password:' }
    }
    return { kind: 'credentials', credentials: { kind: 'password', userName, password: new Secret(text) } }
  }
}

/**
 * CRAM-MD5 (RFC 2195). `challenge` must be unlike any other there was, or an old answer would open the door again. The server speaks
 * first, so an initial response is against the rules (RFC 4954, section 4).
 */
export function cramMd5Exchange(challenge: string): Exchange {
  let asked = false

  return (response) => {
    if (asked && response !== undefined) return readAnswer(response, challenge)
    asked = true
    return response === undefined ? { kind: 'challenge', text: challenge } : { kind: 'malformed' }
  }
}

/** `user SP digest`. A user name may hold blanks, a digest never does, so the last blank divides. */
function readAnswer(response: Buffer, challenge: string): Outcome {
  const found = /^([^\0]+) ([0-9A-Fa-f]{32})$/.exec(readClientText(response))
  const [, userName, digest] = found ?? []
  if (userName === undefined || digest === undefined) return { kind: 'malformed' }
  const credentials = { kind: 'cram-md5', userName, challenge, digest: digest.toLowerCase() } as const
  return { kind: 'credentials', credentials }
}
