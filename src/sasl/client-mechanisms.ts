import { Secret } from '../base/secret.ts'
import { readClientText } from '../wire/input-buffer.ts'
import { oauthBearerExchange, xoauth2Exchange } from './bearer-mechanisms.ts'
import type { Exchange, Outcome } from './exchange.ts'

/** A mechanism that clients may authenticate with. */
interface ClientMechanism {
  name: string
  /**
   * `makeChallenge`: returns a unique challenge of the form `<random.time@host>` (RFC 2195, section
   * 2).
   */
  begin(makeChallenge: () => string): Exchange
}

/** The mechanisms beside PLAIN and LOGIN, which are always enabled. */
export interface EnabledMechanisms {
  cramMd5: boolean
  bearer: boolean
}

/** The mechanisms for a client, in the order of the EHLO reply. */
export function mechanismsFor(enabled: EnabledMechanisms): readonly ClientMechanism[] {
  return [...always, ...(enabled.bearer ? withBearer : []), ...(enabled.cramMd5 ? [cramMd5] : [])]
}

const always: readonly ClientMechanism[] = [
  { name: 'PLAIN', begin: plainExchange },
  { name: 'LOGIN', begin: loginExchange },
]

const withBearer: readonly ClientMechanism[] = [
  { name: 'XOAUTH2', begin: xoauth2Exchange },
  { name: 'OAUTHBEARER', begin: oauthBearerExchange },
]

// Last, and only where a login uses it: most passwords are stored as hashes and cannot answer a
// challenge. A client that takes the first known mechanism finds PLAIN before it. Some clients
// (curl, smtplib of Python) prefer it wherever it stands, as the strongest, and curl then tries no
// other: so it is offered only to the networks of such logins.
const cramMd5: ClientMechanism = {
  name: 'CRAM-MD5',
  begin: (makeChallenge) => cramMd5Exchange(makeChallenge()),
}

/** PLAIN (RFC 4616), as initial response or after an empty challenge. */
export function plainExchange(): Exchange {
  return (response) => (response === undefined ? { kind: 'challenge', text: '' } : readPlain(response))
}

/** `[authzid] NUL authcid NUL passwd`. */
function readPlain(response: Buffer): Outcome {
  // Split before it is decoded: the user name may be UTF-8 and the password not.
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
 * LOGIN (draft-murchison-sasl-login). The challenges are exact, because some devices compare their
 * base64 (`VXNlcm5hbWU6`, `UGFzc3dvcmQ6`). A user name as initial response is accepted; an empty
 * initial response counts as none.
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
 * CRAM-MD5 (RFC 2195). `challenge` must be unique, or an old response could be replayed. The server
 * speaks first, so an initial response is invalid (RFC 4954, section 4).
 */
export function cramMd5Exchange(challenge: string): Exchange {
  let asked = false

  return (response) => {
    if (asked && response !== undefined) return readAnswer(response, challenge)
    asked = true
    return response === undefined ? { kind: 'challenge', text: challenge } : { kind: 'malformed' }
  }
}

/**
 * `user SP digest`. A user name may hold blanks, a digest never does, so they are split at the last
 * blank.
 */
function readAnswer(response: Buffer, challenge: string): Outcome {
  const found = /^([^\0]+) ([0-9A-Fa-f]{32})$/.exec(readClientText(response))
  const [, userName, digest] = found ?? []
  if (userName === undefined || digest === undefined) return { kind: 'malformed' }
  const credentials = { kind: 'cram-md5', userName, challenge, digest: digest.toLowerCase() } as const
  return { kind: 'credentials', credentials }
}
