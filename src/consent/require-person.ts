import { isDomainMailbox } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Mailbox } from '../store/ports.ts'

/** Nobody can consent for a whole domain. @throws Failure `invalid` */
export function requirePerson({ address }: Mailbox): void {
  if (!isDomainMailbox(address)) return
  throw new Failure('invalid', `"${address}" is a whole domain, whose mail an app sends without a consent`, {
    fix: 'Nothing is to be done here; add a mailbox by its own address where a person has to consent.',
  })
}
