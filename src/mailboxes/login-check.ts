import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { KeyedHash } from '../base/keyed-hash.ts'
import type { Login, LoginStore } from '../store/ports.ts'
import type { ChosenPasswords } from './chosen-password.ts'
import { credentialState } from './expiry.ts'
import { isWithin } from './networks.ts'
import { preparePassword } from './password-policy.ts'
import { sameHash } from './same-hash.ts'
import { parseUserName } from './user-name.ts'

export interface LoginCheckNeeds {
  logins: Pick<LoginStore, 'findByUserName'>
  keyedHash: KeyedHash
  clock: Clock
  chosenPasswords: ChosenPasswords
}

/** The one text for every refusal: it tells nobody which names exist. */
export const wrongCredentials = 'Wrong user name or password'

/**
 * Checks a user name and password. Every refusal throws the same Failure and pays exactly one scrypt; a generated
 * password that is right costs one HMAC, a chosen one pays its scrypt once in the life of the process.
 */
export function createLoginCheck({ logins, keyedHash, clock, chosenPasswords }: LoginCheckNeeds) {
  const proven = createProvenPasswords()

  return async (userName: string, password: string, remoteAddress: string): Promise<Login> => {
    const login = await lookUp(logins, userName)
    const prepared = preparePassword(password)
    const answer =
      login && prepared !== undefined ? await recognise(login, prepared) : { matches: false, paid: false }
    if (login && answer.matches && isUsable(login, remoteAddress, clock.now())) {
      if (answer.paid && prepared !== undefined) proven.add(login, prepared)
      return login
    }
    if (!answer.paid) await chosenPasswords.waste()
    throw new Failure('wrong-credentials', wrongCredentials)
  }

  /** `paid`: whether a scrypt was run to find out. */
  async function recognise(login: Login, password: string): Promise<{ matches: boolean; paid: boolean }> {
    const { verifier } = login
    if (verifier.kind === 'keyed') {
      return { matches: sameHash(hashOfGenerated(keyedHash, login.id, password), verifier.hash), paid: false }
    }
    if (proven.has(login, password)) return { matches: true, paid: false }
    return { matches: await chosenPasswords.matches(password, verifier), paid: true }
  }
}

/** The keyed hash of a generated password. The id is in it, so that a hash copied to another row opens nothing. */
export function hashOfGenerated(keyedHash: KeyedHash, loginId: string, password: string): string {
  return keyedHash('login', `${loginId}:${password}`)
}

/** A name that no login can have is looked up by nobody, and refused like an unknown one. */
async function lookUp(logins: LoginCheckNeeds['logins'], userName: string): Promise<Login | undefined> {
  const name = readUserName(userName)
  return name === undefined ? undefined : await logins.findByUserName(name)
}

function readUserName(text: string): string | undefined {
  try {
    return parseUserName(text)
  } catch {
    return undefined
  }
}

function isUsable(login: Login, remoteAddress: string, now: number): boolean {
  return credentialState(login, now) === 'active' && isWithin(login.networks, remoteAddress)
}

/**
 * Remembers which chosen passwords were right, so that a device that signs in every minute costs no scrypt. It holds
 * HMACs under a key that dies with the process; whether the login is still good is asked of the store each time.
 */
function createProvenPasswords() {
  const key = randomBytes(32)
  const known = new LRUCache<string, true>({ max: 1000 })
  const mark = ({ id, verifier }: Login, password: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([id, verifier.kind === 'scrypt' ? verifier.hash : '', password]))
      .digest('base64url')

  return {
    add: (login: Login, password: string) => void known.set(mark(login, password), true),
    has: (login: Login, password: string) => known.has(mark(login, password)),
  }
}
