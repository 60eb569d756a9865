import { createHmac } from 'node:crypto'
import { Secret } from '../base/secret.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { Login } from '../store/ports.ts'
import type { Proof } from './login-check.ts'
import { sameHash } from './same-hash.ts'

type CramMd5 = Extract<Credentials, { kind: 'cram-md5' }>

/** HMAC-MD5 of our challenge under the password (RFC 2195, section 2): only logins that keep theirs sealed can tell whether it is right. */
export function cramMd5Proof({ challenge, digest }: CramMd5): Proof {
  const isRight = ({ verifier }: Login) =>
    verifier.kind === 'sealed' &&
    formsOf(verifier.password).some((key) => sameHash(digestOf(challenge, key), digest))

  return {
    secret: new Secret(digest),
    fits: ({ verifier }) => verifier.kind === 'sealed',
    matchesGenerated: (login) => isGenerated(login) && isRight(login),
    matchesChosen: async (login) => ({ matches: !isGenerated(login) && isRight(login), paid: false }),
  }
}

function isGenerated({ verifier }: Login): boolean {
  return verifier.kind === 'sealed' && verifier.generated
}

/** The octets that a client may have made of the password: UTF-8, or those of its own code page, Latin-1. */
function formsOf(password: Secret): Buffer[] {
  const text = password.reveal()
  const utf8 = Buffer.from(text, 'utf8')
  return /^[\0-\xff]*$/.test(text) ? [utf8, Buffer.from(text, 'latin1')] : [utf8]
}

function digestOf(challenge: string, key: Buffer): string {
  return createHmac('md5', key).update(challenge).digest('hex')
}
