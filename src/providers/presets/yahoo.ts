import type { OAuthServer, Provider, Standing } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

const standing: Standing = {
  evidence: 'restricted',
  notes: [
    'The scope mail-w is given to few: Yahoo reviews each app by hand, and users report that no new registrations are accepted.',
    'The provider names nobody: postern cannot check who has signed in.',
  ],
}

export const yahoo: Provider = {
  ...cautious,
  id: 'yahoo',
  name: 'Yahoo Mail',
  standing,
  domains: ['yahoo.com', 'yahoo.*', 'ymail.com', 'rocketmail.com', 'myyahoo.com'],
  mxSuffixes: ['.yahoodns.net'],
  oauth: yahooOAuth('https://api.login.yahoo.com'),
  submission: { host: 'smtp.mail.yahoo.com', port: 465, tls: 'implicit' },
  mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
  // It hangs up behind the twentieth message, sometimes without a word.
  limits: { connections: 2, messagesPerConnection: 20 },
  offers: { ...cautious.offers, size: 41_697_280 },
}

export const aol: Provider = {
  ...yahoo,
  id: 'aol',
  name: 'AOL Mail',
  standing: { ...standing, notes: [...standing.notes, 'A registration at Yahoo does not count at AOL.'] },
  domains: ['aol.com', 'aim.com', 'verizon.net'],
  mxSuffixes: [],
  oauth: yahooOAuth('https://api.login.aol.com'),
  submission: { host: 'smtp.aol.com', port: 465, tls: 'implicit' },
}

export const att: Provider = {
  ...yahoo,
  id: 'att',
  name: 'AT&T Mail (at Yahoo)',
  domains: ['att.net', 'sbcglobal.net', 'bellsouth.net', 'pacbell.net', 'ameritech.net'],
  mxSuffixes: [],
  submission: { host: 'smtp.mail.att.net', port: 465, tls: 'implicit' },
}

function yahooOAuth(origin: string): OAuthServer {
  return {
    ...usualOAuth,
    authorizationEndpoint: `${origin}/oauth2/request_auth`,
    tokenEndpoint: `${origin}/oauth2/get_token`,
    scopes: ['mail-w'],
    mailScopes: ['mail-w'],
    // No loopback address is accepted: the page shows a code.
    redirectUri: 'oob',
    clientAuthentication: 'client_secret_basic',
  }
}
