import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import type { Guard } from '../guessing/guard.ts'
import { sourceOf } from '../net/ip.ts'
import type { Login, Store } from '../store/ports.ts'
import { createAdmission } from './admission.ts'
import { createBearerCheck } from './bearer-check.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './chosen-password.ts'
import { createConfirmation } from './confirmation.ts'
import { cramMd5Proof } from './cram-md5-proof.ts'
import { createLoginCheck } from './login-check.ts'
import { createPasswordProofs } from './password-proof.ts'
import type { ApiKeys, SignIns } from './services.ts'
import type { SignInOffers } from './sign-in-offers.ts'
import { requireItself, submitterOf } from './submitter.ts'
import { createUseRecorder } from './use-recorder.ts'

export interface SignInsNeeds {
  store: Pick<Store, 'logins' | 'mailboxes' | 'apiKeys' | 'grants'>
  apiKeys: Pick<ApiKeys, 'check'>
  offers: SignInOffers
  guard: Guard
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N for refusals. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Who a client of the SMTP door is, whatever it signs in with. */
export function createSignIns(needs: SignInsNeeds): SignIns {
  const { store, apiKeys, offers, guard, keyedHash, clock, log } = needs
  const { logins, mailboxes } = store
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)
  const passwordProof = createPasswordProofs(keyedHash, chosenPasswords)
  const checkLogin = createLoginCheck({ logins, offers, guard, clock, chosenPasswords })
  const checkBearer = createBearerCheck({ apiKeys, mailboxes, guard })
  const admit = createAdmission({ store, offers, clock })
  const recordUse = createUseRecorder((id, at, source) => logins.used(id, at, source), log)
  const noteUse = (login: Login, remoteAddress: string) =>
    recordUse(login.id, clock.now(), sourceOf(remoteAddress).key)

  return {
    async check(credentials, remoteAddress, gone) {
      if (credentials.kind === 'bearer') return checkBearer(credentials, sourceOf(remoteAddress).key)
      const proof =
        credentials.kind === 'password' ? passwordProof(credentials.password) : cramMd5Proof(credentials)
      const login = await checkLogin(credentials.userName, proof, remoteAddress, gone)
      const submitter = await submitterOf(mailboxes, login)
      if (credentials.kind === 'password' && credentials.actsAs !== undefined)
        requireItself(submitter, credentials.actsAs)
      noteUse(login, remoteAddress)
      return submitter
    },
    async admit(sender, remoteAddress) {
      const { login, submitter } = await admit(sender, remoteAddress)
      noteUse(login, remoteAddress)
      return submitter
    },
    confirm: createConfirmation({ offers, store, clock }),
    shownName: offers.shownName,
    offers: offers.from,
  }
}
