import type { Provider } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

export const comcast: Provider = {
  ...cautious,
  id: 'comcast',
  name: 'Comcast (Xfinity)',
  standing: {
    evidence: 'restricted',
    notes: [
      'Comcast gives client ids by arrangement only.',
      'Mailboxes of comcast.net are being moved to Yahoo.',
      'postern cannot check who has signed in: the keys of its ID tokens are not published.',
    ],
  },
  domains: ['comcast.net'],
  mxSuffixes: ['.comcast.net'],
  oauth: {
    ...usualOAuth,
    authorizationEndpoint: 'https://oauth.xfinity.com/oauth/authorize',
    tokenEndpoint: 'https://oauth.xfinity.com/oauth/token',
    scopes: ['https://email.comcast.net/'],
    mailScopes: ['https://email.comcast.net/'],
  },
  submission: { host: 'smtp.comcast.net', port: 587, tls: 'starttls' },
  mechanisms: ['XOAUTH2'],
}
