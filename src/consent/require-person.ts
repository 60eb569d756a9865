import { isDomainMailbox } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Provider } from '../providers/provider.ts'
import type { Mailbox } from '../store/ports.ts'

/** Nobody can consent for a whole domain, nor where only apps are let in. @throws Failure `invalid` */
export function requirePerson({ address }: Mailbox, { name, flows }: Pick<Provider, 'name' | 'flows'>): void {
  if (!flows.some((flow) => flow === 'authorization-code' || flow === 'device')) {
    throw new Failure('invalid', `At ${name} nobody consents: an app sends for ${address} by itself`, {
      fix: 'Nothing is to be done here; "postern provider show" says how the app is set up.',
    })
  }
  if (!isDomainMailbox(address)) return
  throw new Failure('invalid', `"${address}" is a whole domain, whose mail an app sends without a consent`, {
    fix: 'Nothing is to be done here; add a mailbox by its own address where a person has to consent.',
  })
}
