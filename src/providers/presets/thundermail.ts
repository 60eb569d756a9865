import type { Provider } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

const realm = 'https://auth.tb.pro/realms/tbpro'

export const thundermail: Provider = {
  ...cautious,
  id: 'thundermail',
  name: 'Thundermail (Thunderbird Pro)',
  standing: {
    evidence: 'unverified',
    notes: ['As Thunderbird itself uses it; whether others are given a client id is not known.'],
  },
  domains: ['thundermail.com', 'tb.pro'],
  mxSuffixes: ['.thundermail.com'],
  oauth: {
    ...usualOAuth,
    issuer: realm,
    authorizationEndpoint: `${realm}/protocol/openid-connect/auth`,
    tokenEndpoint: `${realm}/protocol/openid-connect/token`,
    jwksUri: `${realm}/protocol/openid-connect/certs`,
    userinfoEndpoint: `${realm}/protocol/openid-connect/userinfo`,
    // It has no scope for mail.
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    mailScopes: [],
    authorizationResponseIss: true,
    clientAuthentication: 'none',
  },
  submission: { host: 'mail.thundermail.com', port: 465, tls: 'implicit' },
  mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
}
