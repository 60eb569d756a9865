import type { CustomProvider } from '../config/config.ts'
import type { OAuthServer, RegisteredProvider } from './provider.ts'

// RFC 6749, section 3.3, knows no difference between them; these say who signs in and for how long, not what may be done.
const identityScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

/** An entry of the providers file as a provider that is ready for use. */
export function customProvider(entry: CustomProvider): RegisteredProvider {
  return {
    id: entry.id,
    name: entry.name,
    oauth: oauthOf(entry),
    submission: entry.smtp,
    mechanisms: entry.mechanisms,
    limits: { connections: 2, ...entry.limits },
    chunking: entry.chunking ?? 'auto',
    refreshMarginSeconds: entry.refreshMargin ?? 0,
    // RFC 6409, section 7, expects these three of every submission server; the rest waits for its EHLO.
    offers: {
      eightBitMime: true,
      enhancedStatusCodes: true,
      pipelining: true,
      smtpUtf8: false,
      dsn: false,
      chunking: false,
    },
    registration: {
      clientId: entry.clientId,
      ...(entry.clientSecret && { clientSecret: entry.clientSecret }),
    },
  }
}

function oauthOf(entry: CustomProvider): OAuthServer {
  const { issuer, deviceAuthorizationEndpoint, revocationEndpoint, jwksUri } = entry
  return {
    ...(issuer !== undefined && { issuer }),
    authorizationEndpoint: entry.authorizationEndpoint,
    tokenEndpoint: entry.tokenEndpoint,
    ...(deviceAuthorizationEndpoint !== undefined && { deviceAuthorizationEndpoint }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
    ...(jwksUri !== undefined && { jwksUri }),
    scopes: entry.scopes,
    mailScopes: entry.scopes.filter((scope) => !identityScopes.has(scope)),
    authorizationParameters: entry.authorizationParameters,
    // Checked when it comes (RFC 9207, section 2.4); the file has no word for "it must come".
    authorizationResponseIss: false,
    identityClaims: ['email', 'preferred_username', 'upn', 'sub'],
    clientAuthentication: entry.clientAuthentication ?? (entry.clientSecret ? 'client_secret_post' : 'none'),
  }
}
