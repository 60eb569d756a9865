import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { addressClaim, type Claims, claim, emailVerified, entraSignInName } from './id-token.ts'
import type { Identity, ProvenAddress } from './oauth-client.ts'

/**
 * Who signed in, by the claims of a verified ID token, or of a userinfo endpoint about the same account: for a consent, whichever way it was given, and for the pages alike.
 * @param signed whether its signature was checked, beside the TLS that it came by
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
 * At Entra `tid` and `oid`: `sub` is another one for each app, and every name may change. Elsewhere `iss` and `sub` (OpenID Connect Core, section 5.7).
 */
function accountIn(claims: Claims, { identityRules }: OAuthServer): string {
  const parts = identityRules === 'entra' ? ['tid', 'oid'] : []
  const atEntra = parts.map((name) => claim(claims, name)).filter((value) => typeof value === 'string')
  if (atEntra.length === 2) return atEntra.join('/')
  return `${String(claim(claims, 'iss'))} ${String(claim(claims, 'sub'))}`
}

/**
 * The one mail address that an ID token proves. One claim decides, never the best of several: otherwise a name that anybody may choose would
 * stand beside an address that was verified, and count as well.
 *
 * - Entra: the sign-in name; see `entraSignInName`.
 * - Google: an `email` that it answers for.
 * - Any other: `email`, when it says that it is verified. Where it says nothing of that, for a consent only; when it says no, never.
 * - Where the providers file names a claim (`identityClaim`), that one alone: for each address that comes by it, the file answers.
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
  // Google says it of each address.
  const isUnverified = verified === 'no' || (identityRules === 'google' && verified === 'unsaid')
  return isUnverified ? 'unverified' : 'not-believed'
}

function ofEmail(claims: Claims): ProvenAddress | undefined {
  const verified = emailVerified(claims)
  // `tid` is Entra's, where every tenant writes into `email` what it likes: here is one that the settings do not know for what it is.
  if (verified === 'no' || claim(claims, 'tid') !== undefined) return undefined
  return proven(addressClaim(claims, 'email'), verified === 'yes')
}

function ofClaim(claims: Claims, name: NonNullable<OAuthServer['identityClaim']>): ProvenAddress | undefined {
  if (name === 'email' && emailVerified(claims) === 'no') return undefined
  return proven(addressClaim(claims, name), true)
}

/** Of Gmail, or of an organisation there (`hd`). Of other addresses Google has once seen a proof, and they may have another owner by now. */
function ofGoogle(claims: Claims): ProvenAddress | undefined {
  const address = addressClaim(claims, 'email')
  if (address === undefined || emailVerified(claims) !== 'yes') return undefined
  const organisation = claim(claims, 'hd')
  const ofOrganisation = typeof organisation === 'string' && organisation !== ''
  return ofOrganisation || /@(gmail|googlemail)\.com$/.test(address) ? proven(address, true) : undefined
}

function proven(value: string | undefined, vouched: boolean): ProvenAddress | undefined {
  return value === undefined ? undefined : { value, vouched }
}
