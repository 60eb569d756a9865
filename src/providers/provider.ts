import { sameAddress } from '../base/address.ts'
import type {
  ClientAuthentication,
  ClientCertificate,
  ClientSecret,
  ProxyChoice,
  ServiceAccount,
} from '../config/config.ts'
import type { Flow } from '../store/ports.ts'
import type { Capabilities } from '../wire/capabilities.ts'

export type UpstreamMechanism = 'XOAUTH2' | 'OAUTHBEARER'

/** Data about one mail provider. A new provider is a new file and one line in the catalogue; nothing branches on an id. */
export interface Provider {
  id: string
  name: string
  supportStatus: SupportStatus
  /** Domains whose mailboxes are surely here. */
  domains: readonly string[]
  /** What an administrator does there to register an app, in order: whole sentences. `{redirectUri}` stands for the one to register. */
  registrationSteps?: readonly string[]
  /** Exchange Online PowerShell's name for its cloud; absent: the usual one, or none. */
  exchangeEnvironment?: string
  /** Endings of the MX hosts of other domains whose mailboxes are here. */
  mxSuffixes: readonly string[]
  /** The ways to a grant that it has, the usual one first. */
  flows: readonly GrantFlow[]
  oauth: OAuthServer
  submission: Submission
  /** In order of preference; used only when EHLO offers them. */
  mechanisms: readonly UpstreamMechanism[]
  limits: ProviderLimits
  /** `off`: BDAT is never used, whatever its EHLO offers (RFC 3030). */
  chunking: 'auto' | 'off'
  /** Tokens with less life than this, in seconds, are renewed before use (beside the broker's own rule). */
  refreshMarginSeconds: number
  /** What its EHLO is known to offer, until its own EHLO has been heard. */
  knownCapabilities: Pick<
    Capabilities,
    'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes' | 'pipelining' | 'chunking'
  >
}

/** The ways to a grant; an adopted refresh token is none that a provider offers. */
export type GrantFlow = Exclude<Flow, 'adopted'>

/** How well the data is known to be true, told to people as it is. */
export interface SupportStatus {
  /** `documented`: by the provider itself. `reported`: by several users of it, or by software that is in use. `restricted`: works, but the provider gives
   * registrations to few. `unverified`: found in one place. `own`: by the administrator, in the providers file. */
  evidence: 'documented' | 'reported' | 'restricted' | 'unverified' | 'own'
  /** What one has to know before relying on it: whole sentences. */
  notes: readonly string[]
}

export interface OAuthServer {
  /** Absent: no ID token is asked for, so nobody's identity can be proven. May hold Entra's `{tenantid}`. */
  issuer?: string
  /** Absent: where no person consents, or to be discovered. */
  authorizationEndpoint?: string
  /** Absent: everything that is not here is discovered from the issuer, when it is first needed. */
  tokenEndpoint?: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  /** Entra: where an administrator consents for a whole tenant. */
  adminConsentEndpoint?: string
  jwksUri?: string
  /** Where it is said who signed in, when the ID token has no address (OpenID Connect Core, section 5.3). */
  userinfoEndpoint?: string
  /** Everything that is asked for. */
  scopes: readonly string[]
  /** Those of `scopes` without which no mail can be sent: a consent that lacks one is refused. */
  mailScopes: readonly string[]
  /** What a grant without a person asks for. */
  applicationScopes: readonly string[]
  /** Where the browser ends when the provider cannot come back to postern: the person carries the address, or the code shown there, over by hand. */
  redirectUri?: string
  /** What its access tokens must say where they are JWTs that may be read; they are not verified, because nobody but the mail server believes them. */
  tokenClaims?: TokenClaims
  /** A refresh token that was not used for so many days ends. */
  unusedDays?: number
  /** Where a person can end a grant by hand. */
  endGrantsAt?: string
  /** Added to the authorization request: `access_type`, `prompt`, ... */
  authorizationParameters: Readonly<Record<string, string>>
  /** Knows `prompt=select_account`. Others refuse it: there, people are asked to sign in anew (`login`), which lets them be somebody else as well. */
  knowsSelectAccount?: true
  /** RFC 9207: the callback carries `iss`, and one without it is refused. */
  authorizationResponseIss: boolean
  /** Whose rules say which address an ID token proves: see `provenAddress`. Absent: those of OpenID Connect. */
  identityRules?: 'entra' | 'google'
  /** The providers file's word that this claim of the ID token, and no other, names the mailbox. */
  identityClaim?: IdentityClaim
  /** How a client that has a secret authenticates at the token endpoint. */
  clientAuthentication: ClientAuthentication
}

