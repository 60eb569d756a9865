import { LRUCache } from 'lru-cache'
import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Ticket } from '../base/fair-queue.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import { type PageRole, type PageVerifier, pageRoles, type Store } from '../store/ports.ts'
import { wrongCredentials } from './login-check.ts'
import type { LoginThrottle, Look } from './login-throttle.ts'
import { checkChosenPassword, preparePassword } from './password-policy.ts'
import { createEphemeralHmac } from './secrets.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './verifiers.ts'

/** The passwords of those who look at the pages. */
export interface PagePasswords {
  isSet(role: PageRole): Promise<boolean>
  /** Ends sessions as `PageAccessStore.setPassword` does. @throws Failure `invalid` (policy, with the reason), `forbidden` */
  set(role: PageRole, password: Secret, keepSession?: string, by?: Actor): Promise<void>
  /** Whose password it is. `name`: of a role.
   * @throws Failure `wrong-credentials`; `limit-reached` with `retryAfterSeconds` for a source that guessed too often, or when too many wait */
  check(name: string, password: Secret, from: PageClient, gone?: Gone): Promise<PageRole>
}

/** Where somebody signs in to the pages. */
export interface PageClient {
  /** As it is counted and shown. */
  source: string
  /** Everybody behind a proxy, or on this machine, may come from there. */
  isShared: boolean
  /** The id of a browser that has signed in well in this role before. */
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

/** All names that are no role are guessed at together: there is nothing behind them. */
const noRole = 'nobody'
const nothingSet = { salt: '', hint: 0 }

/**
 * The passwords of people who look at the pages: one for each role. Tries are counted by the same throttle as those at the SMTP door. One that was
 * right since the start opens whatever waits, and one whose hint fits is looked at before all others; a browser that has signed in before
 * comes before all who have not.
 */
export function createPagePasswords(deps: PagePasswordsDeps): PagePasswords {
  const { throttle, clock, log } = deps
  const { pageAccess } = deps.store
  const chosenPasswords = createChosenPasswords(deps.scryptCost ?? usualCost, deps.scrypt)
  const hintOf = createPasswordHint(deps.keyedHash)
  const quickLooks = createQuickLooks({ hintOf, clock })
  /** At those whose hint fits. */
  const looking = new Map<string, Promise<boolean>>()

  return {
    async isSet(role) {
      return (await pageAccess.password(role)) !== undefined
    },

    async set(role, password, keepSession, by) {
      const chosen = checkChosenPassword(password.reveal(), ['postern', ...pageRoles])
      const hash = await chosenPasswords.hash(chosen)
      const verifier = { ...hash, hint: hintOf(hash.salt, chosen) }
      const isSet = await pageAccess.setPassword(role, verifier, keepSession)
      if (!isSet) throw new Failure('forbidden', 'Your session has ended', { fix: 'Sign in again.' })
      quickLooks.remember(role, verifier, chosen)
      log.info({ event: 'page.password-set', role, ...actorFields(by) }, 'A password for the pages was set')
    },

    async check(name, password, from, gone) {
      const role = pageRoles.find((one) => one === name)
      const verifier = role && (await pageAccess.password(role))
      const prepared = preparePassword(password.reveal())
      if (role && verifier && prepared !== undefined && (await opensAtOnce(role, verifier, prepared, from)))
        return role

      const attempt = attemptOf(role ?? noRole, password, from, verifier?.hash ?? '')
      const asker = { lane: attempt.source, known: attempt.known, gone }
      const look = async (): Promise<Look> => {
        if (role && (await isRight(prepared, verifier, asker))) return 'right'
        log.warn({ event: 'page.sign-in-refused', source: from.source }, 'A sign-in to the pages was refused')
        return 'wrong'
      }
      if (!(await throttle.attempt(attempt, look, gone)) || !role) throw wrongCredentials()
      if (verifier && prepared !== undefined) quickLooks.remember(role, verifier, prepared)
      return role
    },
  }

  async function opensAtOnce(
    role: PageRole,
    verifier: PageVerifier,
    prepared: string,
    { source }: PageClient,
  ): Promise<boolean> {
    const seen = quickLooks.look(role, verifier, prepared)
    if (seen !== 'perhaps') return seen === 'right'
    // The same one at the same time is looked at once: whoever has found one that fits cannot hold the line with it.
    const thisOne = JSON.stringify([role, verifier.hash, prepared])
    const look =
      looking.get(thisOne) ?? chosenPasswords.matches(prepared, verifier, { lane: source, known: true })
    looking.set(thisOne, look)
    try {
      const isRight = await look
      if (isRight) quickLooks.remember(role, verifier, prepared)
      else quickLooks.refute(role, verifier, prepared)
      return isRight
    } finally {
      looking.delete(thisOne)
    }
  }

  /** As much work whether or not a password was set: one scrypt, but for those whose hint does not fit. */
  async function isRight(
    prepared: string | undefined,
    verifier: PageVerifier | undefined,
    asker: Ticket,
  ): Promise<boolean> {
    const { salt, hint } = verifier ?? nothingSet
    const fits = hint === undefined || (prepared !== undefined && hintOf(salt, prepared) === hint)
    if (!fits) return false
    if (verifier && prepared !== undefined) return await chosenPasswords.matches(prepared, verifier, asker)
    await chosenPasswords.dummyVerify(asker)
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
 * Tells a password of the pages that may be right from a flood of wrong ones, without work and without a line, so that no flood keeps it
 * out. Looking here costs nothing, so it must not be done without end by somebody who guesses.
 */
export interface QuickLooks {
  /** It was right, or was set, since the start. */
  remember(role: PageRole, verifier: PageVerifier, password: string): void
  /** `perhaps`: its hint fits, as that of one wrong password in a thousand does. `unknown` also when there were too many wrong ones: then somebody
   * has to look in the proper way. */
  look(role: PageRole, verifier: PageVerifier, password: string): 'right' | 'perhaps' | 'unknown'
  /** One that was `perhaps` right is wrong. */
  refute(role: PageRole, verifier: PageVerifier, password: string): void
}

/** As many as a flood of minutes, and far from enough to find what the password policy accepts: days of guessing at the usual rate. */
const looks = 100_000
/** In the long run no more than the usual wait between guesses allows. */
const millisecondsForOne = 3_000
/** Those cost no look when they come again. */
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
      // Marks of another key each time tell nothing by how long they are compared.
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

/** What is kept of a password beside its verifier: see `createPasswordHint`. */
type PasswordHint = (salt: string, password: string) => number

/**
 * Ten bits of a keyed hash of a password. After a restart nobody remembers what was right, and a flood of wrong passwords would fill every place at
 * scrypt: the hint keeps a thousand of them away for one that it lets through. Without the key it tells nothing; with the key and the
 * database, each scrypt of whoever guesses still finds out no more than a thousand candidates.
 */
export function createPasswordHint(keyedHash: KeyedHash): PasswordHint {
  return (salt, password) =>
    Buffer.from(keyedHash('page-password', JSON.stringify([salt, password])), 'base64url').readUInt16BE() >> 6
}
