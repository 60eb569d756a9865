import type { RegisteredProvider } from '../../src/providers/provider.ts'

/** A provider that is ready for use, for tests that never reach it. */
export function registeredProvider({ id = 'custom', provesIdentity = true } = {}): RegisteredProvider {
  return {
    id,
    name: `Provider ${id}`,
    supportStatus: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: ['authorization-code'],
    oauth: {
      ...(provesIdentity ? { issuer: 'https://login.example.com' } : {}),
      authorizationEndpoint: 'https://login.example.com/authorize',
      tokenEndpoint: 'https://login.example.com/token',
      scopes: ['openid', 'email', 'https://mail.example.com/send'],
      mailScopes: ['https://mail.example.com/send'],
      applicationScopes: [],
      authorizationParameters: {},
      authorizationResponseIss: false,
      clientAuthentication: 'none',
    },
    submission: { host: 'smtp.example.com', port: 587, tls: 'starttls' },
    mechanisms: ['XOAUTH2'],
    limits: { connections: 1 },
    chunking: 'auto',
    refreshMarginSeconds: 0,
    knownCapabilities: {
      size: 10_000_000,
      eightBitMime: true,
      smtpUtf8: true,
      dsn: true,
      enhancedStatusCodes: true,
      pipelining: true,
      chunking: true,
    },
    registration: { clientId: 'postern', clientSecrets: [] },
  }
}
