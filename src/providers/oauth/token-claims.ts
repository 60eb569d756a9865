import { type FilledFailure, filled, type Sentence } from '../../base/failure.ts'
import { isGuid } from '../../base/text.ts'
import type { RegisteredProvider } from '../provider.ts'

/** The result of looking into an access token before it is used. */
export interface TokenCheck {
  /** The token cannot be used for mail. */
  error?: FilledFailure
  /** A possible reason if the mail server refuses the token. */
  warning?: Sentence
}

type Claims = Readonly<Record<string, unknown>>

const graph = ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000']

/**
 * Checks the claims of an access token of Entra, which is a JWT (without claiming RFC 9068): its
 * audience, tenant, app and rights. The signature is not verified, because only the mail server
 * relies on the token. Tokens of other kinds pass.
 */
export function checkToken(
  { oauth, registration, name }: RegisteredProvider,
  accessToken: string,
  { appOnly }: { appOnly: boolean },
): TokenCheck {
  const wanted = oauth.tokenClaims
  const claims = wanted && claimsOf(accessToken)
  if (!claims) return {}
  const audience = textIn(claims, 'aud')
  if (audience !== undefined && !wanted.audiences.some((one) => sameAudience(one, audience)))
    return { error: wrongAudience(audience, name, oauth.scopes) }
  const tenant = textIn(claims, 'tid')
  const { tenant: own = '' } = registration
  // The name of a tenant does not show its id.
  if (tenant !== undefined && isGuid(own) && tenant.toLowerCase() !== own.toLowerCase())
    return { error: wrongTenant(tenant, own) }
  const app = textIn(claims, 'appid') ?? textIn(claims, 'azp')
  if (app !== undefined && app.toLowerCase() !== registration.clientId.toLowerCase())
    return { error: wrongApp(app, registration.clientId) }
  return warningOf(claims, wanted, appOnly)
}

/**
 * The object id of the app's service principal, which Exchange's `New-ServicePrincipal` needs. From
 * an access token of the app itself.
 */
export function objectIdIn(accessToken: string): string | undefined {
  return textIn(claimsOf(accessToken) ?? {}, 'oid')
}

function wrongAudience(audience: string, provider: string, scopes: readonly string[]): FilledFailure {
  const scope = scopes.find((one) => one.endsWith('/SMTP.Send')) ?? 'https://outlook.office.com/SMTP.Send'
  const forGraph = graph.some((one) => sameAudience(one, audience))
  if (forGraph) return filled('token.for-graph', { scope })
  return filled('token.for-another-resource', { audience: shown(audience), provider, scope })
}

function wrongTenant(tenant: string, own: string): FilledFailure {
  return filled('token.of-another-organisation', { tenant: shown(tenant), own })
}

function wrongApp(app: string, own: string): FilledFailure {
  return filled('token.of-another-app', { app: shown(app), own: shown(own) })
}

/**
 * Only a warning: with RBAC for Applications the right is set in Exchange, and no claim shows it.
 */
function warningOf(
  claims: Claims,
  { delegatedScope, applicationRole }: NonNullable<RegisteredProvider['oauth']['tokenClaims']>,
  appOnly: boolean,
): TokenCheck {
  if (!appOnly) {
    const scopes = (textIn(claims, 'scp') ?? '').split(' ')
    return scopes.includes(delegatedScope)
      ? {}
      : { warning: filled('token.without-scope', { scope: delegatedScope }) }
  }
  const roles = claims.roles
  if (Array.isArray(roles) && roles.includes(applicationRole)) return {}
  return { warning: filled('token.without-role', { role: applicationRole }) }
}

function claimsOf(token: string): Claims | undefined {
  const [, payload, ...rest] = token.split('.')
  if (payload === undefined || rest.length !== 1) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Claims)
      : undefined
  } catch {
    return undefined
  }
}

function textIn(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** It occurs with and without a slash at its end. */
function sameAudience(one: string, other: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\/$/, '')
  return plain(one) === plain(other)
}

/** Claims are foreign text. */
function shown(claim: string): string {
  return /^[\w:/.-]{1,100}$/.test(claim) ? claim : 'something else'
}
