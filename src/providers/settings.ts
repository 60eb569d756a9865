import type { Secret } from '../base/secret.ts'
import type { HttpProxy } from '../net/http-fetch.ts'

/** What the settings say of providers. */
export interface ProviderSettings {
  registrations: BuiltInRegistrations
  /** The parsed and validated providers file; empty without one. */
  customProviders: readonly CustomProvider[]
  /** Registrations that are shipped with this installation; those of the store go before them. */
  shippedProviders?: readonly CustomProvider[]
  /** What that file changes of the built-in providers, by their ids. */
  providerOverrides: ReadonlyMap<string, ProviderOverride>
  /** The proxy for every provider that has none of its own and is not on loopback. */
  proxy?: HttpProxy
}

/** At built-in providers, by settings of their own. */
export interface BuiltInRegistrations {
  microsoft?: MicrosoftRegistration
  google?: { clientId: string; clientSecrets: readonly ClientSecret[]; testing: boolean }
  googleServiceAccount?: ServiceAccount
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

/** That postern makes the certificates of a registration itself, and how that goes. */
export interface OwnCertificateState {
  /** There is a next one, or an old one that the provider still has. */
  underway: boolean
  /** The last try to have the next one registered was refused. */
  refused: boolean
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
  /** Microsoft Graph, of a cloud that no preset knows. */
  graphEndpoint?: string
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
  /** The one before it, while not all of the provider's servers know the new one. */
  spareCertificate?: ClientCertificate
  ownCertificate?: OwnCertificateState
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
