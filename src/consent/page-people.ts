import { type Address, sameAddress } from '../base/address.ts'
import type { PageAccessConfig } from '../config/config.ts'
import type { PageRole } from '../store/ports.ts'

/** As whom a person may look at the pages who proved an address at a provider; undefined: not at all. */
export function roleOfPerson(
  person: Address,
  { administrators, viewers }: PageAccessConfig,
): PageRole | undefined {
  const isNamed = (addresses: readonly Address[]) => addresses.some((one) => sameAddress(one, person))
  if (isNamed(administrators)) return 'administrator'
  return isNamed(viewers) ? 'viewer' : undefined
}