export type IdentityClaim = 'email' | 'preferred_username' | 'upn' | 'sub'

/** Claims of Entra's access tokens. */
export interface TokenClaims {
  /** Its `aud` is one of these. */
  audiences: readonly string[]
  /** One of `scp` when a person consented. */
  delegatedScope: string
  /** One of `roles` when none did. */
  applicationRole: string
}

export interface Submission {
  host: string
  port: number
  /** There is no third value: a connection without TLS never carries a token. */
  tls: 'starttls' | 'implicit'
}

/** What it allows each mailbox, whoever uses it: the governor stays below. */
export interface ProviderLimits {
  /** Simultaneous connections. */
  connections: number
  messagesPerMinute?: number
  /** Over any 24 hours. */
  recipientsPerDay?: number
  messagesPerConnection?: number
  /** Absent: it minds nobody who writes to recipients that do not exist. */
  refusedRecipients?: RefusedRecipients
}

/** A mailbox is punished that goes on writing to recipients that do not exist: whose program has had so many of them among the last so many waits before. */
export interface RefusedRecipients {
  refused: number
  of: number
}

/** Our app registration at a provider. */
export interface Registration {
  clientId: string
  /** In the order in which they are tried. */
  clientSecrets: readonly ClientSecret[]
  certificate?: ClientCertificate
  serviceAccount?: ServiceAccount
  /** At Microsoft. */
  tenant?: string
  /** The provider ends each of its grants after so many days. */
  grantsEndAfterDays?: number
}

/** A provider that is ready for use: its data with our registration filled in. */
export interface RegisteredProvider extends Provider {
  registration: Registration
  /** An entry of the providers file, which may say of it what it likes. */
  fromFile?: true
  /** The way to it; absent: direct. */
  proxy?: Exclude<ProxyChoice, 'direct'>
}

/** Every provider, and which of them have a registration. */
export interface Catalogue {
  /** @throws Failure `not-found` (unknown id; names the known ones) or `configuration` (no registration; names the variables to set) */
  registered(id: string): RegisteredProvider
  list(): readonly { provider: Provider; registered: boolean }[]
}

/** Whether a consent proves who signed in: by an ID token of a known issuer (OpenID Connect Core, section 3.1.2.1). */
export function provesIdentity({ issuer, scopes }: OAuthServer): boolean {
  return issuer !== undefined && scopes.includes('openid')
}

/** Whether two addresses are one account at this provider: who signs in there is told by one of them only. */
export function isSameAccount({ identityRules }: OAuthServer, left: string, right: string): boolean {
  if (sameAddress(left, right)) return true
  return identityRules === 'google' && sameAddress(plainAtGoogle(left), plainAtGoogle(right))
}

/** No account's name has a plus in it; at Gmail dots in it do not count, and googlemail.com is another name of gmail.com. */
function plainAtGoogle(address: string): string {
  const [, local = '', domain = ''] = /^(.+)@([^@]+)$/.exec(address) ?? []
  const name = local.replace(/(?<=.)\+.*$/, '')
  const isGmail = /^(gmail|googlemail)\.com$/i.test(domain)
  return isGmail ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`
}
