import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Gone, Ticket } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure, isStoreAway } from '../base/failure.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import type { Login } from '../model/login.ts'
import { sourceOf } from '../net/ip.ts'
import type { Credentials } from '../sasl/mechanisms.ts'
import type { LoginStore } from '../store/ports.ts'
import { createEphemeralHmac, isActiveFrom, parseUserName, sameHash } from './credential.ts'
import type { CredentialIndex } from './credential-index.ts'
import { type LoginThrottle, type Look, smtpPolicy } from './login-throttle.ts'
import { preparePassword } from './password-policy.ts'
import { type ChosenPasswords, hashOfGenerated } from './verifiers.ts'

interface LoginCheckDeps {
  logins: Pick<LoginStore, 'findByUserName' | 'knows'>
  index: Pick<CredentialIndex, 'generated' | 'chosen'>
  throttle: LoginThrottle
  clock: Clock
  chosenPasswords: Pick<ChosenPasswords, 'dummyVerify'>
}

/**
 * What the client proves its password with, and how it is compared with the verifier of a login.
 */
interface Proof {
  /** The secret that counts as one guess. */
  secret: Secret
  /** Whether the login has a verifier that this proof can match at all. */
  fits(login: Login): boolean
  /** Whether the proof matches a generated password of this login. */
  matchesGenerated(login: Login): boolean
  /**
   * Whether the proof matches a chosen password of this login. `paid`: a scrypt was run to find
   * out.
   */
  matchesChosen(login: Login, asker: Ticket): Promise<{ matches: boolean; paid: boolean }>
  /** Whether this process has found it right before. */
  wasRight(login: Login): boolean
}

const knownMilliseconds = 30 * 86_400_000

/**
 * Finds the login that a client signs in with. A right generated password (160 bits, which cannot
 * be guessed) succeeds whatever the throttle has counted, so no flood locks such a login out. Every
 * other attempt passes the throttle. Every refusal throws the same Failure after one scrypt,
 * whether or not the user name exists; only a password that was wrong a moment ago costs none.
 */
export function createLoginCheck({ logins, index, throttle, clock, chosenPasswords }: LoginCheckDeps) {
  return async (userName: string, proof: Proof, remoteAddress: string, gone?: Gone): Promise<Login> => {
    const name = readUserName(userName)
    try {
      return await check(userName, name, proof, remoteAddress, gone)
    } catch (error) {
      // Who has not been right before is told
      // the same, whether or not the name exists.
      const kept = name !== undefined && isStoreAway(error) ? index.chosen(name) : undefined
      if (kept && isActiveFrom(kept, remoteAddress, clock.now()) && proof.wasRight(kept)) return kept
      throw error
    }
  }

  async function check(
    userName: string,
    name: string | undefined,
    proof: Proof,
    remoteAddress: string,
    gone: Gone | undefined,
  ): Promise<Login> {
    const remembered = name === undefined ? undefined : index.generated(name)
    if (remembered !== undefined && opens(remembered, proof, remoteAddress)) return remembered
    // The store is asked before every refusal, so that its time does not tell which names exist.
    const login = name === undefined ? undefined : await logins.findByUserName(name)
    const usable = login !== undefined && isActiveFrom(login, remoteAddress, clock.now())
    if (usable && login.id !== remembered?.id && proof.matchesGenerated(login)) return login

    const source = sourceOf(remoteAddress).key
    // Asked for unknown names too, so that the work is the same.
    const known = await logins.knows(login?.id ?? '', source, clock.now() - knownMilliseconds)
    const attempt = {
      source,
      name: userName,
      known,
      secret: proof.secret,
      against: login === undefined ? '' : `${login.id} ${usable}`,
      policy: smtpPolicy,
    }
    const look = async (): Promise<Look> => {
      const asker = { lane: source, known, gone }
      const answer = login ? await proof.matchesChosen(login, asker) : { matches: false, paid: false }
      if (usable && answer.matches) return 'right'
      if (!answer.paid) await chosenPasswords.dummyVerify(asker)
      // Python's smtplib tries CRAM-MD5 first wherever it is announced, even for a login that does
      // not support it, and signs in by PLAIN afterwards. That is no guess.
      return known && usable && !proof.fits(login) ? 'harmless' : 'wrong'
    }
    const isRight = await throttle.attempt(attempt, look, gone)
    if (login !== undefined && isRight) return login
    throw wrongCredentials()
  }

  function opens(login: Login, proof: Proof, remoteAddress: string): boolean {
    return isActiveFrom(login, remoteAddress, clock.now()) && proof.matchesGenerated(login)
  }
}

