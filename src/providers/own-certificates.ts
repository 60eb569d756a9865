import type { Actor } from '../base/log.ts'
import type { PemPair } from './entra-application.ts'
import type { RegisteredProvider } from './provider.ts'

/** What is kept of the certificates that postern itself makes for a registration, sealed with it. */
export interface OwnCertificate {
  /** Of the registration at Entra; absent where nobody has said it, and Entra has not either. */
  objectId?: string
  /** By which Entra knows the one in use, where it has said so. */
  keyId?: string
  /** The one that is to follow, from before Entra is told of it until it is in use. */
  next?: NextCertificate
  /** The one before, until Entra has forgotten it. */
  old?: OldCertificate
  /** Why the last try to have the next one registered was refused. */
  refused?: { at: number; why: string }
}

/** Times: milliseconds since 1970. */
export interface NextCertificate extends PemPair {
  keyId?: string
  /** Entra was asked to register it. What it answered is not known without one of the next two. */
  sentAt?: number
  registeredAt?: number
}

export interface OldCertificate extends PemPair {
  keyId?: string
  since: number
}

/** A registration, as the keeper has it. */
export interface KeptCertificates {
  provider: RegisteredProvider
  /** What it authenticates with; absent: client secrets, or nothing yet. */
  inUse?: PemPair
  /** Absent: postern has made none for it. */
  own?: OwnCertificate
  /** Changes with each change. */
  revision: number
}

/** Keeps certificates and keys; each write is one change of the store, or none. */
export interface CertificateKeeper {
  /** Those that postern has made a certificate for. */
  ids(): Promise<readonly string[]>
  /** Undefined: there is no such registration that could be changed. */
  read(id: string): Promise<KeptCertificates | undefined>
  /** False, and nothing is changed, where it has another revision now. */
  write(id: string, kept: Pick<KeptCertificates, 'inUse' | 'own'>, revision: number): Promise<boolean>
}

/** As command, page and API show it. Times: ISO 8601. Holds no key. */
export interface OwnCertificateStatus {
  inUse?: ShownCertificate
  /** To be uploaded at Entra, unless postern registers it by itself. */
  next?: ShownCertificate & { registered: boolean }
  objectId?: string
  /** Why postern could not register the next one by itself. */
  refused?: { at: string; why: string }
}

export interface ShownCertificate {
  /** PEM. */
  certificate: string
  /** As Entra shows it. */
  thumbprint: string
  endsAt: string
}

/**
 * Certificates that look after themselves: postern makes the key, which never leaves the store, and
 * the certificate; before it ends it makes the next one, has it registered by the proof that it has
 * the old one, uses it as soon as it is taken, and has the old one removed. What each step did is
 * kept before the next begins.
 */
export interface OwnCertificates {
  /**
   * Makes a certificate where there is none, or the next one with `renew`.
   * @throws Failure `not-found`, `invalid`
   */
  make(id: string, request?: MakeRequest, by?: Actor): Promise<OwnCertificateStatus>
  /** @throws Failure `not-found` */
  show(id: string): Promise<OwnCertificateStatus>
  /**
   * Takes the steps that can be taken now, whatever is waited for.
   * @throws Failure `not-found`
   */
  tryNow(id: string): Promise<OwnCertificateStatus>
  /** One look at all. Never throws. */
  round(): Promise<void>
}

export interface MakeRequest {
  /** The object id of the app registration (not of the Enterprise application). */
  objectId?: string
  renew?: boolean
}
