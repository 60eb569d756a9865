import { cramMd5Exchange } from './cram-md5.ts'
import type { Exchange } from './exchange.ts'
import { loginExchange } from './login.ts'
import { oauthBearerExchange } from './oauthbearer.ts'
import { plainExchange } from './plain.ts'
import { xoauth2Exchange } from './xoauth2.ts'

/** A mechanism that clients may sign in with. */
export interface ClientMechanism {
  name: string
  /** `makeChallenge`: a challenge unlike any other, of the form `<random.time@host>` (RFC 2195, section 2). */
  begin(makeChallenge: () => string): Exchange
}

/** What exists beside PLAIN and LOGIN, which always do. */
export interface MechanismOffers {
  cramMd5: boolean
  bearer: boolean
}

/** What a client may sign in with now, in the order in which EHLO names it. */
export function offeredMechanisms(offers: MechanismOffers): readonly ClientMechanism[] {
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
