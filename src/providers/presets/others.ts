import type { OAuthServer, Provider, SupportStatus } from '../provider.ts'

/**
 * Capabilities that can be assumed of a submission server before its first EHLO (RFC 6409, section
 * 7).
 */
export const usualCapabilities: Provider['knownCapabilities'] = {
  eightBitMime: true,
  enhancedStatusCodes: true,
  pipelining: true,
  smtpUtf8: false,
  dsn: false,
  chunking: false,
}

/** The authorization code flow for a person, with no more rights than to send. */
export const usualOAuth = {
  applicationScopes: [],
  authorizationParameters: {},
  authorizationResponseIss: false,
  clientAuthentication: 'client_secret_post',
} satisfies Partial<OAuthServer>

/** For providers that publish no limits. */
const cautious: Pick<
  Provider,
  'flows' | 'limits' | 'chunking' | 'refreshMarginSeconds' | 'knownCapabilities'
> = {
  flows: ['authorization-code'],
  limits: { connections: 2 },
  chunking: 'auto',
  refreshMarginSeconds: 300,
  knownCapabilities: usualCapabilities,
}

const supportStatus: SupportStatus = {
  evidence: 'restricted',
  notes: [
    {
      en: 'The scope mail-w is given to few: Yahoo reviews each app by hand, and users report that no new registrations are accepted.',
      ja: 'スコープ mail-w が与えられるのは少数です。Yahoo はアプリを個別に審査しており、新しい登録は受け付けられないという報告があります。',
    },
    {
      en: 'The provider names nobody: postern cannot check who has signed in.',
      ja: 'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
    },
  ],
}

export const yahoo: Provider = {
  ...cautious,
  id: 'yahoo',
  name: 'Yahoo Mail',
  errorFamily: 'yahoo',
  supportStatus,
  domains: ['yahoo.com', 'yahoo.*', 'ymail.com', 'rocketmail.com', 'myyahoo.com'],
  mxSuffixes: ['.yahoodns.net'],
  oauth: yahooOAuth('https://api.login.yahoo.com'),
  submission: { host: 'smtp.mail.yahoo.com', port: 465, tls: 'implicit' },
  mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
  // It closes the connection after the twentieth message, sometimes without a reply.
  limits: { connections: 2, messagesPerConnection: 20 },
  knownCapabilities: { ...cautious.knownCapabilities, size: 41_697_280 },
}

export const aol: Provider = {
  ...yahoo,
  id: 'aol',
  name: 'AOL Mail',
  supportStatus: {
    ...supportStatus,
    notes: [
      ...supportStatus.notes,
      { en: 'A registration at Yahoo does not count at AOL.', ja: 'Yahoo での登録は AOL では使えません。' },
    ],
  },
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
    // It accepts no loopback address: its page shows the code.
    redirectUri: 'oob',
    clientAuthentication: 'client_secret_basic',
  }
}

export const yandex: Provider = {
  ...cautious,
  id: 'yandex',
  name: 'Yandex Mail and Yandex 360',
  supportStatus: {
    evidence: 'reported',
    notes: [
      {
        en: 'Documented, but Yandex told a user in 2023 that mail programs need app passwords: try it before you rely on it.',
        ja: '文書はありますが、2023 年に Yandex は利用者に、メールプログラムにはアプリパスワードが必要だと伝えています。頼る前に試してください。',
      },
      {
        en: 'The provider names nobody: postern cannot check who has signed in.',
        ja: 'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
      },
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

export const mailru: Provider = {
  ...cautious,
  id: 'mailru',
  name: 'Mail.ru',
  supportStatus: {
    evidence: 'reported',
    notes: [
      {
        en: 'As mail programs use it. Its one scope for mail, mail.imap, gives more than the right to send.',
        ja: 'メールプログラムが使っている方法です。メール用の唯一のスコープ mail.imap は、送信以上の権限を与えます。',
      },
      {
        en: 'The provider names nobody: postern cannot check who has signed in.',
        ja: 'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
      },
    ],
  },
  domains: ['mail.ru', 'inbox.ru', 'list.ru', 'bk.ru', 'internet.ru'],
  mxSuffixes: ['.mail.ru'],
  oauth: {
    ...usualOAuth,
    authorizationEndpoint: 'https://oauth.mail.ru/login',
    tokenEndpoint: 'https://oauth.mail.ru/token',
    // Its authorization page accepts mail.imap only beside userinfo.
    scopes: ['userinfo', 'mail.imap'],
    mailScopes: ['mail.imap'],
    authorizationParameters: { prompt_force: '1' },
    clientAuthentication: 'client_secret_basic',
  },
  submission: { host: 'smtp.mail.ru', port: 465, tls: 'implicit' },
  mechanisms: ['XOAUTH2'],
}

export const fastmail: Provider = {
  ...cautious,
  id: 'fastmail',
  name: 'Fastmail',
  supportStatus: {
    evidence: 'documented',
    notes: [
      {
        en: 'Fastmail gives client ids on request.',
        ja: 'Fastmail は申請に応じてクライアントIDを発行します。',
      },
      {
        en: 'The provider names nobody: postern cannot check who has signed in.',
        ja: 'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
      },
    ],
  },
  domains: ['fastmail.com', 'fastmail.fm'],
  mxSuffixes: ['.messagingengine.com'],
  oauth: {
    ...usualOAuth,
    // No OpenID provider, but its callback carries this as `iss` (RFC 9207).
    issuer: 'https://api.fastmail.com',
    authorizationEndpoint: 'https://api.fastmail.com/oauth/authorize',
    // It exchanges codes as well, in spite of its name.
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

export const comcast: Provider = {
  ...cautious,
  id: 'comcast',
  name: 'Comcast (Xfinity)',
  supportStatus: {
    evidence: 'restricted',
    notes: [
      {
        en: 'Comcast gives client ids by arrangement only.',
        ja: 'Comcast は個別の取り決めでのみクライアントIDを発行します。',
      },
      {
        en: 'Mailboxes of comcast.net are being moved to Yahoo.',
        ja: 'comcast.net のメールボックスは Yahoo へ移行されつつあります。',
      },
      {
        en: 'postern cannot check who has signed in: the keys of its ID tokens are not published.',
        ja: 'ID トークンの鍵が公開されていないため、誰がサインインしたかを postern は確認できません。',
      },
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

const realm = 'https://auth.tb.pro/realms/tbpro'

export const thundermail: Provider = {
  ...cautious,
  id: 'thundermail',
  name: 'Thundermail (Thunderbird Pro)',
  supportStatus: {
    evidence: 'unverified',
    notes: [
      {
        en: 'As Thunderbird itself uses it; whether others are given a client id is not known.',
        ja: 'Thunderbird 自身が使っている方法です。ほかにクライアントIDが発行されるかどうかは分かっていません。',
      },
    ],
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
