import { isGuid, readUrl } from '../../base/text.ts'
import type { OAuthServer, Provider } from '../provider.ts'
import type { MicrosoftCloud } from '../settings.ts'

/** The differences between the clouds of Microsoft. */
interface Cloud {
  id: string
  name: string
  /** Origin of the authority that issues tokens. */
  login: string
  /** Origin of Microsoft Graph. */
  graph: string
  /**
   * Origins of Exchange Online in scopes: first that for a consent, then that for the app itself.
   */
  resources: readonly [delegated: string, application: string]
  host: string
  supportStatus: Provider['supportStatus']
}

const clouds: Readonly<Record<MicrosoftCloud, Cloud>> = {
  worldwide: {
    id: 'microsoft',
    name: 'Microsoft 365 (work or school)',
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    resources: ['https://outlook.office.com', 'https://outlook.office365.com'],
    host: 'smtp.office365.com',
    supportStatus: {
      evidence: 'documented',
      notes: [
        {
          en: 'SMTP AUTH has to be enabled for the mailbox, also for OAuth.',
          ja: 'OAuth を使う場合も、メールボックスで SMTP AUTH を有効にする必要があります。',
        },
      ],
    },
  },
  'gcc-high': {
    id: 'microsoft-gcc-high',
    name: 'Microsoft 365 US Government GCC High',
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    resources: ['https://outlook.office365.us', 'https://outlook.office365.us'],
    host: 'smtp.office365.us',
    supportStatus: {
      evidence: 'reported',
      notes: [
        {
          en: 'Microsoft documents the OAuth endpoints; the submission host and the scopes are as users report them.',
          ja: 'OAuth のエンドポイントは Microsoft の文書によりますが、送信ホストとスコープは利用者の報告によります。',
        },
        {
          en: 'GCC (not High) is in the worldwide cloud: there it is the provider microsoft.',
          ja: 'GCC(High ではないもの)は世界共通のクラウドにあり、プロバイダーは microsoft です。',
        },
      ],
    },
  },
  dod: {
    id: 'microsoft-dod',
    name: 'Microsoft 365 US Government DoD',
    login: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    resources: ['https://outlook.office365.us', 'https://outlook.office365.us'],
    host: 'outlook-dod.office365.us',
    supportStatus: {
      evidence: 'reported',
      notes: [
        {
          en: 'Microsoft documents the OAuth endpoints; the submission host and the scopes are as users report them.',
          ja: 'OAuth のエンドポイントは Microsoft の文書によりますが、送信ホストとスコープは利用者の報告によります。',
        },
        {
          en: 'If the scope is refused, https://outlook-dod.office365.us/SMTP.Send may be the right one: set it in the providers file.',
          ja: 'スコープが拒否される場合は、https://outlook-dod.office365.us/SMTP.Send が正しい可能性があります。プロバイダーファイルで設定してください。',
        },
      ],
    },
  },
  china: {
    id: 'microsoft-china',
    name: 'Microsoft 365 operated by 21Vianet (China)',
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    resources: ['https://partner.outlook.cn', 'https://partner.outlook.cn'],
    host: 'smtp.partner.outlook.cn',
    supportStatus: {
      evidence: 'reported',
      notes: [
        {
          en: 'Microsoft documents the OAuth endpoints; the submission host and the scopes are as users report them.',
          ja: 'OAuth のエンドポイントは Microsoft の文書によりますが、送信ホストとスコープは利用者の報告によります。',
        },
        {
          en: 'Some needed the scope https://partner.outlook.cn/.default instead: set it in the providers file.',
          ja: 'スコープ https://partner.outlook.cn/.default が必要だった例があります。その場合はプロバイダーファイルで設定してください。',
        },
      ],
    },
  },
}

const portals: Readonly<Record<MicrosoftCloud, string>> = {
  worldwide: 'https://entra.microsoft.com',
  'gcc-high': 'https://entra.microsoft.us',
  dod: 'https://entra.microsoft.us',
  china: 'https://entra.microsoftonline.cn',
}

const environments: Partial<Record<MicrosoftCloud, string>> = {
  'gcc-high': 'O365USGovGCCHigh',
  dod: 'O365USGovDoD',
  china: 'O365China',
}

