import { covers as isCovered, parseAddress, printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Scope } from '../store/ports.ts'
import type { Principal } from './services.ts'

/** Whoever can read the data directory. */
export const owner: Principal = { name: 'owner', scopes: ['admin'] }

/**
 * Reads the scope of an API key: `read`, `admin`, `token:ADDRESS` or `send:ADDRESS`, in exactly these letters.
 * @throws Failure `invalid`
 */
export function parseScope(text: string): Scope {
  if (text === 'read' || text === 'admin') return text
  const [, verb, address] = /^(token|send):(.*)$/s.exec(text) ?? []
  if ((verb !== 'token' && verb !== 'send') || address === undefined) {
    throw new Failure('invalid', `"${printable(text)}" is not a scope`, {
      fix: 'Use read, admin, token:ADDRESS or send:ADDRESS.',
    })
  }
  return `${verb}:${parseAddress(address)}`
}

/** The address that a scope is about, or the whole domain; undefined for `read` and `admin`. */
export function scopeMailbox(scope: Scope): string | undefined {
  return scope === 'read' || scope === 'admin' ? undefined : scope.slice(scope.indexOf(':') + 1)
}

/** The mailboxes that these scopes let somebody send for by themselves: `admin` counts for nothing here. */
export function sendScopeMailboxes(scopes: readonly Scope[]): string[] {
  return scopes.filter((scope) => scope.startsWith('send:')).map((scope) => scopeMailbox(scope) ?? '')
}

/** Whether a principal may do what `needed` names. `admin` may do everything; no other scope implies another. */
export function permits(principal: Principal, needed: Scope): boolean {
  return principal.scopes.some((held) => held === 'admin' || covers(held, needed))
}

function covers(held: Scope, needed: Scope): boolean {
  const [heldMailbox, neededMailbox] = [scopeMailbox(held), scopeMailbox(needed)]
  if (heldMailbox === undefined || neededMailbox === undefined) return held === needed
  return held.split(':', 1)[0] === needed.split(':', 1)[0] && isCovered(heldMailbox, neededMailbox)
}
