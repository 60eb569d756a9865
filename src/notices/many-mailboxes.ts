import type { Address } from '../base/address.ts'

/** So many mailboxes in the same trouble are told of in one notice. */
export const many = 3

/** For a sentence. */
const mostNamed = 20

export function named(mailboxes: readonly Address[]): string {
  const more = mailboxes.length > mostNamed ? ` and ${mailboxes.length - mostNamed} more` : ''
  return `${mailboxes.slice(0, mostNamed).join(', ')}${more}`
}
