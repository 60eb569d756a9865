import { scrypt as nodeScrypt, randomBytes } from 'node:crypto'
import { type ConcurrencyLimits, createConcurrencyLimiter, type Ticket } from '../base/async.ts'
import { type Failure, failure } from '../base/failure.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import type { Verifier } from '../model/login.ts'
import { freshPassword, sameHash } from './credential.ts'
import type { LoginRequest } from './logins.ts'
import { checkChosenPassword } from './password-policy.ts'

/** node:crypto's scrypt (RFC 7914), as a promise. A parameter so that tests can count its runs. */
export type Scrypt = (password: string, salt: Buffer, parameters: ScryptParameters) => Promise<Buffer>

interface ScryptParameters {
  /** N, a power of two. */
  cost: number
  blockSize: number
  parallelization: number
}

type ScryptVerifier = Extract<Verifier, { kind: 'scrypt' }>

/**
 * `asker`: identifies the client in the fair queue, so that a flood from one source delays no
 * other.
 */
export interface ChosenPasswords {
  /** @throws Failure `limit-reached` when too many wait */
  hash(password: string): Promise<ScryptVerifier>
  /**
   * Runs one scrypt, whatever the answer.
   * @throws Failure as `hash`, and `invalid` when the client goes
   */
  matches(password: string, verifier: ScryptVerifier, asker: Ticket): Promise<boolean>
  /**
   * Runs one scrypt for nothing, so that a refusal takes as long for a name that does not exist.
   * @throws Failure as `hash`, and `invalid` when the client goes
   */
  dummyVerify(asker: Ticket): Promise<void>
}

/** OWASP's and RFC 7914's order of magnitude: 32 MiB and about a tenth of a second. */
export const scryptCost = 2 ** 15
const [blockSize, parallelization, hashOctets, saltOctets] = [8, 1, 32, 16]

// Half of libuv's four threads: a flood of wrong passwords holds 64 MiB at most, and file and name
// look-ups of other sessions still find a thread.
const atOnce = 2
// A full queue is worked off within seconds. Attempts beyond it are refused at once and told to
// come again.
const line: ConcurrencyLimits = { running: atOnce, waitingInLane: 25, waiting: 100 }

// One queue for the process, because its threads are shared: both servers and the setting of
// passwords together must not take all four.
const lineOfTheProcess = createConcurrencyLimiter(line, tooManySignIns)

/** Hashes the passwords that people choose. `cost` is scrypt's N. */
export function createChosenPasswords(cost: number, scrypt: Scrypt = scryptOffTheLoop): ChosenPasswords {
  const inTurn =
    scrypt === scryptOffTheLoop ? lineOfTheProcess : createConcurrencyLimiter(line, tooManySignIns)
  const nobodysSalt = randomBytes(saltOctets)

  return {
    async hash(password) {
      const salt = randomBytes(saltOctets)
      const parameters = { cost, blockSize, parallelization }
      // Asked by a signed-in administrator, ahead of unknown clients.
      const hash = await inTurn({ lane: '', known: true }, () => scrypt(password, salt, parameters))
      return {
        kind: 'scrypt',
        salt: salt.toString('base64url'),
        hash: hash.toString('base64url'),
        ...parameters,
      }
    },
    async matches(password, verifier, asker) {
      const salt = Buffer.from(verifier.salt, 'base64url')
      const hash = await inTurn(asker, () => scrypt(password, salt, verifier))
      return sameHash(hash.toString('base64url'), verifier.hash)
    },
    async dummyVerify(asker) {
      await inTurn(asker, () => scrypt('nobody', nobodysSalt, { cost, blockSize, parallelization }))
    },
  }
}

function tooManySignIns(): Failure {
  return failure('sign-in.too-many-at-once')
}

const scryptOffTheLoop: Scrypt = (password, salt, parameters) =>
  new Promise((resolve, reject) => {
    const { cost, blockSize, parallelization } = parameters
    // node refuses what needs more than maxmem; the working memory is a little over 128 N r octets.
    const maxmem = 2 * 128 * cost * blockSize
    const options = { cost, blockSize, parallelization, maxmem }
    nodeScrypt(password, salt, hashOctets, options, (error, key) => (error ? reject(error) : resolve(key)))
  })

interface VerifierDeps {
  keyedHash: KeyedHash
  chosenPasswords: Pick<ChosenPasswords, 'hash'>
}

/** The verifier of a new login, and its password if it was generated. */
interface NewVerifier {
  verifier: Verifier
  password?: Secret
}

/**
 * @param id of the login
 * @param names that the password may not repeat
 * @throws Failure `invalid` for a chosen password that is easy to guess
 */
export async function makeVerifier(
  { keyedHash, chosenPasswords }: VerifierDeps,
  request: Pick<LoginRequest, 'password' | 'cramMd5' | 'withoutPassword'>,
  id: string,
  names: readonly string[],
): Promise<NewVerifier> {
  if (request.withoutPassword) return { verifier: { kind: 'none' } }
  if (request.password === undefined) {
    const password = freshPassword()
    if (request.cramMd5) return { verifier: { kind: 'sealed', generated: true, password }, password }
    return { verifier: { kind: 'keyed', hash: hashOfGenerated(keyedHash, id, password.reveal()) }, password }
  }
  const chosen = await checkChosenPassword(request.password.reveal(), names)
  if (request.cramMd5) {
    return { verifier: { kind: 'sealed', generated: false, password: new Secret(chosen) } }
  }
  return { verifier: await chosenPasswords.hash(chosen) }
}

/**
 * The keyed hash of a generated password. It includes the id, so that a hash copied to another row
 * opens nothing.
 */
export function hashOfGenerated(keyedHash: KeyedHash, loginId: string, password: string): string {
  return keyedHash('login', `${loginId}:${password}`)
}
