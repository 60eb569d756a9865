import type { Secret } from '../base/secret.ts'

/** Every effective setting, checked. Made from the environment in one go; nothing else reads `process.env`. */
export interface Config {
  /** Absolute. */
  dataDir: string
  /** Those for TLS from the first octet among them. */
  smtpListen: readonly SmtpListener[]
  /** Paths of PEM files, which were good when the configuration was read; absent: no TLS for clients. */
  certificate?: { certFile: string; keyFile: string }
  webListen: readonly Endpoint[]
  /** The address that people's browsers use; no trailing slash in its path. */
  publicUrl: URL
  /** The sealing key, 32 octets as base64 (standard or URL alphabet) or hexadecimal; absent: the key file in the data directory. */
  key?: Secret
  registrations: {
    microsoft?: { clientId: string; clientSecret?: Secret; tenant: string }
    google?: { clientId: string; clientSecret?: Secret }
  }
  /** The parsed and validated providers file; empty without one. */
  customProviders: readonly CustomProvider[]
  /** What that file changes of the built-in providers, by their ids. */
  providerOverrides: ReadonlyMap<string, ProviderOverride>
  /** PEM text of additional certification authorities. */
  extraCa?: string
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  limits: Limits
}

/** Port 0 lets the system choose (tests). */
export interface Endpoint {
  host: string
  port: number
}

/** Where the SMTP door listens, and on what terms. */
export interface SmtpListener extends Endpoint {
  /** `starttls`: on request, and recognised when a client begins with it; `none`: there is no certificate. */
  tls: 'none' | 'starttls' | 'implicit'
  /** Passwords are taken unencrypted from other machines, too. */
  plainAuth: boolean
  /** TLS 1.0 and 1.1 are spoken as well. */
  oldTls: boolean
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
  connectionsPerSource: number
  unauthenticatedPerSource: number
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
  shutdownSeconds: number
}

/** One entry of `POSTERN_PROVIDERS_FILE`, as written there (its secret read from `clientSecretFile` where that is used). */
export interface CustomProvider {
  id: string
  name: string
  issuer?: string
  authorizationEndpoint: string
  tokenEndpoint: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  jwksUri?: string
  scopes: readonly string[]
  authorizationParameters: Readonly<Record<string, string>>
  clientId: string
  clientSecret?: Secret
  clientAuthentication?: 'none' | 'client_secret_post' | 'client_secret_basic'
  smtp: { host: string; port: number; tls: 'starttls' | 'implicit' }
  mechanisms: readonly ('XOAUTH2' | 'OAUTHBEARER')[]
  limits?: {
    connections?: number
    messagesPerMinute?: number
    recipientsPerDay?: number
    messagesPerConnection?: number
  }
  chunking?: 'auto' | 'off'
  refreshMargin?: number
}

/** An entry of `overrides` in `POSTERN_PROVIDERS_FILE`: what is given replaces the provider's own, `null` takes a limit away. */
export interface ProviderOverride {
  limits?: {
    connections?: number
    messagesPerMinute?: number | null
    recipientsPerDay?: number | null
    messagesPerConnection?: number | null
  }
  chunking?: 'auto' | 'off'
}
