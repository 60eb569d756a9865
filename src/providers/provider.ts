import type { Flow } from '../model/grant.ts'
import type { Capabilities } from '../wire/envelope.ts'
import type { Words } from './errors/known-error.ts'
import type { GuideName } from './set-up-steps.ts'
import type {
  ClientAuthentication,
  ClientCertificate,
  ClientSecret,
  OwnCertificateState,
  ProxyChoice,
  ServiceAccount,
} from './settings.ts'

export type UpstreamMechanism = 'XOAUTH2' | 'OAUTHBEARER'

/**
 * Data about one mail provider. A new provider is a preset and a line in the list of presets; no
 * code branches on an id.
 */
export interface Provider {
  id: string
  name: string
  supportStatus: SupportStatus
  /** Domains whose mailboxes are certainly here. */
  domains: readonly string[]
  /** How an administrator registers an app, if that is known step by step: see `setUpSteps`. */
  guide?: GuideName
  /** Where its administration pages are. */
  portal?: string
  /** The name of the cloud in Exchange Online PowerShell; absent: the worldwide one, or none. */
  exchangeEnvironment?: string
  /** Whose errors it answers with, beside those of the standards: see providers/errors. */
  errorFamily?: 'microsoft' | 'google' | 'yahoo'
  /** Suffixes of the MX hosts of other domains whose mailboxes are here. */
  mxSuffixes: readonly string[]
  /** The flows that it supports, the usual one first. */
  flows: readonly GrantFlow[]
  oauth: OAuthServer
  submission: Submission
  /** In order of preference; used only if EHLO offers them. */
  mechanisms: readonly UpstreamMechanism[]
  limits: ProviderLimits
  /** `off`: BDAT is never used, even if EHLO offers CHUNKING (RFC 3030). */
  chunking: 'auto' | 'off'
  /**
   * Tokens with less life than this, in seconds, are renewed before use (in addition to the rule of
   * the token broker).
   */
  refreshMarginSeconds: number
  /** Capabilities that are assumed before its first EHLO. */
  knownCapabilities: Pick<
    Capabilities,
    'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes' | 'pipelining' | 'chunking'
  >
}

/** The flows that a provider can offer. An adopted refresh token is not one of them. */
export type GrantFlow = Exclude<Flow, 'adopted'>

/** How well a provider is known to work; shown to people as it is. */
export interface SupportStatus {
  /**
   * `documented`: by the provider itself. `reported`: by several users, or by software in use.
   * `restricted`: by application only, which the provider often refuses. `unverified`: found in one
   * place. `own`: by the administrator, in the providers file.
   */
  evidence: 'documented' | 'reported' | 'restricted' | 'unverified' | 'own'
  /** What to know before relying on it, in whole sentences. */
  notes: readonly Words[]
}

export interface OAuthServer {
  /**
   * Absent: no ID token is requested, so no identity can be proven. May contain `{tenantid}` of
   * Entra.
   */
  issuer?: string
  /** Absent: no person consents, or it is discovered. */
  authorizationEndpoint?: string
  /** Absent: all missing values are discovered from the issuer, on first use. */
  tokenEndpoint?: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  /** Entra: for the consent of an administrator for a whole tenant. */
  adminConsentEndpoint?: string
  jwksUri?: string
  /** Entra: the origin of Microsoft Graph, by which an app renews its own certificate. */
  graphEndpoint?: string
  /**
   * Gives the address of the account if the ID token has none (OpenID Connect Core, section 5.3).
   */
  userinfoEndpoint?: string
  /** All requested scopes. */
  scopes: readonly string[]
  /** The scopes without which no mail can be sent: a consent that lacks one is refused. */
  mailScopes: readonly string[]
  /** The scopes of app-only access. */
  applicationScopes: readonly string[]
  /**
   * The redirect URI of a provider that cannot return to postern: the person copies the address, or
   * the code shown there, by hand.
   */
  redirectUri?: string
  /**
   * What the claims of its access tokens must be, if they are JWTs that may be read. The tokens are
   * not verified, because only the mail server relies on them.
   */
  tokenClaims?: TokenClaims
  /** A refresh token expires after so many days without use. */
  unusedDays?: number
  /** Where a person can end a grant by hand. */
  endGrantsAt?: string
  /** Added to the authorization request: `access_type`, `prompt`, ... */
  authorizationParameters: Readonly<Record<string, string>>
  /**
   * Supports `prompt=select_account`. Other providers refuse it: `prompt=login` makes people sign
   * in anew there, which lets them choose another account as well.
   */
  knowsSelectAccount?: true
  /** RFC 9207: the callback contains `iss`, and one without it is refused. */
  authorizationResponseIss: boolean
  /**
   * The rules for the address that an ID token proves: see `provenAddress`. Absent: those of OpenID
   * Connect.
   */
  identityRules?: 'entra' | 'google'
  /** Set by the providers file: this claim of the ID token, and no other, names the mailbox. */
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
  /** There is no third value: a token is never sent without TLS. */
  tls: 'starttls' | 'implicit'
}

/** The limits of each mailbox over all its clients; the governor stays below them. */
export interface ProviderLimits {
  /** Simultaneous connections. */
  connections: number
  messagesPerMinute?: number
  /** Over any 24 hours. */
  recipientsPerDay?: number
  messagesPerConnection?: number
  /** Absent: the provider does not punish mail to unknown recipients. */
  refusedRecipients?: RefusedRecipients
}

/**
 * The provider throttles a mailbox that keeps sending to unknown recipients. Sending pauses before
 * that: at so many of the last so many recipients.
 */
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
  /** Tried where that one is refused: the one before it, until all of the provider's servers know the new one. */
  spareCertificate?: ClientCertificate
  /** Postern makes its certificates itself. */
  ownCertificate?: OwnCertificateState
  serviceAccount?: ServiceAccount
  /** At Microsoft. */
  tenant?: string
  /** The provider ends each of its grants after this number of days. */
  grantsEndAfterDays?: number
}

/** A provider that is ready for use: its data with our registration. */
export interface RegisteredProvider extends Provider {
  registration: Registration
  /**
   * Its entry, of the providers file or the store, may set any value: nobody signs in to the pages by
   * it unless the settings name it for that.
   */
  isOwn?: true
  /** Where its registration comes from. Absent: the settings. */
  source?: 'stored' | 'shipped'
  /** The proxy to it; absent: direct. */
  proxy?: Exclude<ProxyChoice, 'direct'>
}

/** All providers, and which of them have a registration. */
export interface Catalogue {
  /**
   * @throws Failure `not-found` (unknown id; names the known ones) or `configuration` (no
   * registration; names the variables to set)
   */
  registered(id: string): RegisteredProvider
  list(): readonly { provider: Provider; registered: boolean }[]
}
