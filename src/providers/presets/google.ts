import type { Provider } from '../provider.ts'

const sendMail = 'https://mail.google.com/'

export const google: Provider = {
  id: 'google',
  name: 'Gmail and Google Workspace',
  supportStatus: {
    evidence: 'documented',
    notes: [
      {
        en: 'While the consent screen is in status "Testing", Google ends each grant after 7 days: say so with POSTERN_GOOGLE_TESTING, and postern warns in time.',
        ja: '同意画面の状態が「Testing」の間、Google は許可を 7 日で終了します。POSTERN_GOOGLE_TESTING で知らせておけば、postern が前もって警告します。',
      },
      {
        en: 'The scope https://mail.google.com/ is restricted: an app for everybody has to be verified by Google; one for your own organisation ("Internal") does not.',
        ja: 'スコープ https://mail.google.com/ は制限付きです。一般向けのアプリは Google の審査が必要ですが、自分の組織向け(「Internal」)なら不要です。',
      },
    ],
  },
  errorFamily: 'google',
  domains: ['gmail.com', 'googlemail.com'],
  mxSuffixes: ['.google.com', '.googlemail.com'],
  guide: 'google',
  // Its device flow does not allow the scope for mail.
  flows: ['authorization-code'],
  oauth: {
    // RFC 9207: Google's callback carries exactly this string as `iss`.
    issuer: 'https://accounts.google.com',
    authorizationEndpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenEndpoint: 'https://oauth2.googleapis.com/token',
    revocationEndpoint: 'https://oauth2.googleapis.com/revoke',
    endGrantsAt: 'https://myaccount.google.com/permissions',
    jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
    userinfoEndpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    // `gmail.send` looks smaller, but is for the HTTP API only: SMTP refuses its tokens.
    scopes: ['openid', 'email', sendMail],
    mailScopes: [sendMail],
    applicationScopes: [],
    // Six months.
    unusedDays: 180,
    // Google issues a refresh token only for offline access, and after the first time only if the
    // consent page is shown again.
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    knowsSelectAccount: true,
    authorizationResponseIss: true,
    identityRules: 'google',
    clientAuthentication: 'client_secret_post',
  },
  submission: { host: 'smtp.gmail.com', port: 465, tls: 'implicit' },
  mechanisms: ['XOAUTH2', 'OAUTHBEARER'],
  // Google publishes no limit of connections. Per day, a Workspace account may send to 10,000
  // recipients in 2,000 messages, a personal or trial account to far fewer, and postern cannot tell
  // them apart. The larger limit is used, so nothing is refused that Google accepts; beyond it
  // Google refuses by itself (550 5.4.5).
  limits: { connections: 3, recipientsPerDay: 10_000 },
  chunking: 'auto',
  refreshMarginSeconds: 600,
  knownCapabilities: {
    size: 35_882_577,
    eightBitMime: true,
    smtpUtf8: true,
    dsn: false,
    enhancedStatusCodes: true,
    pipelining: true,
    chunking: true,
  },
}

/**
 * Mailboxes of one Workspace in which the service account may act for every user (domain-wide
 * delegation).
 */
export const googleServiceAccount: Provider = {
  ...google,
  id: 'google-service-account',
  name: 'Google Workspace by a service account',
  supportStatus: {
    evidence: 'documented',
    notes: [
      {
        en: 'Not for gmail.com addresses: an administrator of a Workspace has to delegate the domain to the numeric id of the service account, with the scope https://mail.google.com/ and no other.',
        ja: 'gmail.com のアドレスには使えません。Workspace の管理者が、サービスアカウントの数字の ID に、スコープ https://mail.google.com/ だけでドメインを委任する必要があります。',
      },
      {
        en: 'A delegation may take a day until it works.',
        ja: '委任が有効になるまで 1 日かかることがあります。',
      },
      {
        en: 'The service account may send as every user of the Workspace: only what postern allows its logins stands between.',
        ja: 'サービスアカウントは Workspace のすべてのユーザーとして送信できます。それを制限するのは、postern がログインに許可した内容だけです。',
      },
    ],
  },
  domains: [],
  mxSuffixes: [],
  guide: 'google-service-account',
  flows: ['service-account'],
  oauth: {
    tokenEndpoint: 'https://oauth2.googleapis.com/token',
    scopes: [],
    mailScopes: [],
    applicationScopes: [sendMail],
    authorizationParameters: {},
    authorizationResponseIss: false,
    clientAuthentication: 'none',
  },
}
