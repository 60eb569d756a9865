import { X509Certificate } from 'node:crypto'
import { byId, type Failure } from '../base/failure.ts'
import type { KeptRegistration } from '../model/registration.ts'
import type { CatalogueEntry } from './catalogue.ts'
import { customProvider } from './custom.ts'
import type { RegisteredProvider } from './provider.ts'
import { dayOf } from './registration.ts'
import type { CertificateStatus, RegistrationFields, RegistrationStatus } from './registrations.ts'
import type { CustomProvider } from './settings.ts'
import { type StoredEntry, shownProxy } from './stored-entry.ts'

/*
 * Registrations as pages, API and command see them: everything but their secrets.
 */

/** A registration of the store, read. */
export interface ReadRegistration
  extends Pick<KeptRegistration, 'id' | 'revision' | 'createdAt' | 'changedAt'> {
  entry?: StoredEntry
  provider?: CustomProvider
  trouble?: Failure
}

/** One that is in use. */
export function statusInUse(
  { registered, setting, entry }: CatalogueEntry & { registered: RegisteredProvider },
  stored: ReadRegistration | undefined,
  mailboxes: number,
): RegistrationStatus {
  const { source = 'settings' } = registered
  const kept = source === 'stored' ? stored : undefined
  return {
    ...shownProvider(registered, kept?.entry),
    source,
    ...(setting !== undefined && { setting }),
    fields: kept?.entry ? shownFields(kept.entry) : fieldsOf(registered, entry),
    mailboxes,
    ...(kept && timesOf(kept)),
  }
}

/** A stored one that the settings hide, or that cannot be used. */
export function statusOfUnused(
  read: ReadRegistration,
  hiddenBy: string | undefined,
  mailboxes: number,
): RegistrationStatus {
  const { id, entry, provider, trouble } = read
  const shown = provider && customProvider(provider, { source: 'stored' })
  const nothing = { id, name: id, authentication: 'none' as const, clientSecrets: [] }
  return {
    ...(shown ? shownProvider(shown, entry) : nothing),
    source: 'stored',
    ...(hiddenBy !== undefined && { hiddenBy }),
    ...(trouble && { trouble: troubleOf(trouble) }),
    fields: entry ? shownFields(entry) : {},
    mailboxes,
    ...timesOf(read),
  }
}

function troubleOf(trouble: Failure): NonNullable<RegistrationStatus['trouble']> {
  const { message, fix } = trouble
  return { ...byId(trouble), message, ...(fix !== undefined && { fix }) }
}

function shownProvider(
  { id, name, oauth, registration }: RegisteredProvider,
  stored: StoredEntry | undefined,
): Pick<
  RegistrationStatus,
  'id' | 'name' | 'authentication' | 'clientSecrets' | 'certificate' | 'serviceAccount'
> {
  const { clientSecrets, certificate, serviceAccount } = registration
  return {
    id,
    name,
    authentication: serviceAccount ? 'service-account' : oauth.clientAuthentication,
    clientSecrets: clientSecrets.map(({ expiresAt }, index) => {
      const added = stored?.clientSecrets?.[index]?.added
      return {
        place: index + 1,
        ...(expiresAt !== undefined && { expires: dayOf(expiresAt) }),
        ...(added !== undefined && { added }),
      }
    }),
    ...(certificate && {
      certificate: {
        thumbprint: certificate.thumbprint,
        expires: new Date(certificate.expiresAt).toISOString(),
        ...(stored?.certificate !== undefined && shownCertificate(stored.certificate)),
      },
    }),
    ...(serviceAccount && { serviceAccount: { email: serviceAccount.email, keyId: serviceAccount.keyId } }),
  }
}

function shownCertificate(pem: string): Pick<CertificateStatus, 'pem' | 'subject' | 'sha1'> {
  const { subject, fingerprint } = new X509Certificate(pem)
  return { pem, subject: subject.replaceAll('\n', ', '), sha1: fingerprint.replaceAll(':', '') }
}

/** Of one that is not stored. */
function fieldsOf(
  { id, registration }: RegisteredProvider,
  entry: CustomProvider | undefined,
): RegistrationFields {
  if (entry) {
    const { id: _id, clientSecrets: _s, certificate: _c, serviceAccount: _a, proxy, ...others } = entry
    const { spareCertificate: _p, ownCertificate: _o, ...fields } = others
    const shown = typeof proxy === 'object' ? proxy.origin : proxy
    return { ...fields, ...(shown !== undefined && { proxy: shown }) }
  }
  const { clientId, tenant, grantsEndAfterDays } = registration
  return {
    preset: id,
    clientId,
    ...(tenant !== undefined && { tenant }),
    ...(grantsEndAfterDays !== undefined && { grantsEndAfterDays }),
  }
}

function shownFields(entry: StoredEntry): RegistrationFields {
  const { clientSecrets: _s, certificate: _c, certificateKey: _k, serviceAccount: _a, ...others } = entry
  const { ownCertificate: _o, ...fields } = others
  const proxy = shownProxy(entry.proxy)
  return { ...fields, ...(proxy !== undefined && { proxy }) }
}

function timesOf({ createdAt, changedAt, revision }: ReadRegistration) {
  const [created, changed] = [createdAt, changedAt].map((time) => new Date(time).toISOString())
  return { ...(created && { createdAt: created }), ...(changed && { changedAt: changed }), revision }
}
