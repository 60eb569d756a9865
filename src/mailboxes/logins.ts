import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import type { Login, Store } from '../store/ports.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './chosen-password.ts'
import { parseDisplayName } from './display-name.ts'
import { existingMailbox } from './existing-mailbox.ts'
import { freshId } from './fresh-secret.ts'
import { type LoginPlan, readLoginRequest, readSenders } from './login-request.ts'
import { loginStatus } from './login-status.ts'
import { makeVerifier } from './login-verifier.ts'
import { changedMending, describeMending } from './mending-options.ts'
import type { Logins } from './services.ts'
import { parseUserName } from './user-name.ts'

export interface LoginsNeeds {
  store: Pick<Store, 'logins' | 'mailboxes'>
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N for chosen passwords. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Local credentials: made, listed, extended and revoked. sign-ins.ts checks them. */
export function createLogins(needs: LoginsNeeds): Logins {
  const { store, keyedHash, clock, log } = needs
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)

  return {
    async add(request, by) {
      const plan = await readLoginRequest(request, store.mailboxes, clock.now())
      const id = freshId()
      const names = [...(plan.userName === undefined ? [] : [plan.userName]), ...plan.mailboxes]
      const { verifier, password } = await makeVerifier({ keyedHash, chosenPasswords }, request, id, names)
      const login = await addUnderFreeName(plan, (userName) => ({
        ...plan,
        id,
        userName,
        name: parseDisplayName(request.name, userName),
        verifier,
        createdAt: clock.now(),
      }))
      logAdded(login, by)
      return { login: loginStatus(login, clock.now()), ...(password ? { password } : {}) }
    },
    async list(mailbox) {
      const named = mailbox === undefined ? undefined : await existingMailbox(store.mailboxes, mailbox)
      const logins = await store.logins.list(named?.address)
      const sources = await store.logins.sources()
      return logins.map((login) => {
        const usedFrom = sources.get(login.id)
        return { ...loginStatus(login, clock.now()), ...(usedFrom && { usedFrom }) }
      })
    },
    async revoke(id, by) {
      if (!(await store.logins.revoke(id, clock.now()))) throw noSuch(id, 'revoked')
      // It is revoked by now: a store that has trouble with this question must not make it look otherwise.
      const all = await store.logins.list().catch(() => [])
      const { userName, mailboxes } = all.find((login) => login.id === id) ?? {}
      const fields = { event: 'login.revoked', login: id, userName, mailboxes, ...actorFields(by) }
      log.info(fields, 'Login revoked')
    },
    async allow(id, texts, by) {
      const senders = readSenders(texts)
      if (senders.length === 0) {
        throw new Failure('invalid', 'There is no sender to allow', { fix: 'Name at least one sender.' })
      }
      const login = await store.logins.allow(id, senders)
      if (login === undefined) throw noSuch(id, 'extended')
      const { userName } = login
      const fields = { event: 'login.allowed', login: id, userName, senders, ...actorFields(by) }
      log.info(fields, 'Login may use further senders')
      return loginStatus(login, clock.now())
    },
    async set(id, options, by) {
      const login = await store.logins.mend(id, (mending) => changedMending(mending, options))
      if (login === undefined) throw noSuch(id, 'changed')
      const { userName, mending = {} } = login
      const fields = { event: 'login.set', login: id, userName, mends: describeMending(mending) }
      log.info({ ...fields, ...actorFields(by) }, 'What is mended of the mail of a login was set')
      return loginStatus(login, clock.now())
    },
  }

  function logAdded(login: Login, by: Actor | undefined): void {
    const { id, userName, mailboxes, networks, verifier, mending } = login
    const mends = mending && { mends: describeMending(mending) }
    const fields = {
      event: 'login.added',
      login: id,
      userName,
      mailboxes,
      networks,
      ...mends,
      ...actorFields(by),
    }
    if (verifier.kind === 'none') log.warn(fields, 'Login added that needs no password')
    else log.info({ ...fields, cramMd5: verifier.kind === 'sealed' }, 'Login added')
  }

  /** Without a name of its own a login is called by its first mailbox: `a@b`, then `a@b-2`, `a@b-3`, ...; by `b` for the whole domain. */
  async function addUnderFreeName(plan: LoginPlan, named: (userName: string) => Login): Promise<Login> {
    const first = plan.mailboxes[0]?.replace(/^\*@/, '') ?? ''
    for (let count = 1; ; count += 1) {
      const login = named(plan.userName ?? parseUserName(count === 1 ? first : `${first}-${count}`))
      try {
        await store.logins.add(login)
        return login
      } catch (error) {
        const taken = error instanceof Failure && error.code === 'already-exists'
        if (!taken || plan.userName !== undefined) throw error
      }
    }
  }
}

function noSuch(id: string, participle: string): Failure {
  return new Failure('not-found', `There is no login ${printable(id)} that could be ${participle}`)
}
