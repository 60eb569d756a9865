import { Failure, filled, type Sentence, type SentenceById } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { text } from '../failures/texts.ts'
import type { Address } from '../model/address.ts'
import type { RegistrationCheck } from './registration-checks.ts'
import type { ClientAuthentication, CustomProvider } from './settings.ts'

/**
 * The app registrations at providers: those of the settings, which are shown, and those that are
 * kept in the store, which are made and changed here while postern runs. Made by
 * `createRegistrations`. `by`: who asks for a change. When a change is answered, everything follows
 * it already.
 */
export interface Registrations {
  /** Those of presets first, in the order of the catalogue. */
  list(): Promise<RegistrationStatus[]>
  /** @throws Failure `not-found` */
  show(id: string): Promise<RegistrationStatus>
  /**
   * @throws Failure `already-exists` (one of the settings, or a stored one, has the id), `invalid`
   * with every mistake (`RegistrationMistakes`)
   */
  add(request: NewRegistration, by?: Actor): Promise<RegistrationStatus>
  /**
   * Changes what is given; null takes a field away.
   * @throws Failure as `add`; `not-found`, `invalid` for one of the settings
   */
  set(id: string, changes: RegistrationChanges, by?: Actor): Promise<ChangedRegistration>
  /**
   * Mailboxes that it is for stay, with their grants, and send nothing until it is there again.
   * @throws Failure `not-found`, `invalid` for one of the settings, `already-exists` while it has
   * mailboxes, unless `force` is given
   */
  remove(id: string, options?: { force?: boolean }, by?: Actor): Promise<RemovedRegistration>
  /**
   * Asks the provider whether it takes the client. Of one of the settings: as they are now.
   * @throws Failure `not-found`
   */
  check(id: string): Promise<RegistrationCheck>
}

/** Where a registration comes from. `shipped`: with this installation, for everybody. */
export type RegistrationSource = 'settings' | 'stored' | 'shipped'

/**
 * What can be said of a registration, apart from its secrets: as in an entry of the providers file,
 * whose names these are.
 */
export interface RegistrationFields
  extends Omit<
    CustomProvider,
    | 'id'
    | 'clientId'
    | 'clientSecrets'
    | 'certificate'
    | 'spareCertificate'
    | 'ownCertificate'
    | 'serviceAccount'
    | 'proxy'
  > {
  /** Absent only with a service account, which has one. */
  clientId?: string
  clientAuthentication?: ClientAuthentication
  /** `direct`, or the address of an HTTP proxy; shown without the password in it. */
  proxy?: string
}

/** What is given for one. Secrets are values; a page or a command reads their files. */
export interface RegistrationRequest extends RegistrationFields {
  /** In the order in which they are tried. */
  clientSecrets?: readonly NewClientSecret[]
  /** In place of client secrets. */
  certificate?: NewCertificate
  /** The JSON key file of a Google service account. */
  serviceAccount?: Secret
}

export interface NewClientSecret {
  value: Secret
  /** The day on which it ends, as the provider shows it: 2027-11-30. */
  expires?: string
}

/** PEM texts. */
export interface NewCertificate {
  certificate: string
  key: Secret
}

export interface NewRegistration extends RegistrationRequest {
  /** Lower-case letters, digits and hyphens. That of a preset, without `preset`, is one at that. */
  id: string
}

export type RegistrationChanges = {
  [Name in keyof RegistrationRequest]?: RegistrationRequest[Name] | null
} & {
  /** Behind those that there are: it is used as soon as they are refused. */
  addClientSecret?: NewClientSecret
  /** Its place, from 1. */
  removeClientSecret?: number
}

/**
 * A registration as pages, API and command show it. Field names are the API's. Times: ISO 8601.
 * Holds no secret.
 */
export interface RegistrationStatus {
  id: string
  /** Of the provider, as people read it. */
  name: string
  source: RegistrationSource
  /** The setting that it comes from: POSTERN_MICROSOFT_CLIENT_ID, POSTERN_PROVIDERS_FILE, ... */
  setting?: string
  /**
   * The setting that has the same id, and counts: this one is kept, and not used as long as that is
   * there.
   */
  hiddenBy?: string
  /** Why it cannot be used, if it cannot. */
  trouble?: SentenceById & { message: string; fix?: string }
  /** All of it but its secrets, for a form. */
  fields: RegistrationFields
  /** How it authenticates; `service-account` at Google. */
  authentication: ClientAuthentication | 'service-account'
  clientSecrets: readonly ClientSecretStatus[]
  certificate?: CertificateStatus
  serviceAccount?: { email: string; keyId: string }
  /** How many mailboxes it is for. */
  mailboxes: number
  /** Of a stored one, as `changedAt` and `revision`. */
  createdAt?: string
  changedAt?: string
  revision?: number
}

/** Never its key. */
export interface CertificateStatus {
  /** SHA-256, base64url. */
  thumbprint: string
  expires: string
  /** Of a stored one, as `subject` and `sha1`. */
  pem?: string
  subject?: string
  /** As Entra lists it. */
  sha1?: string
}

/** Never its value, nor anything that is made of it. */
export interface ClientSecretStatus {
  /** From 1, in the order in which they are tried. */
  place: number
  /** A day. */
  expires?: string
  /** A day. Absent: not known. */
  added?: string
}

/** What came of a change. */
export interface ChangedRegistration {
  registration: RegistrationStatus
  /** The names of the fields that are not what they were. */
  changed: readonly string[]
  /**
   * The consents of these mailboxes were given to another registration: the provider is likely to
   * refuse them, and they need to be given anew.
   */
  needConsent: readonly Address[]
  /** The consents of these mailboxes stay. */
  keepConsent: readonly Address[]
}

export interface RemovedRegistration {
  removed: string
  /** They send nothing until it is there again; nothing of theirs is lost. */
  mailboxes: readonly Address[]
}

/** What is wrong with what was given, each with its field. Nothing of it was made. */
export class RegistrationMistakes extends Failure {
  readonly mistakes: readonly FieldMistake[]

  constructor(id: string, mistakes: readonly FieldMistake[]) {
    const told = mistakes.map((mistake) => text('mistake.at-field', { field: mistake.field, mistake }))
    const all = told.reduceRight((others, first) => text('mistake.and', { first, others }))
    super(filled('registration.mistaken', { id, mistakes: all }))
    this.name = 'RegistrationMistakes'
    this.mistakes = mistakes
  }
}

/** `field` is a name of `RegistrationRequest`, with the place in it: `smtp.port`. Its message is the end of a sentence. */
export interface FieldMistake extends Sentence {
  field: string
}