/** The application id of Exchange Online, which is the audience of some tokens. */
const exchangeOnline = '00000002-0000-0ff1-ce00-000000000000'
/** The tenant in the ID tokens of all personal accounts. */
export const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad'

/**
 * Work and school accounts of one cloud; worldwide with the tenants `common` and `consumers`
 * personal ones, too.
 */
export function microsoft(tenant: string, cloud: MicrosoftCloud = 'worldwide'): Provider {
  const { id, name, supportStatus } = clouds[cloud]
  return {
    id,
    name,
    supportStatus,
    errorFamily: 'microsoft',
    domains: [],
    guide: 'entra',
    portal: portals[cloud],
    ...(environments[cloud] !== undefined && { exchangeEnvironment: environments[cloud] }),
    // Known for the worldwide cloud only.
    mxSuffixes: cloud === 'worldwide' ? ['.mail.protection.outlook.com', '.mx.microsoft'] : [],
    flows: ['authorization-code', 'device', 'client-credentials'],
    oauth: entra(tenant, clouds[cloud]),
    submission: submissionOf(tenant, clouds[cloud]),
    mechanisms: ['XOAUTH2'],
    // Exchange Online allows each mailbox three connections, 30 messages a minute and 10,000
    // recipients in any 24 hours, over all its clients: one connection is left for the other
    // programs of the mailbox. It throttles a mailbox "due to continuous invalid recipients errors"
    // (550 5.2.255) without saying after how many: half of all recipients is more than any list has
    // by accident.
    limits: {
      connections: 2,
      messagesPerMinute: 30,
      recipientsPerDay: 10_000,
      refusedRecipients: { refused: 20, of: 40 },
    },
    chunking: 'auto',
    refreshMarginSeconds: 600,
    knownCapabilities: {
      size: 157_286_400,
      eightBitMime: true,
      smtpUtf8: true,
      dsn: true,
      enhancedStatusCodes: true,
      pipelining: true,
      chunking: true,
    },
  }
}

/** For many messages to recipients of the organisation itself. */
export function microsoftHighVolume(tenant: string): Provider {
  const { limits: _, oauth, ...rest } = microsoft(tenant)
  return {
    ...rest,
    id: 'microsoft-hve',
    name: 'Microsoft 365 High Volume Email',
    supportStatus: {
      evidence: 'documented',
      notes: [
        {
          en: 'Only for recipients of the organisation itself, at most 50 for each message.',
          ja: '組織内の受信者のみで、1 通につき最大 50 件です。',
        },
        {
          en: 'Accounts of High Volume Email are no mailboxes that somebody signs in to: client credentials are the only way to a grant.',
          ja: 'High Volume Email のアカウントは人がサインインするメールボックスではなく、許可を得る方法はクライアント資格情報だけです。',
        },
        {
          en: 'Microsoft names the permission Mail.Send for the app here, not SMTP.SendAsApp.',
          ja: 'ここで Microsoft がアプリのアクセス許可として示しているのは、SMTP.SendAsApp ではなく Mail.Send です。',
        },
      ],
    },
    mxSuffixes: [],
    guide: 'high-volume',
    flows: ['client-credentials'],
    oauth: withoutPeople(oauth),
    submission: { host: 'smtp.hve.mx.microsoft', port: 587, tls: 'starttls' },
    limits: { connections: 2 },
    // It refuses a token that expires soon: "501 5.5.127 ... Token will expire soon".
    refreshMarginSeconds: 900,
  }
}

