import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { KeyedHash } from '../base/keyed-hash.ts'
import type { Log } from '../base/log.ts'
import type { Login, Store } from '../store/ports.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './chosen-password.ts'
import { createLoginCheck, wrongCredentials } from './login-check.ts'
import type { SignIns, Submitter } from './services.ts'
import { createUseRecorder } from './use-recorder.ts'

export interface SignInsNeeds {
  store: Pick<Store, 'logins' | 'mailboxes'>
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N for refusals. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Who a client of the SMTP door is. */
export function createSignIns(needs: SignInsNeeds): SignIns {
  const { store, keyedHash, clock, log } = needs
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)
  const check = createLoginCheck({ logins: store.logins, keyedHash, clock, chosenPasswords })
  const noteUse = createUseRecorder((id, at) => store.logins.used(id, at), log)

  return {
    async check(credentials, remoteAddress) {
      if (credentials.kind !== 'password') throw new Failure('wrong-credentials', wrongCredentials)
      const login = await check(credentials.userName, credentials.password.reveal(), remoteAddress)
      noteUse(login, clock.now())
      return submitterOf(login)
    },
    async admit() {
      throw new Failure('wrong-credentials', wrongCredentials)
    },
    offers: () => ({ cramMd5: false, bearer: false, withoutPassword: false }),
  }
}

function submitterOf({ userName, mailboxes, senders }: Login): Submitter {
  return {
    userName,
    mailboxes: mailboxes.map((address) => ({ address, aliases: [] })),
    senders,
    rewriteSender: false,
  }
}
