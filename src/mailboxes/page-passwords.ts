import { actorFields } from '../base/actor.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Guard, Look } from '../guessing/guard.ts'
import { pageRoles, type Store } from '../store/ports.ts'
import {
  createChosenPasswords,
  type Scrypt,
  type ScryptVerifier,
  scryptCost as usualCost,
} from './chosen-password.ts'
import { wrongCredentials } from './login-check.ts'
import { checkChosenPassword, preparePassword } from './password-policy.ts'
import { createProvenPasswords } from './proven-passwords.ts'
import type { PageClient, PagePasswords } from './services.ts'
import type { Place } from './turnstile.ts'

export interface PagePasswordsNeeds {
  store: Pick<Store, 'pageAccess'>
  guard: Guard
  clock: Clock
  log: Log
  /** scrypt's N. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** All names that are no role are guessed at together: there is nothing behind them. */
const noRole = 'nobody'

/**
 * The passwords of people who look at the pages: one for each role. Tries are counted by the same guard as those at the SMTP door. One that was
 * right since the start opens whatever waits; a browser that has signed in before comes before all who have not.
 */
export function createPagePasswords(needs: PagePasswordsNeeds): PagePasswords {
  const { guard, clock, log } = needs
  const { pageAccess } = needs.store
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)
  const proven = createProvenPasswords(clock)

  return {
    async isSet(role) {
      return (await pageAccess.password(role)) !== undefined
    },

    async set(role, password, keepSession, by) {
      const chosen = checkChosenPassword(password.reveal(), ['postern', ...pageRoles])
      const verifier = await chosenPasswords.hash(chosen)
      const isSet = await pageAccess.setPassword(role, verifier, keepSession)
      if (!isSet) throw new Failure('forbidden', 'Your session has ended', { fix: 'Sign in again.' })
      proven.remember(role, verifier.hash, chosen)
      log.info({ event: 'page.password-set', role, ...actorFields(by) }, 'A password for the pages was set')
    },

    async check(name, password, from, gone) {
      const role = pageRoles.find((one) => one === name)
      const verifier = role && (await pageAccess.password(role))
      const prepared = preparePassword(password.reveal())
      if (role && verifier && prepared !== undefined && proven.opens(role, verifier.hash, prepared))
        return role

      const attempt = attemptOf(role ?? noRole, password, from, verifier?.hash ?? '')
      const asker = { lane: attempt.source, known: attempt.known, gone }
      const look = async (): Promise<Look> => {
        if (role && (await isRight(prepared, verifier, asker))) return 'right'
        log.warn({ event: 'page.sign-in-refused', source: from.source }, 'A sign-in to the pages was refused')
        return 'wrong'
      }
      if (!(await guard.attempt(attempt, look, gone)) || !role) throw wrongCredentials()
      if (verifier && prepared !== undefined) proven.remember(role, verifier.hash, prepared)
      return role
    },
  }

  /** One scrypt, whether or not a password was set. */
  async function isRight(
    prepared: string | undefined,
    verifier: ScryptVerifier | undefined,
    asker: Place,
  ): Promise<boolean> {
    if (verifier && prepared !== undefined) return await chosenPasswords.matches(prepared, verifier, asker)
    await chosenPasswords.waste(asker)
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
    door: { kind: 'page', isShared: isShared && knownBrowser === undefined, refusesLate: false } as const,
  }
}
