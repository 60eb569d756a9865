import { type Address, sameAddress } from '../../model/address.ts'
import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { addressClaim, type Claims, claim, emailVerified, entraSignInName } from './id-token.ts'
import type { Identity, ProvenAddress } from './oauth-client.ts'

/**
 * The identity in the claims of a verified ID token, or of a userinfo response about the same
 * account. Consents and sign-ins to the pages use the same rules.
 * @param signed whether the signature was checked, in addition to the TLS of the connection
 */
export function identityOf(
  claims: Claims,
  provider: Pick<RegisteredProvider, 'oauth' | 'registration'>,
  { signed }: { signed: boolean },
): Identity {
  const address = provenAddress(claims, provider)
  const account = accountIn(claims, provider.oauth)
  return address
    ? { account, signed, address }
    : { account, signed, unproven: { kind: whyUnproven(claims, provider) } }
}

/**
 * At Entra `tid` and `oid`, because `sub` differs for each app and names can change. Elsewhere
 * `iss` and `sub` (OpenID Connect Core, section 5.7).
 */
function accountIn(claims: Claims, { identityRules }: OAuthServer): string {
  const parts = identityRules === 'entra' ? ['tid', 'oid'] : []
  const atEntra = parts.map((name) => claim(claims, name)).filter((value) => typeof value === 'string')
  if (atEntra.length === 2) return atEntra.join('/')
  return `${String(claim(claims, 'iss'))} ${String(claim(claims, 'sub'))}`
}

/**
 * The one mail address that an ID token proves. Exactly one claim decides, never the best of
 * several: otherwise a name that anyone can choose would count beside a verified address.
 *
 * - Entra: the sign-in name; see `entraSignInName`.
 * - Google: an `email` that Google answers for.
 * - Any other: a verified `email`. Without `email_verified` it counts for a consent only; if that
 *   is false, never.
 * - With `identityClaim` in the providers file: that claim alone. The file answers for every
 *   address in it.
 */
export function provenAddress(
  claims: Claims,
  provider: Pick<RegisteredProvider, 'oauth' | 'registration'>,
): ProvenAddress | undefined {
  const { identityRules, identityClaim } = provider.oauth
  if (identityRules === 'entra') return entraSignInName(claims, provider)
  if (identityClaim !== undefined) return ofClaim(claims, identityClaim)
  if (identityRules === 'google') return ofGoogle(claims)
  return ofEmail(claims)
}

/** Why `provenAddress` finds none. */
function whyUnproven(
  claims: Claims,
  { oauth: { identityRules, identityClaim = 'email' } }: Pick<RegisteredProvider, 'oauth'>,
): 'absent' | 'unverified' | 'not-believed' {
  if (identityRules === 'entra') return 'not-believed'
  const value = claim(claims, identityClaim)
  if (value === undefined || value === null || value === '') return 'absent'
  const verified = identityClaim === 'email' ? emailVerified(claims) : 'yes'
  // Google sends `email_verified` with every address.
  const isUnverified = verified === 'no' || (identityRules === 'google' && verified === 'unsaid')
  return isUnverified ? 'unverified' : 'not-believed'
}

function ofEmail(claims: Claims): ProvenAddress | undefined {
  const verified = emailVerified(claims)
  // `tid` is a claim of Entra, where every tenant can set `email` to any value: the settings
  // describe Entra without its rules.
  if (verified === 'no' || claim(claims, 'tid') !== undefined) return undefined
  return proven(addressClaim(claims, 'email'), verified === 'yes')
}

function ofClaim(claims: Claims, name: NonNullable<OAuthServer['identityClaim']>): ProvenAddress | undefined {
  if (name === 'email' && emailVerified(claims) === 'no') return undefined
  return proven(addressClaim(claims, name), true)
}

/**
 * An address of Gmail, or of an organisation there (`hd`). Google verified other addresses once,
 * and they may have another owner now.
 */
function ofGoogle(claims: Claims): ProvenAddress | undefined {
  const address = addressClaim(claims, 'email')
  if (address === undefined || emailVerified(claims) !== 'yes') return undefined
  const organisation = claim(claims, 'hd')
  const ofOrganisation = typeof organisation === 'string' && organisation !== ''
  return ofOrganisation || /@(gmail|googlemail)\.com$/.test(address) ? proven(address, true) : undefined
}

function proven(value: Address | undefined, vouched: boolean): ProvenAddress | undefined {
  return value === undefined ? undefined : { value, vouched }
}

/**
 * Whether two addresses are the same account at this provider, which signs in with only one of
 * them.
 */
export function isSameAccount({ identityRules }: OAuthServer, left: string, right: string): boolean {
  if (sameAddress(left, right)) return true
  return identityRules === 'google' && sameAddress(plainAtGoogle(left), plainAtGoogle(right))
}

/**
 * Account names contain no plus. At Gmail dots do not count, and googlemail.com is another name of
 * gmail.com.
 */
function plainAtGoogle(address: string): string {
  const [, local = '', domain = ''] = /^(.+)@([^@]+)$/.exec(address) ?? []
  const name = local.replace(/(?<=.)\+.*$/, '')
  const isGmail = /^(gmail|googlemail)\.com$/i.test(domain)
  return isGmail ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}
