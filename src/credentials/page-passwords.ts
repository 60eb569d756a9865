import { LRUCache } from 'lru-cache'
import type { Gone, Ticket } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import { type PageRole, type PageVerifier, pageRoles } from '../model/page-access.ts'
import type { PageAccessStore, Store } from '../store/ports.ts'
import { createEphemeralHmac } from './credential.ts'
import type { LoginThrottle, Look } from './login-throttle.ts'
import { checkChosenPassword, preparePassword } from './password-policy.ts'
import type { ChosenPasswords } from './verifiers.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './verifiers.ts'

/** The passwords of the pages, one for each role. */
export interface PagePasswords {
  isSet(role: PageRole): Promise<boolean>
  /**
   * Sets the password of a role and ends sessions as `PageAccessStore.setPassword` does.
   * @throws Failure `invalid` (policy, with the reason), `forbidden`
   */
  set(role: PageRole, password: Secret, keepSession?: string, by?: Actor): Promise<void>
  /**
   * Finds the role that the password belongs to. `name`: the name of a role.
   * @throws Failure `wrong-credentials`; `limit-reached` with `retryAfterSeconds` for a blocked
   * source, or when too many attempts wait
   */
  check(name: string, password: Secret, from: PageClient, gone?: Gone): Promise<PageRole>
}

/** The browser that signs in to the pages. */
export interface PageClient {
  /** Its source, as the throttle counts it and logs show it. */
  source: string
  /** Many people share this source: those behind a proxy, or on this machine. */
  isShared: boolean
  /** The id of the browser, if it has signed in to this role before. */
  knownBrowser?: string | undefined
}

interface PagePasswordsDeps {
  store: Pick<Store, 'pageAccess'>
  throttle: LoginThrottle
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Names that are no role are counted together, because there is nothing behind them. */
const noRole = 'nobody'
const nothingSet = { salt: '', hint: 0 }

/**
 * Checks and sets the passwords of the pages. Failures are counted by the same throttle as those of
 * the SMTP server. Three things keep a flood of wrong passwords from locking people out: a password
 * that was right since the start succeeds at once; a password whose hint fits is verified before
 * all others; a browser that has signed in before comes before all unknown ones.
 */
export function createPagePasswords(deps: PagePasswordsDeps): PagePasswords {
  return new CheckedPagePasswords(deps)
}

class CheckedPagePasswords implements PagePasswords {
  readonly #deps: PagePasswordsDeps
  readonly #pageAccess: PageAccessStore
  readonly #chosenPasswords: ChosenPasswords
  readonly #hintOf: PasswordHint
  readonly #quickLooks: QuickLooks
  /** Verifications of passwords whose hint fits. */
  readonly #looking = new Map<string, Promise<boolean>>()

  constructor(deps: PagePasswordsDeps) {
    this.#deps = deps
    this.#pageAccess = deps.store.pageAccess
    this.#chosenPasswords = createChosenPasswords(deps.scryptCost ?? usualCost, deps.scrypt)
    this.#hintOf = createPasswordHint(deps.keyedHash)
    this.#quickLooks = createQuickLooks({ hintOf: this.#hintOf, clock: deps.clock })
  }

