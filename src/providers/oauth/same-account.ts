import { sameAddress } from '../../base/address.ts'
import type { OAuthServer } from '../provider.ts'

/** Whether two addresses are one account at this provider: who signs in there is told by one of them only. */
export function isSameAccount({ identityRules }: OAuthServer, left: string, right: string): boolean {
  if (sameAddress(left, right)) return true
  return identityRules === 'google' && sameAddress(plainAtGoogle(left), plainAtGoogle(right))
}

/** No account's name has a plus in it; at Gmail dots in it do not count, and googlemail.com is another name of gmail.com. */
function plainAtGoogle(address: string): string {
  const [, local = '', domain = ''] = /^(.+)@([^@]+)$/.exec(address) ?? []
  const name = local.replace(/(?<=.)\+.*$/, '')
  const isGmail = /^(gmail|googlemail)\.com$/i.test(domain)
  return isGmail ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}
