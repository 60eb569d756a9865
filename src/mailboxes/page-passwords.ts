import { actorFields } from '../base/actor.ts'
import type { Log } from '../base/log.ts'
import { sourceOf } from '../base/source.ts'
import type { Guard } from '../guessing/guard.ts'
import { pageRoles, type Store } from '../store/ports.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './chosen-password.ts'
import { wrongCredentials } from './login-check.ts'
import { checkChosenPassword, preparePassword } from './password-policy.ts'
import type { PagePasswords } from './services.ts'

export interface PagePasswordsNeeds {
  store: Pick<Store, 'pageAccess'>
  guard: Guard
  log: Log
  /** scrypt's N. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** The passwords of people who look at the pages: one for each role. Tries are counted by the same guard as those at the SMTP door. */
export function createPagePasswords(needs: PagePasswordsNeeds): PagePasswords {
  const { guard, log } = needs
  const { pageAccess } = needs.store
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)

  return {
    async isSet(role) {
      return (await pageAccess.password(role)) !== undefined
    },

    async set(role, password, keepSession, by) {
      const chosen = checkChosenPassword(password.reveal(), ['postern', ...pageRoles])
      await pageAccess.setPassword(role, await chosenPasswords.hash(chosen), keepSession)
      log.info({ event: 'page.password-set', role, ...actorFields(by) }, 'A password for the pages was set')
    },

    async check(name, password, remoteAddress) {
      const source = sourceOf(remoteAddress).key
      const attempt = { source, name, known: false }
      await guard.admit(attempt)
      const role = pageRoles.find((one) => one === name)
      const verifier = role && (await pageAccess.password(role))
      const prepared = preparePassword(password.reveal())
      if (role && verifier && prepared !== undefined) {
        if (await chosenPasswords.matches(prepared, verifier, source)) return role
      } else {
        await chosenPasswords.waste(source)
      }
      log.warn({ event: 'page.sign-in-refused', source }, 'A sign-in to the pages was refused')
      await guard.failed(attempt, password)
      throw wrongCredentials()
    },
  }
}
