import { addressKey } from '../../base/address.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'

/** So many are shown at once: their states are asked one by one. */
export const mailboxesAtOnce = 50

export interface MailboxChoice {
  shown: readonly MailboxStatus[]
  /** Of those that were looked for. */
  found: number
  from: number
}

const order: readonly MailboxStatus['state'][] = ['lapsed', 'absent', 'active']

/** Those whose address holds the text, what needs a person first, then by address. */
export function chooseMailboxes(all: readonly MailboxStatus[], text: string, from: number): MailboxChoice {
  const key = addressKey(text)
  const found = all
    .filter(({ address }) => addressKey(address).includes(key))
    .sort((one, other) => rank(one) - rank(other) || one.address.localeCompare(other.address))
  const start = Number.isInteger(from) && from > 0 && from < found.length ? from : 0
  return { shown: found.slice(start, start + mailboxesAtOnce), found: found.length, from: start }
}

function rank({ state }: MailboxStatus): number {
  return order.indexOf(state)
}