/** The one text for every refusal, which does not tell whether the user name exists. */
export function wrongCredentials(): Failure {
  return failure('sign-in.wrong')
}

/** A name that no login can have is not looked up, and refused like an unknown one. */
function readUserName(text: string): string | undefined {
  try {
    return parseUserName(text)
  } catch {
    return undefined
  }
}

/**
 * Proofs by the password itself (PLAIN and LOGIN). A right generated password costs one HMAC; a
 * right chosen password costs one scrypt in the life of the process.
 */
export function createPasswordProofs(
  keyedHash: KeyedHash,
  chosenPasswords: Pick<ChosenPasswords, 'matches'>,
) {
  const mark = createEphemeralHmac()
  const proven = new LRUCache<string, true>({ max: 1000 })

  return (secret: Secret): Proof => {
    const password = preparePassword(secret.reveal())
    return {
      secret,
      fits: () => true,
      matchesGenerated({ id, verifier }) {
        if (password === undefined) return false
        if (verifier.kind === 'keyed')
          return sameHash(hashOfGenerated(keyedHash, id, password), verifier.hash)
        return verifier.kind === 'sealed' && verifier.generated && isSame(password, verifier.password)
      },
      async matchesChosen({ id, verifier }, asker) {
        if (password === undefined) return { matches: false, paid: false }
        if (verifier.kind === 'sealed') {
          return { matches: !verifier.generated && isSame(password, verifier.password), paid: false }
        }
        if (verifier.kind !== 'scrypt') return { matches: false, paid: false }
        // Cached, so that a device that signs in each minute costs no scrypt. Whether the login is
        // still active is checked by the caller each time.
        const thisOne = mark(id, verifier.hash, password)
        if (proven.has(thisOne)) return { matches: true, paid: false }
        const matches = await chosenPasswords.matches(password, verifier, asker)
        if (matches) proven.set(thisOne, true)
        return { matches, paid: true }
      },
      wasRight: ({ id, verifier }) =>
        password !== undefined && verifier.kind === 'scrypt' && proven.has(mark(id, verifier.hash, password)),
    }
  }

  function isSame(password: string, kept: Secret): boolean {
    // The HMACs have equal lengths; the passwords may not.
    return sameHash(mark(password), mark(kept.reveal()))
  }
}

type CramMd5 = Extract<Credentials, { kind: 'cram-md5' }>

/**
 * A proof by HMAC-MD5 of the challenge under the password (RFC 2195, section 2). It can match only
 * logins that keep their password sealed.
 */
export function cramMd5Proof({ challenge, digest }: CramMd5): Proof {
  const isRight = ({ verifier }: Login) =>
    verifier.kind === 'sealed' &&
    formsOf(verifier.password).some((key) => sameHash(digestOf(challenge, key), digest))

  return {
    secret: new Secret(digest),
    fits: ({ verifier }) => verifier.kind === 'sealed',
    matchesGenerated: (login) => isGenerated(login) && isRight(login),
    matchesChosen: async (login) => ({ matches: !isGenerated(login) && isRight(login), paid: false }),
    // The password itself is in the store alone.
    wasRight: () => false,
  }
}

function isGenerated({ verifier }: Login): boolean {
  return verifier.kind === 'sealed' && verifier.generated
}

/** The octets that a client may have made of the password: UTF-8, or Latin-1 as its code page. */
function formsOf(password: Secret): Buffer[] {
  const text = password.reveal()
  const utf8 = Buffer.from(text, 'utf8')
  return /^[\0-\xff]*$/.test(text) ? [utf8, Buffer.from(text, 'latin1')] : [utf8]
}

function digestOf(challenge: string, key: Buffer): string {
  return createHmac('md5', key).update(challenge).digest('hex')
}
