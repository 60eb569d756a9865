import type { OAuthServer } from './provider.ts'

// RFC 6749, section 3.3, knows no difference between them; these say who signs in and for how long, not what may be done.
const identityScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

// Without them nobody could be compared with the mailbox: a preset that asks who signs in goes on asking.
const whoScopes: readonly string[] = ['openid', 'profile', 'email']

/** Other scopes, and with them other audiences of the tokens: a scope that is a URL begins with the resource that it is for. */
export function withScopes(
  { tokenClaims, scopes: own }: OAuthServer,
  given: readonly string[],
): Pick<OAuthServer, 'scopes' | 'mailScopes' | 'tokenClaims'> {
  const scopes = [...new Set([...own.filter((scope) => whoScopes.includes(scope)), ...given])]
  const mailScopes = scopes.filter((scope) => !identityScopes.has(scope))
  const resources = mailScopes.filter((scope) => URL.canParse(scope)).map((scope) => new URL(scope).origin)
  return {
    scopes,
    mailScopes,
    ...(tokenClaims && {
      tokenClaims: { ...tokenClaims, audiences: [...tokenClaims.audiences, ...resources] },
    }),
  }
}
