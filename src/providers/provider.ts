import type { Secret } from '../base/secret.ts'
import type { Capabilities } from '../wire/capabilities.ts'

export type UpstreamMechanism = 'XOAUTH2' | 'OAUTHBEARER'

/** Data about one mail provider. A new provider is a new file and one line in the catalogue; nothing branches on an id. */
export interface Provider {
  id: string
  name: string
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
  offers: Pick<
    Capabilities,
    'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes' | 'pipelining' | 'chunking'
  >
}

export interface OAuthServer {
  /** Absent: no ID token is asked for, so nobody's identity can be proven. May hold Entra's `{tenantid}`. */
  issuer?: string
  authorizationEndpoint: string
  tokenEndpoint: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  jwksUri?: string
  /** Everything that is asked for. */
  scopes: readonly string[]
  /** Those of `scopes` without which no mail can be sent: a consent that lacks one is refused. */
  mailScopes: readonly string[]
  /** Added to the authorization request: `access_type`, `prompt`, ... */
  authorizationParameters: Readonly<Record<string, string>>
  /** RFC 9207: the callback carries `iss`, and one without it is refused. */
  authorizationResponseIss: boolean
  /** Claims of the ID token that may name the mailbox, the best first. */
  identityClaims: readonly ('email' | 'preferred_username' | 'upn' | 'sub')[]
  /** How the client authenticates at the token endpoint. `none`: a public client. */
  clientAuthentication: 'none' | 'client_secret_post' | 'client_secret_basic'
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
}

/** Our app registration at a provider. */
export interface Registration {
  clientId: string
  clientSecret?: Secret
}

/** A provider that is ready for use: its data with our registration filled in. */
export interface RegisteredProvider extends Provider {
  registration: Registration
}

/** Every provider, and which of them have a registration. */
export interface Catalogue {
  /** @throws Failure `not-found` (unknown id; names the known ones) or `configuration` (no registration; names the variables to set) */
  registered(id: string): RegisteredProvider
  list(): readonly { provider: Provider; registered: boolean }[]
}
