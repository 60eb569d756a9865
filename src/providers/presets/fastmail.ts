import type { Provider } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

export const fastmail: Provider = {
  ...cautious,
  id: 'fastmail',
  name: 'Fastmail',
  standing: {
    evidence: 'documented',
    notes: [
      'Fastmail gives client ids on request.',
      'The provider names nobody: postern cannot check who has signed in.',
    ],
  },
  domains: ['fastmail.com', 'fastmail.fm'],
  mxSuffixes: ['.messagingengine.com'],
  oauth: {
    ...usualOAuth,
    // No OpenID provider, but its callback carries this as `iss` (RFC 9207).
    issuer: 'https://api.fastmail.com',
    authorizationEndpoint: 'https://api.fastmail.com/oauth/authorize',
    // It serves codes as well, in spite of its name.
    tokenEndpoint: 'https://api.fastmail.com/oauth/refresh',
    revocationEndpoint: 'https://api.fastmail.com/oauth/revoke',
    scopes: ['https://www.fastmail.com/dev/protocol-smtp'],
    mailScopes: ['https://www.fastmail.com/dev/protocol-smtp'],
    authorizationResponseIss: true,
    clientAuthentication: 'none',
  },
  submission: { host: 'smtp.fastmail.com', port: 465, tls: 'implicit' },
  mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
}
