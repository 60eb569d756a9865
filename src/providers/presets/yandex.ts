import type { Provider } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

export const yandex: Provider = {
  ...cautious,
  id: 'yandex',
  name: 'Yandex Mail and Yandex 360',
  standing: {
    evidence: 'reported',
    notes: [
      'Documented, but Yandex told a user in 2023 that mail programs need app passwords: try it before you rely on it.',
      'The provider names nobody: postern cannot check who has signed in.',
    ],
  },
  domains: ['yandex.ru', 'yandex.com', 'ya.ru', 'yandex.by', 'yandex.kz', 'yandex.ua', 'narod.ru'],
  mxSuffixes: ['.yandex.net', '.yandex.ru'],
  oauth: {
    ...usualOAuth,
    authorizationEndpoint: 'https://oauth.yandex.com/authorize',
    tokenEndpoint: 'https://oauth.yandex.com/token',
    revocationEndpoint: 'https://oauth.yandex.com/revoke_token',
    scopes: ['mail:smtp'],
    mailScopes: ['mail:smtp'],
    // A page that shows the code.
    redirectUri: 'https://oauth.yandex.ru/verification_code',
  },
  submission: { host: 'smtp.yandex.com', port: 465, tls: 'implicit' },
  mechanisms: ['XOAUTH2'],
}
