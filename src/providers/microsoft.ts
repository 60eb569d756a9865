import type { OAuthServer, Provider } from './provider.ts'

const login = 'https://login.microsoftonline.com'
const sendMail = 'https://outlook.office.com/SMTP.Send'
/** The tenant that stands in the ID tokens of all personal accounts. */
const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** Work and school accounts, and with the tenants `common` and `consumers` personal ones too. */
export function microsoft(tenant: string): Provider {
  return {
    id: 'microsoft',
    name: 'Microsoft 365 (work or school)',
    standing: { evidence: 'documented', notes: [] },
    domains: [],
    mxSuffixes: ['.mail.protection.outlook.com'],
    flows: ['authorization-code', 'device', 'client-credentials'],
    oauth: entra(tenant),
    submission: submissionOf(tenant),
    mechanisms: ['XOAUTH2'],
    // Exchange Online allows three connections, 30 messages a minute and 10,000 recipients in any 24 hours for each mailbox,
    // whoever uses it: one connection is left for the mailbox's other programs.
    limits: { connections: 2, messagesPerMinute: 30, recipientsPerDay: 10_000 },
    chunking: 'auto',
    refreshMarginSeconds: 600,
    offers: {
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

/** Personal accounts, by the same registration: another authority and another submission host. */
export const outlook: Provider = {
  ...microsoft('consumers'),
  id: 'outlook',
  name: 'Outlook.com, Hotmail and other personal Microsoft accounts',
  oauth: { ...entra('consumers'), endGrantsAt: 'https://account.live.com/consent/Manage' },
  // How many recipients a day differs with the age and the standing of the account: only Microsoft knows.
  limits: { connections: 2, messagesPerMinute: 30 },
}

function entra(tenant: string): OAuthServer {
  const authority = `${login}/${encodeURIComponent(tenant)}`
  return {
    issuer: issuerOf(tenant),
    authorizationEndpoint: `${authority}/oauth2/v2.0/authorize`,
    tokenEndpoint: `${authority}/oauth2/v2.0/token`,
    deviceAuthorizationEndpoint: `${authority}/oauth2/v2.0/devicecode`,
    jwksUri: `${login}/common/discovery/v2.0/keys`,
    // Only `SMTP.Send`: beside the IMAP and POP scopes, the default consent policy of a tenant demands its administrator.
    scopes: ['openid', 'profile', 'email', 'offline_access', sendMail],
    mailScopes: [sendMail],
    applicationScopes: ['https://outlook.office365.com/.default'],
    authorizationParameters: {},
    authorizationResponseIss: false,
    identityClaims: ['preferred_username', 'email', 'upn'],
    clientAuthentication: 'client_secret_post',
  }
}

function submissionOf(tenant: string): Provider['submission'] {
  const host = tenant === 'consumers' ? 'smtp-mail.outlook.com' : 'smtp.office365.com'
  return { host, port: 587, tls: 'starttls' }
}

/** A tenant named by its GUID has one issuer. `common`, `organizations` and domain names have as many as there are
 * tenants behind them: the ID token's `tid` says which. */
function issuerOf(tenant: string): string {
  if (tenant === 'consumers') return `${login}/${personalTenant}/v2.0`
  const isGuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant)
  return `${login}/${isGuid ? tenant.toLowerCase() : '{tenantid}'}/v2.0`
}
