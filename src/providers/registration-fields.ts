import { X509Certificate } from 'node:crypto'
import { printable } from '../base/text.ts'
import { text } from '../failures/texts.ts'
import { mistakesOf } from './file/providers-file-mistakes.ts'
import { entrySchema } from './file/providers-file-schema.ts'
import { presetIds } from './presets/presets.ts'
import { dayOf } from './registration.ts'
import {
  type FieldMistake,
  type NewClientSecret,
  type RegistrationChanges,
  RegistrationMistakes,
  type RegistrationRequest,
} from './registrations.ts'
import {
  asFileEntry,
  fieldOf,
  providerIn,
  type StoredEntry,
  type StoredSecret,
  shownProxy,
} from './stored-entry.ts'

/*
 * What is given for a registration becomes what is kept of it, checked as an entry of the providers
 * file is. Loaded with the first change: zod is not for starts.
 */

/** What is kept of a new one. */
export function newEntry(
  id: string,
  { clientSecrets, certificate, serviceAccount, ...fields }: RegistrationRequest,
  today: string,
): StoredEntry {
  const preset = fields.preset ?? (presetIds.includes(id) ? id : undefined)
  return withoutAbsent({
    ...fields,
    preset,
    clientSecrets: clientSecrets && kept(clientSecrets, today),
    ...(certificate && { certificate: certificate.certificate, certificateKey: certificate.key.reveal() }),
    serviceAccount: serviceAccount?.reveal(),
  })
}

/**
 * What is kept of one that is changed.
 * @throws RegistrationMistakes
 */
export function changedEntry(
  id: string,
  before: StoredEntry,
  {
    clientSecrets,
    addClientSecret,
    removeClientSecret,
    certificate,
    serviceAccount,
    proxy,
    ...fields
  }: RegistrationChanges,
  today: string,
): StoredEntry {
  const secrets =
    clientSecrets === undefined ? (before.clientSecrets ?? []) : kept(clientSecrets ?? [], today)
  if (removeClientSecret !== undefined && !secrets[removeClientSecret - 1])
    throw new RegistrationMistakes(id, [{ field: 'removeClientSecret', ...text('mistake.no-such-secret') }])
  const left = secrets.filter((_, index) => index + 1 !== removeClientSecret)
  const all = addClientSecret ? [...left, ...kept([addClientSecret], today)] : left
  const isOther =
    certificate !== undefined ||
    (['preset', 'tenant', 'clientId'] as const).some(
      (name) => fields[name] !== undefined && fields[name] !== before[name],
    )
  return withoutAbsent({
    ...before,
    ...fields,
    // Whoever gives another certificate, or names another app, looks after it from now on.
    ...(isOther && { ownCertificate: undefined }),
    clientSecrets: all.length > 0 ? all : undefined,
    ...(certificate !== undefined && {
      certificate: certificate?.certificate,
      certificateKey: certificate?.key.reveal(),
    }),
    ...(serviceAccount !== undefined && { serviceAccount: serviceAccount?.reveal() }),
    // A form gives back what it was shown, without the password.
    ...(proxy !== undefined && proxy !== shownProxy(before.proxy) && { proxy }),
  })
}

/**
 * @param given the certificate, where there is another one: it must not have ended
 * @throws RegistrationMistakes with every mistake
 */
export function checkEntry(
  id: string,
  entry: StoredEntry,
  given?: { certificate: string; now: number },
): void {
  const parsed = entrySchema.safeParse(asFileEntry(id, entry))
  const mistakes: FieldMistake[] = parsed.success
    ? [...providerIn(entry, parsed.data).mistakes]
    : parsed.error.issues
        .flatMap(mistakesOf)
        .map(({ place, mistake }) => ({ field: fieldOf(place), ...mistake }))
  if (entry.preset === 'google-service-account' && entry.serviceAccount === undefined)
    mistakes.push({ field: 'serviceAccount', ...text('mistake.missing') })
  const isReadable = mistakes.every(({ field }) => field !== 'certificate')
  const end = given && isReadable ? endOf(given.certificate) : undefined
  if (end !== undefined && end <= (given?.now ?? 0))
    mistakes.push({ field: 'certificate', ...text('mistake.certificate-ended', { day: dayOf(end) }) })
  if (mistakes.length > 0) throw new RegistrationMistakes(printable(id), mistakes)
}

/** Undefined for what is no certificate: another mistake says so. */
function endOf(certificate: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(certificate).validTo)
  } catch {
    return undefined
  }
}

function kept(secrets: readonly NewClientSecret[], today: string): StoredSecret[] {
  return secrets.map(({ value, expires }) => ({
    value: value.reveal(),
    ...(expires !== undefined && { expires }),
    added: today,
  }))
}

/** Of JSON from outside, null takes a field away. */
function withoutAbsent(
  entry: { [Name in keyof StoredEntry]: StoredEntry[Name] | null | undefined },
): StoredEntry {
  const given = Object.entries(entry).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(given) as StoredEntry
}
