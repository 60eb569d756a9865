import { failure } from '../base/failure.ts'
import { hasEndlessMarks, normalForm, printable, withoutCase } from '../base/text.ts'

/**
 * A mail address in the one form that postern stores and compares: NFC, domain in lower case. The
 * local part keeps its case (RFC 5321, section 2.4) and is compared without it, because no provider
 * that postern talks to tells `Me@` from `me@`. Any other text has to go through `parseAddress`.
 */
export type Address = `${string}@${string}`

declare const lookedUpBy: unique symbol

/**
 * The form in which addresses are looked up: NFC and lower case throughout. Made by `addressKey`
 * alone, so that no map or query is asked for an address as somebody has typed it.
 */
export type AddressKey = Address & { readonly [lookedUpBy]: true }

/** With its key, which is made once where the address comes in, and not at each look-up. */
export interface KeyedAddress {
  address: Address
  key: AddressKey
}

// Control characters, spaces, and the invisible and direction-changing ones that make two names
// look alike.
const forbidden = /[\p{Cc}\p{Cf}\p{Z}\p{Cs}<>(),;:\\"[\]]/u

const longestText = 1_000

/**
 * Reads a mail address: exactly one `@`, no quoting, no white space, at most 254 octets (RFC 5321,
 * section 4.5.3.1.3).
 * @throws Failure `invalid`
 */
export function parseAddress(text: string): Address {
  // What is much too long, also where its normal form is shorter, costs nothing beyond that.
  const normal = text.length > longestText ? '' : normalForm(text)
  const [local = '', domain = '', ...more] = normal.split('@')
  const shaped = local !== '' && more.length === 0 && isDomain(domain) && !hasEndlessMarks(local)
  if (!shaped || forbidden.test(normal) || Buffer.byteLength(normal) > 254) {
    throw failure('address.no-mail-address', { text: printable(text) })
  }
  return `${local}@${domain.toLowerCase()}`
}

export function addressKey(address: Address): AddressKey {
  return withoutCase(address) as AddressKey
}

export function keyed(address: Address): KeyedAddress {
  return { address, key: addressKey(address) }
}

export function sameAddress(left: string, right: string): boolean {
  return withoutCase(left) === withoutCase(right)
}

/**
 * `*@example.com`, the mailbox that stands for all of the address's domain; undefined for such a
 * one itself, and for what has no domain.
 */
export function domainMailbox(address: AddressKey): AddressKey | undefined
export function domainMailbox(address: string): Address | undefined
export function domainMailbox(address: string): Address | undefined {
  const at = address.lastIndexOf('@')
  return at <= 0 || isDomainMailbox(address) ? undefined : `*@${address.slice(at + 1)}`
}

export function isDomainMailbox(address: string): boolean {
  return address.startsWith('*@')
}

/** Whether a mailbox, which may stand for a whole domain, is the address or holds it. */
export function covers(mailbox: string, address: string): boolean {
  return keyCovers(withoutCase(mailbox), withoutCase(address))
}

/** As `covers`, of two texts that are in lower case already. */
export function keyCovers(mailbox: string, key: string): boolean {
  return mailbox === (isDomainMailbox(mailbox) ? domainMailbox(key) : key)
}

function isDomain(domain: string): boolean {
  return /^(?!-)[\p{L}\p{N}-]+(?<!-)(\.(?!-)[\p{L}\p{N}-]+(?<!-))*$/u.test(domain)
}
