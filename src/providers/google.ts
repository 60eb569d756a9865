import type { Provider } from './provider.ts'

export const google: Provider = {
  id: 'google',
  name: 'Gmail and Google Workspace',
  standing: { evidence: 'documented', notes: [] },
  domains: ['gmail.com', 'googlemail.com'],
  mxSuffixes: ['.google.com', '.googlemail.com'],
  flows: ['authorization-code'],
  oauth: {
    // RFC 9207: Google's callback carries exactly this string as `iss`.
    issuer: 'https://accounts.google.com',
    authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenEndpoint: 'https://oauth2.googleapis.com/token',
    revocationEndpoint: 'https://oauth2.googleapis.com/revoke',
    endGrantsAt: 'https://myaccount.google.com/permissions',
    jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
    // `gmail.send` looks smaller, but is for the HTTP API only: SMTP refuses its tokens.
    scopes: ['openid', 'email', 'https://mail.google.com/'],
    mailScopes: ['https://mail.google.com/'],
    applicationScopes: [],
    // Google gives a refresh token only for offline access, and after the first time only if the consent page is
    // shown again.
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    authorizationResponseIss: true,
    identityClaims: ['email'],
    clientAuthentication: 'client_secret_post',
  },
  submission: { host: 'smtp.gmail.com', port: 465, tls: 'implicit' },
  mechanisms: ['XOAUTH2', 'OAUTHBEARER'],
  // Google publishes no limit of connections. Per day, a Workspace account may write to 10,000 recipients in 2,000 messages, a
  // personal or trial one far less, and nothing tells here which of them it is: the larger one stands, so that nothing is refused here
  // that Google takes, and Google's own refusal (550 5.4.5) does the rest.
  limits: { connections: 3, recipientsPerDay: 10_000 },
  chunking: 'auto',
  refreshMarginSeconds: 600,
  offers: {
    size: 35_882_577,
    eightBitMime: true,
    smtpUtf8: true,
    dsn: false,
    enhancedStatusCodes: true,
    pipelining: true,
    chunking: true,
  },
}
