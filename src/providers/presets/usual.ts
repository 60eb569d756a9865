import type { OAuthServer, Provider } from '../provider.ts'

/** What a submission server may be expected to offer until its EHLO was heard (RFC 6409, section 7). */
export const usualOffers: Provider['offers'] = {
  eightBitMime: true,
  enhancedStatusCodes: true,
  pipelining: true,
  smtpUtf8: false,
  dsn: false,
  chunking: false,
}

/** The authorization code for a person, who is not asked for more than to let us send. */
export const usualOAuth = {
  applicationScopes: [],
  authorizationParameters: {},
  authorizationResponseIss: false,
  clientAuthentication: 'client_secret_post',
} satisfies Partial<OAuthServer>

/** Of providers whose limits nobody has published. */
export const cautious: Pick<Provider, 'flows' | 'limits' | 'chunking' | 'refreshMarginSeconds' | 'offers'> = {
  flows: ['authorization-code'],
  limits: { connections: 2 },
  chunking: 'auto',
  refreshMarginSeconds: 300,
  offers: usualOffers,
}
