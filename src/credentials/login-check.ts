import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Ticket } from '../base/fair-queue.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { sourceOf } from '../net/ip.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { Login, LoginStore } from '../store/ports.ts'
import { isActiveFrom, parseUserName } from './credential.ts'
import type { CredentialIndex } from './credential-index.ts'
import { type LoginThrottle, type Look, smtpPolicy } from './login-throttle.ts'
import { preparePassword } from './password-policy.ts'
import { createEphemeralHmac, sameHash } from './secrets.ts'
import { type ChosenPasswords, hashOfGenerated } from './verifiers.ts'

interface LoginCheckDeps {
  logins: Pick<LoginStore, 'findByUserName' | 'knows'>
  index: Pick<CredentialIndex, 'generated'>
  throttle: LoginThrottle
  clock: Clock
  chosenPasswords: Pick<ChosenPasswords, 'dummyVerify'>
}

/** What a client showed for a password, and how it is compared with a login's. */
interface Proof {
  /** What is counted as one guess. */
  secret: Secret
  /** Whether there is anything in this login that it could be right for. */
  fits(login: Login): boolean
  /** Whether it is right, for a password that was generated here. No other login matches. */
  matchesGenerated(login: Login): boolean
  /** The same for one that a person chose. `paid`: a scrypt was run to find out. */
  matchesChosen(login: Login, asker: Ticket): Promise<{ matches: boolean; paid: boolean }>
}

const knownMilliseconds = 30 * 86_400_000

/**
 * Who a client is, by its user name and what it showed for the password. A generated password that is right opens the door whatever
 * the throttle has counted, because nobody guesses 160 bits: no flood locks such a login out. Everything else is asked of the throttle
 * first, and every refusal throws the same Failure after one scrypt; or none, for a password that was wrong a moment ago, whether or not the name
 * exists.
 */
export function createLoginCheck({ logins, index, throttle, clock, chosenPasswords }: LoginCheckDeps) {
  return async (userName: string, proof: Proof, remoteAddress: string, gone?: Gone): Promise<Login> => {
    const name = readUserName(userName)
    const remembered = name === undefined ? undefined : index.generated(name)
    if (remembered !== undefined && opens(remembered, proof, remoteAddress)) return remembered
    // What is refused has always asked the store, so that its time does not tell which names are known.
    const login = name === undefined ? undefined : await logins.findByUserName(name)
    const usable = login !== undefined && isActiveFrom(login, remoteAddress, clock.now())
    if (usable && login.id !== remembered?.id && proof.matchesGenerated(login)) return login

    const source = sourceOf(remoteAddress).key
    // Asked for a name that does not exist, too: the same work.
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
      // Python's smtplib tries CRAM-MD5 first wherever it is offered, and then signs in: no guess, though its login may not have it.
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

/** The one text for every refusal: it tells nobody which names exist. */
export function wrongCredentials(): Failure {
  return new Failure('wrong-credentials', 'Wrong user name or password')
}

/** A name that no login can have is looked up by nobody, and refused like an unknown one. */
function readUserName(text: string): string | undefined {
  try {
    return parseUserName(text)
  } catch {
    return undefined
  }
}

/**
 * The password itself, as PLAIN and LOGIN bring it. A generated one that is right costs one HMAC, a chosen one pays
 * its scrypt once in the life of the process.
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
        // A device that signs in every minute costs no scrypt. Whether its login is still good is asked of the store each time.
        const thisOne = mark(id, verifier.hash, password)
        if (proven.has(thisOne)) return { matches: true, paid: false }
        const matches = await chosenPasswords.matches(password, verifier, asker)
        if (matches) proven.set(thisOne, true)
        return { matches, paid: true }
      },
    }
  }

  function isSame(password: string, kept: Secret): boolean {
    // Marks are equally long, passwords are not.
    return sameHash(mark(password), mark(kept.reveal()))
  }
}

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