/** Personal accounts, by the same registration, with another authority and submission host. */
export const outlook: Provider = {
  ...microsoft('consumers'),
  id: 'outlook',
  name: 'Outlook.com, Hotmail and other personal Microsoft accounts',
  supportStatus: {
    evidence: 'reported',
    notes: [
      {
        en: 'Microsoft documents endpoints and scopes; how long grants and tokens live is as users report it.',
        ja: 'エンドポイントとスコープは Microsoft の文書によりますが、許可とトークンの有効期間は利用者の報告によります。',
      },
      {
        en: 'The registration has to allow personal accounts, and has to be made in an organisation: a personal account alone cannot register an app any more.',
        ja: '登録は個人アカウントを許可し、組織の中で作る必要があります。個人アカウントだけではアプリを登録できなくなりました。',
      },
      {
        en: 'Some mailboxes have to allow devices and apps to use POP and IMAP (Settings, Mail, Sync email) before they can send.',
        ja: 'メールボックスによっては、先に「デバイスとアプリで POP と IMAP を使う」(設定、メール、メールの同期)を許可しないと送信できません。',
      },
    ],
  },
  domains: [
    'outlook.com',
    'outlook.*',
    'hotmail.com',
    'hotmail.*',
    'live.com',
    'live.*',
    'msn.com',
    'passport.com',
  ],
  mxSuffixes: ['.olc.protection.outlook.com'],
  guide: 'entra-personal',
  flows: ['authorization-code', 'device'],
  oauth: {
    ...withoutApps(entra('consumers', clouds.worldwide)),
    endGrantsAt: 'https://account.live.com/consent/Manage',
  },
  // The number of recipients per day depends on the age and reputation of the account, and is not
  // published.
  limits: { connections: 2, messagesPerMinute: 30 },
}

function entra(tenant: string, { login, graph, resources }: Cloud): OAuthServer {
  const authority = `${login}/${encodeURIComponent(tenant)}`
  const [delegated, application] = resources
  const sendMail = `${delegated}/SMTP.Send`
  return {
    issuer: issuerOf(tenant, login),
    authorizationEndpoint: `${authority}/oauth2/v2.0/authorize`,
    tokenEndpoint: `${authority}/oauth2/v2.0/token`,
    deviceAuthorizationEndpoint: `${authority}/oauth2/v2.0/devicecode`,
    adminConsentEndpoint: `${authority}/v2.0/adminconsent`,
    jwksUri: `${login}/common/discovery/v2.0/keys`,
    graphEndpoint: graph,
    // Only `SMTP.Send`: with the IMAP and POP scopes, the default consent policy of a tenant
    // requires an administrator.
    scopes: ['openid', 'profile', 'email', 'offline_access', sendMail],
    mailScopes: [sendMail],
    applicationScopes: [`${application}/.default`],
    tokenClaims: {
      audiences: [...new Set(resources), exchangeOnline],
      delegatedScope: 'SMTP.Send',
      applicationRole: 'SMTP.SendAsApp',
    },
    unusedDays: 90,
    authorizationParameters: {},
    knowsSelectAccount: true,
    authorizationResponseIss: false,
    identityRules: 'entra',
    clientAuthentication: 'client_secret_post',
  }
}

/** For app-only access, where no person signs in. */
function withoutPeople({
  authorizationEndpoint: _a,
  deviceAuthorizationEndpoint: _d,
  unusedDays: _u,
  tokenClaims,
  ...oauth
}: OAuthServer): OAuthServer {
  return {
    ...oauth,
    scopes: [],
    mailScopes: [],
    ...(tokenClaims && { tokenClaims: { ...tokenClaims, applicationRole: 'Mail.Send' } }),
  }
}

/** Personal accounts have no administrator, and their access tokens cannot be read. */
function withoutApps({
  adminConsentEndpoint: _a,
  graphEndpoint: _g,
  tokenClaims: _t,
  ...oauth
}: OAuthServer): OAuthServer {
  return { ...oauth, applicationScopes: [] }
}

function submissionOf(tenant: string, { host }: Cloud): Provider['submission'] {
  return { host: tenant === 'consumers' ? 'smtp-mail.outlook.com' : host, port: 587, tls: 'starttls' }
}

/**
 * A tenant named by its GUID has one issuer. `common`, `organizations` and domain names have one
 * for each tenant behind them, which the `tid` of the ID token names.
 */
function issuerOf(tenant: string, login: string): string {
  if (tenant === 'consumers') return `${login}/${personalTenant}/v2.0`
  return `${login}/${isGuid(tenant) ? tenant.toLowerCase() : '{tenantid}'}/v2.0`
}

/** Whether an issuer belongs to Entra, in any of its clouds. */
export function isEntraIssuer(issuer: string): boolean {
  const { hostname } = readUrl(issuer) ?? {}
  if (hostname === undefined) return false
  const known = Object.values(clouds).some(({ login }) => new URL(login).hostname === hostname)
  return (
    known || /^(sts\.windows\.net|login\.(windows\.net|chinacloudapi\.cn))$|\.ciamlogin\.com$/.test(hostname)
  )
}
