import type { Secret } from '../base/secret.ts'
import type { Address } from '../model/address.ts'
import type { HttpProxy } from '../net/http-fetch.ts'

/**
 * Every effective setting, checked. Made from the environment in one go; nothing else reads
 * `process.env`.
 */
export interface Config {
  /** Absolute. */
  dataDir: string
  /** Those for TLS from the first octet among them. */
  smtpListen: readonly SmtpListener[]
  /**
   * Paths of PEM files, which were good when the configuration was read; absent: no TLS for
   * clients.
   */
  certificate?: { certFile: string; keyFile: string }
  /** Both loopback addresses, where browsers are sent to `localhost`. */
  webListen: readonly Endpoint[]
  /**
   * The address that people's browsers use; no trailing slash in its path. Its port is 0 where the
   * system chooses that.
   */
  publicUrl: URL
  /**
   * Where the pages of administration are, if not there: another host name. No trailing slash in
   * its path.
   */
  pagesUrl?: URL
  /**
   * In the form of `parseNetwork`: the reverse proxies whose headers are believed. Absent: none.
   */
  trustedProxies?: readonly string[]
  /**
   * The sealing key, 32 octets as base64 (standard or URL alphabet) or hexadecimal; absent: the key
   * file in the data directory.
   */
  key?: Secret
  registrations: {
    microsoft?: MicrosoftRegistration
    google?: { clientId: string; clientSecrets: readonly ClientSecret[]; testing: boolean }
    googleServiceAccount?: ServiceAccount
  }
  /** The parsed and validated providers file; empty without one. */
  customProviders: readonly CustomProvider[]
  /** What that file changes of the built-in providers, by their ids. */
  providerOverrides: ReadonlyMap<string, ProviderOverride>
  /** PEM text of additional certification authorities. */
  extraCa?: string
  /** The proxy for every provider that has none of its own and is not on loopback. */
  proxy?: HttpProxy
  notify: NotifyConfig
  pageAccess: PageAccessConfig
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  limits: Limits
}

/** Port 0 lets the system choose (tests). */
export interface Endpoint {
  host: string
  port: number
}

/** Where the web server listens, and on what terms. */
export interface WebListener extends Endpoint {
  /** Other machines may ask without TLS. */
  plainHttp: boolean
}

/** Where the SMTP server listens, and on what terms. */
export interface SmtpListener extends Endpoint {
  /**
   * `starttls`: on request, and recognised when a client begins with it; `none`: there is no
   * certificate.
   */
  tls: 'none' | 'starttls' | 'implicit'
  /** Passwords are taken unencrypted from other machines, too. */
  plainAuth: boolean
  /** TLS 1.0 and 1.1 are spoken as well. */
  oldTls: boolean
  /**
   * In the form of `parseNetwork`: no other address may connect, and each says by the PROXY
   * protocol whom it connects for.
   */
  frontEnds?: readonly string[]
}

/** Times in seconds unless the name says otherwise, sizes in octets. */
export interface Limits {
  commandLineOctets: number
  authLineOctets: number
  /** 0: only the providers' own limit. */
  messageOctets: number
  recipientsPerMessage: number
  badCommands: number
  signInFailures: number
  signInSeconds: number
  idleSeconds: number
  connections: number
  connectionsPerLoopbackSource: number
  strangersOnLoopback: number
  connectionsPerSource: number
  unauthenticatedPerSource: number
  webConnections: number
  webConnectionsPerLoopbackSource: number
  webConnectionsPerSource: number
  webUnauthenticatedPerSource: number
  greetingWaitMilliseconds: number
  messageSeconds: number
  drainSeconds: number
  bufferOctets: number
  guessWindowSeconds: number
  guessesPerSource: number
  guessesPerName: number
  guessesInAll: number
  guessDelaySeconds: number
  leaseWaitSeconds: number
  shortWaitSeconds: number
  clientTurnSeconds: number
  upstreamConnectSeconds: number
  upstreamReplySeconds: number
  upstreamReplyLineOctets: number
  upstreamReplyOctets: number
  upstreamReplyLines: number
  upstreamDataStartSeconds: number
  upstreamAfterDotSeconds: number
  upstreamIdleSeconds: number
  upstreamAgeSeconds: number
  tokenRequestSeconds: number
  wholeLoginSeconds: number
  consentSeconds: number
  consentLinkSeconds: number
  /** An idle grant is renewed at least so often. */
  renewalSeconds: number
  /** Until a notice that is not solved is sent again. */
  reminderSeconds: number
  /** How long the journal keeps its entries. */
  journalDays: number
  shutdownSeconds: number
}

