import type { ListedLogin } from '../store/ports.ts'
import { credentialState } from './expiry.ts'
import type { LoginStatus } from './services.ts'

/** A login as pages, API and command show it: without its verifier. */
export function loginStatus(login: ListedLogin, now: number): LoginStatus {
  const { id, userName, name, mailboxes, senders, networks, rewriteSender, personal, mending, verifier } =
    login
  return {
    id,
    userName,
    name,
    mailboxes,
    senders,
    networks,
    password: originOf(verifier),
    cramMd5: verifier.kind === 'sealed',
    rewriteSender,
    ...(personal && { personal }),
    ...mending,
    state: credentialState(login, now),
    createdAt: new Date(login.createdAt).toISOString(),
    ...(login.expiresAt === undefined ? {} : { expiresAt: new Date(login.expiresAt).toISOString() }),
    ...(login.lastUsedAt === undefined ? {} : { lastUsedAt: new Date(login.lastUsedAt).toISOString() }),
  }
}

function originOf(verifier: ListedLogin['verifier']): LoginStatus['password'] {
  switch (verifier.kind) {
    case 'keyed':
      return 'generated'
    case 'scrypt':
      return 'chosen'
    case 'sealed':
      return verifier.generated ? 'generated' : 'chosen'
    case 'none':
      return 'none'
  }
}
