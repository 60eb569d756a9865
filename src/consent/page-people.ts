import { type Address, sameAddress } from '../base/address.ts'
import type { Log } from '../base/log.ts'
import type { PageAccessConfig } from '../config/config.ts'
import type { PageRole } from '../store/ports.ts'
import type { PageSignIns } from './service.ts'

/** As whom a person may look at the pages who proved an address at a provider; undefined: not at all. */
export function roleOfPerson(
  person: Address,
  { administrators, viewers }: PageAccessConfig,
): PageRole | undefined {
  const isNamed = (addresses: readonly Address[]) => addresses.some((one) => sameAddress(one, person))
  if (isNamed(administrators)) return 'administrator'
  return isNamed(viewers) ? 'viewer' : undefined
}

/** Said at the start: people are named, and some of them, or all, can find no button. */
export function warnOfPageSignIns(
  signIns: Pick<PageSignIns, 'providers'>,
  { administrators, viewers, providers = [] }: PageAccessConfig,
  log: Log,
): void {
  if (administrators.length + viewers.length === 0) return
  const offered = signIns.providers().map(({ id }) => id)
  const silent = providers.filter((id) => !offered.includes(id))
  if (offered.length > 0 && silent.length === 0) return
  const said =
    'People are named for the pages, but not every provider can vouch for them. At Microsoft POSTERN_MICROSOFT_TENANT has to be one organisation; a provider of the providers file has to be named in POSTERN_SIGN_IN_PROVIDERS, with an issuer and the scope openid.'
  log.warn({ offered, silent }, said)
}
