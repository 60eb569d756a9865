import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { type Address, covers as isCovered, isDomainMailbox, parseAddress } from '../model/address.ts'
import { meansPersonal, personalMark, type Scope, scopeAddress } from '../model/api-key.ts'
import type { SendingLimits } from '../model/sending-limits.ts'

/** Who uses the HTTP API, and what for. The owner key and a signed-in browser have `admin`. */
export interface Principal {
  name: string
  /** The id of the API key; absent for the owner. */
  apiKey?: string
  scopes: readonly Scope[]
  /** Of what it sends. */
  limits?: SendingLimits
}

/** The administrator: anyone who can read the data directory. */
export const owner: Principal = { name: 'owner', scopes: ['admin'] }

/**
 * Reads the scope of an API key: `read`, `admin`, `token:ADDRESS` or `send:ADDRESS`, in exactly
 * these letters. Behind a whole domain `+personal` may stand.
 * @throws Failure `invalid`
 */
export function parseScope(text: string): Scope {
  if (text === 'read' || text === 'admin') return text
  const [, verb, address] = /^(token|send):(.*)$/s.exec(text) ?? []
  if ((verb !== 'token' && verb !== 'send') || address === undefined) {
    throw failure('api-key.no-scope', { text: printable(text) })
  }
  if (!address.endsWith(personalMark)) return `${verb}:${parseAddress(address)}`
  const domain = parseAddress(address.slice(0, -personalMark.length))
  if (isDomainMailbox(domain)) return `${verb}:${domain}${personalMark}`
  throw failure('api-key.mark-for-domains', { text: printable(text), mark: personalMark })
}

/** A mailbox that a login or an API key may send from. */
export interface MailboxRight {
  address: Address
  /** For a whole domain: includes the mailboxes that a person has consented for. */
  personal: boolean
}

/** The mailboxes that these scopes allow to send from. `admin` allows none by itself. */
export function sendRights(scopes: readonly Scope[]): MailboxRight[] {
  return scopes.flatMap((scope) => {
    const address = scope.startsWith('send:') ? scopeAddress(scope) : undefined
    return address === undefined ? [] : [{ address, personal: meansPersonal(scope) }]
  })
}

/**
 * Whether a principal may do what `needed` names. `admin` allows everything; no other scope implies
 * another.
 * @param personal a person has consented for the mailbox; a scope for the whole domain then
 * suffices only with `+personal`
 */
export function permits(principal: Principal, needed: Scope, personal = false): boolean {
  return principal.scopes.some((held) => held === 'admin' || covers(held, needed, personal))
}

function covers(held: Scope, needed: Scope, personal: boolean): boolean {
  const [heldMailbox, neededMailbox] = [scopeAddress(held), scopeAddress(needed)]
  if (heldMailbox === undefined || neededMailbox === undefined) return held === needed
  if (held.split(':', 1)[0] !== needed.split(':', 1)[0] || !isCovered(heldMailbox, neededMailbox))
    return false
  return !personal || !isDomainMailbox(heldMailbox) || meansPersonal(held)
}
