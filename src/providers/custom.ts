import type { CustomProvider } from '../config/config.ts'
import { limitsWith } from './override.ts'
import type { OAuthServer, RegisteredProvider } from './provider.ts'

// RFC 6749, section 3.3, knows no difference between them; these say who signs in and for how long, not what may be done.
const identityScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

/** An entry of the providers file as a provider that is ready for use. */
export function customProvider(entry: CustomProvider): RegisteredProvider {
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    standing: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: ['authorization-code'],
    oauth: oauthOf(entry),
    submission: entry.smtp ?? { host: '', port: 587, tls: 'starttls' },
    mechanisms: entry.mechanisms ?? ['OAUTHBEARER', 'XOAUTH2'],
    limits: limitsWith({ connections: 2 }, entry.limits ?? {}),
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
      clientSecrets: entry.clientSecrets,
    },
  }
}

function oauthOf(entry: CustomProvider): OAuthServer {
  const {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    deviceAuthorizationEndpoint,
    revocationEndpoint,
    jwksUri,
  } = entry
  const scopes = entry.scopes ?? []
  return {
    ...(issuer !== undefined && { issuer }),
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    ...(deviceAuthorizationEndpoint !== undefined && { deviceAuthorizationEndpoint }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
    ...(jwksUri !== undefined && { jwksUri }),
    scopes,
    mailScopes: scopes.filter((scope) => !identityScopes.has(scope)),
    applicationScopes: entry.applicationScopes ?? [],
    authorizationParameters: entry.authorizationParameters ?? {},
    // Checked when it comes (RFC 9207, section 2.4); the file has no word for "it must come".
    authorizationResponseIss: false,
    identityClaims: ['email', 'preferred_username', 'upn', 'sub'],
    clientAuthentication:
      entry.clientAuthentication ?? (entry.clientSecrets.length > 0 ? 'client_secret_post' : 'none'),
  }
}
