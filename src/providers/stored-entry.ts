import type { Sentence } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { text } from '../failures/texts.ts'
import type { StoredRegistration } from '../model/registration.ts'
import { readClientCertificate } from './file/credentials.ts'
import type { ProviderEntry } from './file/providers-file-schema.ts'
import { resolveEntry } from './file/resolve-entry.ts'
import type { OwnCertificate } from './own-certificates.ts'
import type { FieldMistake, RegistrationFields } from './registrations.ts'
import type { CustomProvider } from './settings.ts'

/**
 * What the sealed content of a stored registration says: the fields of an entry of the providers
 * file, and what such an entry has in files.
 */
export interface StoredEntry extends RegistrationFields {
  clientSecrets?: readonly StoredSecret[]
  /** PEM, as `certificateKey`. */
  certificate?: string
  certificateKey?: string
  /** What postern keeps of the certificates that it makes itself, keys among it. */
  ownCertificate?: OwnCertificate
  /** JSON. */
  serviceAccount?: string
}

export interface StoredSecret {
  value: string
  /** A day. */
  expires?: string
  /** The day on which it was added. */
  added?: string
}

export function sealable(entry: StoredEntry): Secret {
  return new Secret(JSON.stringify(entry))
}

/** Whatever is sealed was checked before: it is read without zod, whose loading takes longer than the rest of a start. */
export function entryIn({ content }: Pick<StoredRegistration, 'content'>): StoredEntry {
  return JSON.parse(content.reveal()) as StoredEntry
}

const [certificateFile, certificateKeyFile, serviceAccountFile] = ['certificate', 'key', 'service account']

/** As an entry of the providers file, whose files are `textOf` it. */
export function asFileEntry(id: string, entry: StoredEntry): Record<string, unknown> {
  const { certificate, certificateKey, ownCertificate: _, serviceAccount, clientSecrets, ...fields } = entry
  return {
    ...fields,
    id,
    ...(clientSecrets && {
      clientSecrets: clientSecrets.map(({ value, expires }) => ({
        value,
        ...(expires !== undefined && { expires }),
      })),
    }),
    ...(certificate !== undefined && { certificateFile }),
    ...(certificateKey !== undefined && { certificateKeyFile }),
    ...(serviceAccount !== undefined && { serviceAccountFile }),
  }
}

/** The provider that it describes, and what is wrong with its credentials. */
export function providerIn(
  entry: StoredEntry,
  asFile: ProviderEntry,
): { provider: CustomProvider; mistakes: readonly FieldMistake[] } {
  const texts: Record<string, string | undefined> = {
    [certificateFile]: entry.certificate,
    [certificateKeyFile]: entry.certificateKey,
    [serviceAccountFile]: entry.serviceAccount,
  }
  const mistakes: FieldMistake[] = []
  const provider = resolveEntry(asFile, {
    read: (name) => texts[name] ?? '',
    report: (place, mistake) => mistakes.push({ field: fieldOf(place), ...withoutFile(mistake) }),
  })
  return { provider: { ...provider, ...ownOf(entry) }, mistakes }
}

function ownOf({
  ownCertificate: own,
}: StoredEntry): Pick<CustomProvider, 'spareCertificate' | 'ownCertificate'> {
  if (!own) return {}
  const { old, next, refused } = own
  const spare = old && readClientCertificate(old.certificate, old.key)
  return {
    ...(spare && 'certificate' in spare && { spareCertificate: spare.certificate }),
    ownCertificate: { underway: old !== undefined || next !== undefined, refused: refused !== undefined },
  }
}

const fieldsOfFiles: Readonly<Record<string, string>> = {
  certificateFile: 'certificate',
  certificateKeyFile: 'certificateKey',
  serviceAccountFile: 'serviceAccount',
}

/** The name of what the providers file has in files. */
export function fieldOf(place: string): string {
  return fieldsOfFiles[place] ?? place.replace(/^(clientSecrets\[\d+\])\.value$/, '$1')
}

/** A providers file names the file that is empty. */
function withoutFile(mistake: Sentence): Sentence {
  return mistake.id === 'mistake.file-empty' ? text('mistake.empty') : mistake
}

/** The address of a proxy without the password in it. */
export function shownProxy(proxy: string | undefined): string | undefined {
  return proxy?.replace(/(:\/\/[^/:@]*):[^@]*@/, '$1@')
}
