import { readClientCertificate, readServiceAccount } from '../providers/file/credentials.ts'
import type {
  BuiltInRegistrations,
  ClientCertificate,
  ClientSecret,
  ServiceAccount,
} from '../providers/settings.ts'
import { type Files, readText } from './files.ts'
import { settings, type Values } from './settings.ts'

/** What the files of registrations hold, and every mistake in them as a sentence. */
export interface RegistrationFiles {
  certificate?: ClientCertificate
  serviceAccount?: ServiceAccount
  mistakes: readonly string[]
}

export function readRegistrationFiles(values: Partial<Values>, files: Files): RegistrationFiles {
  const certificate = readCertificate(values, files)
  const account = readAccount(values, files)
  return {
    ...('certificate' in certificate && { certificate: certificate.certificate }),
    ...('account' in account && { serviceAccount: account.account }),
    mistakes: [...mistakeOf(certificate), ...mistakeOf(account)],
  }
}

function mistakeOf(reading: object): string[] {
  return 'mistake' in reading ? [String(reading.mistake)] : []
}

function readCertificate(
  { microsoftCertFile, microsoftCertKeyFile }: Partial<Values>,
  files: Files,
): { certificate: ClientCertificate } | { mistake: string } | object {
  if (microsoftCertFile === undefined || microsoftCertKeyFile === undefined) return {}
  const said = {
    cert: `${settings.microsoftCertFile.name} (${microsoftCertFile})`,
    key: `${settings.microsoftCertKeyFile.name} (${microsoftCertKeyFile})`,
  }
  const [cert, key] = [readText(microsoftCertFile, files), readText(microsoftCertKeyFile, files)]
  if ('why' in cert) return { mistake: `${said.cert} cannot be read: ${cert.why}.` }
  if ('why' in key) return { mistake: `${said.key} cannot be read: ${key.why}.` }
  const reading = readClientCertificate(cert.text, key.text)
  return 'mistake' in reading ? { mistake: `${said[reading.of]} ${reading.mistake.message}.` } : reading
}

function readAccount(
  { googleServiceAccountFile: path }: Partial<Values>,
  files: Files,
): { account: ServiceAccount } | { mistake: string } | object {
  if (path === undefined) return {}
  const said = `${settings.googleServiceAccountFile.name} (${path})`
  const text = readText(path, files)
  if ('why' in text) return { mistake: `${said} cannot be read: ${text.why}.` }
  const reading = readServiceAccount(text.text)
  return 'mistake' in reading ? { mistake: `${said} ${reading.mistake.message}.` } : reading
}

/** The registrations that the settings have. */
export function toRegistrations(
  values: Values,
  { certificate, serviceAccount }: RegistrationFiles,
): BuiltInRegistrations {
  const { microsoftClientId, microsoftTenant, microsoftCloud, googleClientId, googleTesting } = values
  return {
    ...(microsoftClientId !== undefined && {
      microsoft: {
        cloud: microsoftCloud,
        clientId: microsoftClientId,
        clientSecrets: [
          ...secretOf(values.microsoftClientSecret, values.microsoftClientSecretExpires),
          ...secretOf(values.microsoftNextClientSecret, values.microsoftNextClientSecretExpires),
        ],
        ...(certificate && { certificate }),
        tenant: microsoftTenant,
      },
    }),
    ...(googleClientId !== undefined && {
      google: {
        clientId: googleClientId,
        clientSecrets: [...secretOf(values.googleClientSecret), ...secretOf(values.googleNextClientSecret)],
        testing: googleTesting === 'yes',
      },
    }),
    ...(serviceAccount && { googleServiceAccount: serviceAccount }),
  }
}

function secretOf(value: ClientSecret['value'] | undefined, expires?: Date): ClientSecret[] {
  if (!value) return []
  return [{ value, ...(expires && { expiresAt: expires.getTime() }) }]
}
