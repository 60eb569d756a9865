import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { KeyedHash } from '../base/keyed-hash.ts'
import type { Log } from '../base/log.ts'
import type { Login, Store } from '../store/ports.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './chosen-password.ts'
import { parseDisplayName } from './display-name.ts'
import { existingMailbox } from './existing-mailbox.ts'
import { credentialState } from './expiry.ts'
import { freshId, freshPassword } from './fresh-secret.ts'
import { hashOfGenerated } from './login-check.ts'
import { type LoginPlan, readLoginRequest } from './login-request.ts'
import { checkChosenPassword } from './password-policy.ts'
import type { LoginRequest, LoginStatus, Logins } from './services.ts'
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

/** Local credentials: made, listed and revoked. sign-ins.ts checks them. */
export function createLogins(needs: LoginsNeeds): Logins {
  const { store, keyedHash, clock, log } = needs
  const chosenPasswords = createChosenPasswords(needs.scryptCost ?? usualCost, needs.scrypt)

  return {
    async add(request) {
      const plan = await readLoginRequest(request, store.mailboxes, clock.now())
      const { verifier, id, password } = await makeVerifier(request, plan)
      const login = await addUnderFreeName(plan, (userName) => ({
        ...plan,
        id,
        userName,
        name: parseDisplayName(request.name, userName),
        verifier,
        createdAt: clock.now(),
      }))
      log.info(
        { event: 'login.added', login: id, userName: login.userName, mailboxes: plan.mailboxes },
        'Login added',
      )
      return { login: statusOf(login, clock.now()), ...(password ? { password } : {}) }
    },
    async list(mailbox) {
      const named = mailbox === undefined ? undefined : await existingMailbox(store.mailboxes, mailbox)
      const logins = await store.logins.list(named?.address)
      return logins.map((login) => statusOf(login, clock.now()))
    },
    async revoke(id) {
      if (!(await store.logins.revoke(id, clock.now()))) {
        throw new Failure('not-found', `There is no login ${printable(id)} that could be revoked`)
      }
      log.info({ event: 'login.revoked', login: id }, 'Login revoked')
    },
  }

  async function makeVerifier({ password }: LoginRequest, plan: LoginPlan) {
    const id = freshId()
    if (password === undefined) {
      const generated = freshPassword()
      const hash = hashOfGenerated(keyedHash, id, generated.reveal())
      return { id, password: generated, verifier: { kind: 'keyed' as const, hash } }
    }
    const names = [...(plan.userName === undefined ? [] : [plan.userName]), ...plan.mailboxes]
    const chosen = checkChosenPassword(password.reveal(), names)
    return { id, verifier: await chosenPasswords.hash(chosen) }
  }

  /** Without a name of its own a login is called by its first mailbox: `a@b`, then `a@b-2`, `a@b-3`, ... */
  async function addUnderFreeName(plan: LoginPlan, named: (userName: string) => Login): Promise<Login> {
    const [first = ''] = plan.mailboxes
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

function statusOf(login: Login, now: number): LoginStatus {
  const { id, userName, name, mailboxes, senders, networks } = login
  return {
    id,
    userName,
    name,
    mailboxes,
    senders,
    networks,
    password: login.verifier.kind === 'keyed' ? 'generated' : 'chosen',
    state: credentialState(login, now),
    createdAt: new Date(login.createdAt).toISOString(),
    ...(login.expiresAt === undefined ? {} : { expiresAt: new Date(login.expiresAt).toISOString() }),
    ...(login.lastUsedAt === undefined ? {} : { lastUsedAt: new Date(login.lastUsedAt).toISOString() }),
  }
}
