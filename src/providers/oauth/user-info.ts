import * as openid from 'openid-client'
import type { Secret } from '../../base/secret.ts'
import type { RegisteredProvider } from '../provider.ts'
import { type Claims, claim } from './claims.ts'
import { identityOf } from './identity.ts'
import type { Identity } from './oauth-client.ts'

/** The provider, as openid-client sees it, with its userinfo endpoint. */
export interface UserInfoWay {
  configuration: openid.Configuration
  known: RegisteredProvider
}

/**
 * Who signed in, where the ID token has no address: from the other place where a provider may say it (OpenID Connect Core, section 5.3). What stands
 * there counts only if it is about the `sub` of the ID token, and is judged as a claim of that would be. Never fails: the consent does, by what is missing then.
 * @param way rejects where no such endpoint is known
 */
export async function withUserInfo(
  identity: Identity,
  claims: Claims,
  accessToken: Secret,
  way: () => Promise<UserInfoWay>,
): Promise<Identity> {
  if (identity.unproven?.kind !== 'absent') return identity
  const found = await way().catch(() => undefined)
  if (!found) return identity
  const { configuration, known } = found
  try {
    const told = await openid.fetchUserInfo(configuration, accessToken.reveal(), String(claim(claims, 'sub')))
    const judged = identityOf({ ...told, ...ofIdToken(claims) }, known, identity)
    return { ...judged, account: identity.account }
  } catch (cause) {
    const kind = isOfAnother(cause) ? 'other-account' : 'unreadable'
    return { ...identity, unproven: { kind, cause: withoutAnswer(cause) } }
  }
}

/** What tells which account it is, and at what kind of server, is the ID token's to say. */
function ofIdToken(claims: Claims): Claims {
  const names = ['iss', 'sub', 'tid'].filter((name) => claim(claims, name) !== undefined)
  return Object.fromEntries(names.map((name) => [name, claim(claims, name)]))
}

function isOfAnother(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
}

/** What openid-client throws holds the answer, and what stands in that is somebody's own. */
function withoutAnswer(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : 'the request failed')
}
