import type { Provider } from '../provider.ts'
import { cautious, usualOAuth } from './usual.ts'

export const mailru: Provider = {
  ...cautious,
  id: 'mailru',
  name: 'Mail.ru',
  standing: {
    evidence: 'reported',
    notes: [
      'As mail programs use it. Its one scope for mail, mail.imap, gives more than the right to send.',
      'The provider names nobody: postern cannot check who has signed in.',
    ],
  },
  domains: ['mail.ru', 'inbox.ru', 'list.ru', 'bk.ru', 'internet.ru'],
  mxSuffixes: ['.mail.ru'],
  oauth: {
    ...usualOAuth,
    authorizationEndpoint: 'https://oauth.mail.ru/login',
    tokenEndpoint: 'https://oauth.mail.ru/token',
    // Its authorization page takes mail.imap beside userinfo only.
    scopes: ['userinfo', 'mail.imap'],
    mailScopes: ['mail.imap'],
    authorizationParameters: { prompt_force: '1' },
    clientAuthentication: 'client_secret_basic',
  },
  submission: { host: 'smtp.mail.ru', port: 465, tls: 'implicit' },
  mechanisms: ['XOAUTH2'],
}
