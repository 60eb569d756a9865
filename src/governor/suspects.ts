import { type Address, addressKey } from '../base/address.ts'
import type { Originators } from '../wire/originators.ts'
import type { Origin } from './origin.ts'

/** Whom a provider may mean that refuses a message for an address in it. */
export interface Suspects {
  /** Each address that is not the mailbox's own, first those that providers look at first. None: only the mailbox itself is left. */
  all: readonly Suspect[]
  /** What all messages have in common that name the same, each in the same place. */
  combination: string
}

export interface Suspect {
  place: 'From' | 'Sender' | 'Resent-From' | 'envelope'
  /** Empty: the header `From:` names nobody. */
  address: Address | ''
}

export function suspectsOf(
  mailbox: Address,
  origin: Origin,
  { from, sender, resent }: Originators,
): Suspects {
  const own = addressKey(mailbox)
  const authors = keysOf(from.length > 0 ? from : [''])
  const envelope = origin.sender === '' ? [] : [origin.sender]
  const placed = (addresses: readonly string[], place: Suspect['place']) =>
    addresses.filter((address) => addressKey(address) !== own).map((address) => ({ place, address }))
  const inHeader = [authors, keysOf(sender), keysOf(resent)]
  return {
    all: [
      ...placed(from.length > 0 ? from : [''], 'From'),
      ...placed(sender, 'Sender'),
      ...placed(resent, 'Resent-From'),
      ...placed(envelope, 'envelope'),
    ],
    combination: JSON.stringify([
      authors.filter((key) => key !== own),
      // Whoever sends for somebody says so in `Sender:`: there the mailbox itself makes a difference, too.
      ...[sender, resent].map((addresses) => keysOf(addresses).filter((key) => !authors.includes(key))),
      keysOf(envelope).filter((key) => key !== own && !inHeader.flat().includes(key)),
    ]),
  }
}

function keysOf(addresses: readonly string[]): string[] {
  return [...new Set(addresses.map(addressKey))].sort()
}
