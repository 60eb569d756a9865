import { addressKey } from '../base/address.ts'
import type { Mending } from '../store/ports.ts'
import { isMailbox } from '../wire/envelope.ts'

/** A sender or recipient as the login wants it: what its map says, or with its domain behind a word that has none. Otherwise, and where that would be no address, as it was given. */
export function completeAddress(mending: Mending | undefined, given: string): string {
  if (mending === undefined || given.trim() === '') return given
  const { completeAddresses: domain, map = {} } = mending
  // `root@` is what a device has whose field for the domain was left empty.
  const name = given.endsWith('@') ? given.slice(0, -1) : given
  const key = addressKey(name)
  if (Object.hasOwn(map, key)) return map[key] as string
  const whole = `${name}@${domain}`
  const isWord = domain !== undefined && !name.includes('@') && /^[!-~]+$/.test(name)
  return isWord && isMailbox(whole) ? whole : given
}
