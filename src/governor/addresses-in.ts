import type { Address } from '../base/address.ts'
import type { Reply } from '../wire/reply.ts'

/** How much of a reply is looked at: it may be long, and what it is about stands in its beginning. */
const octetsRead = 2000

/** The mail addresses that a provider names in a reply. */
export function addressesIn({ lines }: Reply): Address[] {
  const text = Buffer.from(lines.join(' ').slice(0, octetsRead), 'latin1').toString('utf8')
  return text
    .split(/[\s<>()[\]"';:,]/)
    .map((word) => word.replace(/\.$/, ''))
    .filter(
      (word) => word.indexOf('@') > 0 && word.indexOf('@') === word.lastIndexOf('@') && !word.endsWith('@'),
    )
}