/** Which of Microsoft's clouds a tenant lives in; each has its own registrations. */
export type MicrosoftCloud = 'worldwide' | 'gcc-high' | 'dod' | 'china'

export interface MicrosoftRegistration {
  cloud: MicrosoftCloud
  tenant: string
  clientId: string
  clientSecrets: readonly ClientSecret[]
  certificate?: ClientCertificate
}

/**
 * One of a registration's secrets. They are tried in their order: the next one overlaps with the
 * one that ends.
 */
export interface ClientSecret {
  value: Secret
  /** Milliseconds since 1970; as an administrator has read it at the provider. */
  expiresAt?: number
}

/** A certificate that a registration authenticates with (RFC 7523, section 2.2), and its key. */
export interface ClientCertificate {
  /** SHA-256 of the certificate's DER, base64url: `x5t#S256` of RFC 7515, section 4.1.8. */
  thumbprint: string
  /** PEM. */
  key: Secret
  expiresAt: number
}

/** A Google service account, as its key file has it. */
export interface ServiceAccount {
  email: string
  /** Numeric: what an administrator delegates the domain to. */
  clientId: string
  keyId: string
  /** PEM. */
  key: Secret
}

/** `direct`: no proxy, whatever is set for all. */
export type ProxyChoice = HttpProxy | 'direct'

/** Where notices go: consent links, secrets that end, trouble that lasts. Each may be absent. */
export interface NotifyConfig {
  /** Signed with the secret. */
  webhook?: { url: URL; secret: Secret }
  /** Sent through a mailbox of postern. */
  mail?: { from: Address; to: readonly Address[] }
  command?: NotifyCommand
}

/**
 * Who may sign in to the pages by proving one of these addresses at a provider. Without addresses
 * that sign-in is off.
 */
export interface PageAccessConfig {
  administrators: readonly Address[]
  viewers: readonly Address[]
  /** Where, by their ids; absent: at all but those of the providers file. */
  providers?: readonly string[]
}

export interface NotifyCommand {
  /** For the system's shell. */
  line: Secret
  /** All that it gets of the environment: PATH, HOME and the like, and no secret of ours. */
  environment: Readonly<Record<string, string>>
}

/**
 * One entry of `providers` in `POSTERN_PROVIDERS_FILE`: a registration at a preset, with whatever
 * is to differ from it, or a provider of its own. What files it names have been read.
 */
export interface CustomProvider {
  id: string
  /**
   * The id of a built-in provider that this is a registration of. Without it `name`, `scopes`,
   * `smtp` and `mechanisms` are there.
   */
  preset?: string
  name?: string
  /** Without endpoints: they are discovered (RFC 8414, OpenID Connect Discovery). */
  issuer?: string
  authorizationEndpoint?: string
  tokenEndpoint?: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  jwksUri?: string
  userinfoEndpoint?: string
  scopes?: readonly string[]
  /** Of a grant without a person. */
  applicationScopes?: readonly string[]
  authorizationParameters?: Readonly<Record<string, string>>
  /** The claim of the ID token that names the mailbox, and no other. Absent: a verified `email`. */
  identityClaim?: 'email' | 'preferred_username' | 'upn' | 'sub'
  /** At Microsoft. */
  tenant?: string
  clientId: string
  clientSecrets: readonly ClientSecret[]
  certificate?: ClientCertificate
  serviceAccount?: ServiceAccount
  clientAuthentication?: ClientAuthentication
  /** The one that the registration has, where the provider cannot come back to postern. */
  redirectUri?: string
  smtp?: { host: string; port: number; tls: 'starttls' | 'implicit' }
  mechanisms?: readonly ('XOAUTH2' | 'OAUTHBEARER')[]
  limits?: LimitOverrides
  chunking?: 'auto' | 'off'
  refreshMargin?: number
  /**
   * The registration is in a test phase, in which its provider ends each grant after so many days.
   */
  grantsEndAfterDays?: number
  proxy?: ProxyChoice
}

/** How a registration authenticates at the token endpoint. `none`: a public client. */
export type ClientAuthentication = 'none' | 'client_secret_post' | 'client_secret_basic' | 'private_key_jwt'

/** `null` takes a limit of the preset away. */
export interface LimitOverrides {
  connections?: number
  messagesPerMinute?: number | null
  recipientsPerDay?: number | null
  messagesPerConnection?: number | null
  refusedRecipients?: { refused: number; of: number } | null
}

/**
 * An entry of `overrides` in `POSTERN_PROVIDERS_FILE`: what is given replaces the built-in
 * provider's own.
 */
export interface ProviderOverride {
  limits?: LimitOverrides
  chunking?: 'auto' | 'off'
  proxy?: ProxyChoice
  scopes?: readonly string[]
}