  async isSet(role: PageRole): Promise<boolean> {
    return (await this.#pageAccess.password(role)) !== undefined
  }

  async set(role: PageRole, password: Secret, keepSession?: string, by?: Actor): Promise<void> {
    const chosen = await checkChosenPassword(password.reveal(), ['postern', ...pageRoles])
    const hash = await this.#chosenPasswords.hash(chosen)
    const verifier = { ...hash, hint: this.#hintOf(hash.salt, chosen) }
    const isSet = await this.#pageAccess.setPassword(role, verifier, keepSession)
    if (!isSet) throw failure('page.session-ended')
    this.#quickLooks.remember(role, verifier, chosen)
    this.#deps.log.info(
      { event: 'page.password-set', role, ...actorFields(by) },
      'A password for the pages was set',
    )
  }

  async check(name: string, password: Secret, from: PageClient, gone?: Gone): Promise<PageRole> {
    const role = pageRoles.find((one) => one === name)
    const verifier = role && (await this.#pageAccess.password(role))
    const prepared = preparePassword(password.reveal())
    if (
      role &&
      verifier &&
      prepared !== undefined &&
      (await this.#opensAtOnce(role, verifier, prepared, from))
    )
      return role

    const attempt = attemptOf(role ?? noRole, password, from, verifier?.hash ?? '')
    const asker = { lane: attempt.source, known: attempt.known, gone }
    const look = async (): Promise<Look> => {
      if (role && (await this.#isRight(prepared, verifier, asker))) return 'right'
      this.#deps.log.warn(
        { event: 'page.sign-in-refused', source: from.source },
        'A sign-in to the pages was refused',
      )
      return 'wrong'
    }
    if (!(await this.#deps.throttle.attempt(attempt, look, gone)) || !role)
      throw failure('page.wrong-password')
    if (verifier && prepared !== undefined) this.#quickLooks.remember(role, verifier, prepared)
    return role
  }

  async #opensAtOnce(
    role: PageRole,
    verifier: PageVerifier,
    prepared: string,
    { source }: PageClient,
  ): Promise<boolean> {
    const seen = this.#quickLooks.look(role, verifier, prepared)
    if (seen !== 'perhaps') return seen === 'right'
    // Single flight: a wrong password whose hint happens to fit cannot fill the queue of scrypt.
    const thisOne = JSON.stringify([role, verifier.hash, prepared])
    const look =
      this.#looking.get(thisOne) ??
      this.#chosenPasswords.matches(prepared, verifier, { lane: source, known: true })
    this.#looking.set(thisOne, look)
    try {
      const isRight = await look
      if (isRight) this.#quickLooks.remember(role, verifier, prepared)
      else this.#quickLooks.refute(role, verifier, prepared)
      return isRight
    } finally {
      this.#looking.delete(thisOne)
    }
  }

  /**
   * Verifies with one scrypt, whether or not a password is set; with none when the hint does not
   * fit.
   */
  async #isRight(
    prepared: string | undefined,
    verifier: PageVerifier | undefined,
    asker: Ticket,
  ): Promise<boolean> {
    const { salt, hint } = verifier ?? nothingSet
    const fits = hint === undefined || (prepared !== undefined && this.#hintOf(salt, prepared) === hint)
    if (!fits) return false
    if (verifier && prepared !== undefined)
      return await this.#chosenPasswords.matches(prepared, verifier, asker)
    await this.#chosenPasswords.dummyVerify(asker)
    return false
  }
}

function attemptOf(name: string, secret: Secret, from: PageClient, against: string) {
  const { knownBrowser, isShared } = from
  return {
    source: knownBrowser === undefined ? from.source : `browser ${knownBrowser}`,
    name,
    known: knownBrowser !== undefined,
    secret,
    against,
    policy: { kind: 'page', isShared: isShared && knownBrowser === undefined, refusesLate: false } as const,
  }
}

/**
 * Tells a password that may be right from a flood of wrong ones, without scrypt and without a
 * queue. Because a look costs nothing, the number of looks is limited.
 */
export interface QuickLooks {
  /** The password was right, or was set, since the start. */
  remember(role: PageRole, verifier: PageVerifier, password: string): void
  /**
   * `perhaps`: the hint fits, as it does for one wrong password in a thousand. `unknown`: the hint
   * does not fit, or the looks are used up; the password has to be verified through the throttle.
   */
  look(role: PageRole, verifier: PageVerifier, password: string): 'right' | 'perhaps' | 'unknown'
  /** A password that was `perhaps` right is wrong. */
  refute(role: PageRole, verifier: PageVerifier, password: string): void
}

/** Enough for a flood of minutes, and far too few to find a password that the policy accepts. */
const looks = 100_000
/** In the long run one look in this time, which is the usual delay between guesses. */
const millisecondsForOne = 3_000
/** Known wrong passwords cost no look. */
const wrongOnesRemembered = 1_000

interface QuickLooksDeps {
  hintOf: PasswordHint
  clock: Pick<Clock, 'monotonic'>
}

export function createQuickLooks({ hintOf, clock }: QuickLooksDeps): QuickLooks {
  const mark = createEphemeralHmac()
  const proven = new Map<string, string>()
  const wrongOnes = new LRUCache<string, true>({ max: wrongOnesRemembered })
  let [left, since] = [looks, clock.monotonic()]

  return {
    remember(role, verifier, password) {
      const thisOne = mark(role, verifier.hash, password)
      proven.set(role, thisOne)
      wrongOnes.delete(thisOne)
    },
    refute: (role, verifier, password) => void wrongOnes.set(mark(role, verifier.hash, password), true),
    look(role, verifier, password) {
      const thisOne = mark(role, verifier.hash, password)
      if (wrongOnes.get(thisOne) || !hasLook()) return 'unknown'
      // The HMAC key differs in each process, so the time of this comparison tells nothing.
      if (proven.get(role) === thisOne) return 'right'
      left -= 1
      if (verifier.hint !== undefined && verifier.hint === hintOf(verifier.salt, password)) return 'perhaps'
      wrongOnes.set(thisOne, true)
      return 'unknown'
    },
  }

  function hasLook(): boolean {
    const now = clock.monotonic()
    left = Math.min(looks, left + (now - since) / millisecondsForOne)
    since = now
    return left >= 1
  }
}

/** The hint that is stored beside a verifier: see `createPasswordHint`. */
type PasswordHint = (salt: string, password: string) => number

/**
 * Ten bits of a keyed hash of the password. After a restart no password is known to be right, and a
 * flood of wrong ones would fill the queue of scrypt; the hint keeps 1023 of 1024 away. Without the
 * key the hint tells nothing. With the key and the database, one scrypt still rules out no more
 * than a thousand candidates.
 */
export function createPasswordHint(keyedHash: KeyedHash): PasswordHint {
  return (salt, password) =>
    Buffer.from(keyedHash('page-password', JSON.stringify([salt, password])), 'base64url').readUInt16BE() >> 6
}
