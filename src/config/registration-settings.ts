import { sampleCredentials } from '../providers/file/credentials.ts'
import { path } from './given-values.ts'
import {
  clientId,
  clientSecret,
  day,
  microsoftSecret,
  oneOf,
  optional,
  secret,
  setting,
  tenant,
} from './setting.ts'

// Refused when they are left in, so that a copied `.env.example` is noticed before a provider
// notices it.
const { microsoftClientId, googleClientId, clientSecret: sampleSecret } = sampleCredentials

/** The app registrations at Microsoft and Google; those elsewhere are in the providers file. */
export const registrationSettings = {
  microsoftClientId: optional(
    'POSTERN_MICROSOFT_CLIENT_ID',
    microsoftClientId,
    clientId,
    'The application (client) ID of the app registration in Microsoft Entra; not set by default.',
  ),
  microsoftClientSecret: secret(
    'POSTERN_MICROSOFT_CLIENT_SECRET',
    sampleSecret,
    microsoftSecret,
    'The value (not the ID) of its client secret; not set for a public client.',
  ),
  microsoftClientSecretExpires: optional(
    'POSTERN_MICROSOFT_CLIENT_SECRET_EXPIRES',
    '2027-11-30',
    day,
    'The day on which that secret ends, as Entra shows it: postern warns 30, 14, 7 and 1 days ahead; not set by default.',
  ),
  microsoftNextClientSecret: secret(
    'POSTERN_MICROSOFT_NEXT_CLIENT_SECRET',
    sampleSecret,
    microsoftSecret,
    'The secret that follows it: used as soon as the first one is refused, so that none fails in between; not set by default.',
  ),
  microsoftNextClientSecretExpires: optional(
    'POSTERN_MICROSOFT_NEXT_CLIENT_SECRET_EXPIRES',
    '2028-11-30',
    day,
    'The day on which that one ends; not set by default.',
  ),
  microsoftCertFile: optional(
    'POSTERN_MICROSOFT_CERT_FILE',
    './microsoft-app.pem',
    path,
    'A certificate of the registration, PEM, in place of client secrets; not set by default.',
  ),
  microsoftCertKeyFile: optional(
    'POSTERN_MICROSOFT_CERT_KEY_FILE',
    './microsoft-app-key.pem',
    path,
    'Its private key, PEM, without a passphrase: RSA or EC on P-256.',
  ),
  microsoftTenant: setting(
    'POSTERN_MICROSOFT_TENANT',
    'common',
    tenant,
    'The directory that people sign in to: common, organizations, consumers, a tenant ID or a domain.',
  ),
  microsoftCloud: setting(
    'POSTERN_MICROSOFT_CLOUD',
    'worldwide',
    oneOf('worldwide', 'gcc-high', 'dod', 'china'),
    'The cloud that the registration is in: worldwide (also GCC), gcc-high, dod or china (21Vianet).',
  ),
  googleClientId: optional(
    'POSTERN_GOOGLE_CLIENT_ID',
    googleClientId,
    clientId,
    'The client ID of the OAuth client in the Google Cloud console; not set by default.',
  ),
  googleClientSecret: secret(
    'POSTERN_GOOGLE_CLIENT_SECRET',
    sampleSecret,
    clientSecret,
    'Its client secret.',
  ),
  googleNextClientSecret: secret(
    'POSTERN_GOOGLE_NEXT_CLIENT_SECRET',
    sampleSecret,
    clientSecret,
    'The secret that follows it, used as soon as the first one is refused; not set by default.',
  ),
  googleTesting: setting(
    'POSTERN_GOOGLE_TESTING',
    'no',
    oneOf('yes', 'no'),
    'yes while the publishing status of the consent screen is "Testing": Google ends each grant after 7 days then, and postern warns.',
  ),
  googleServiceAccountFile: optional(
    'POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE',
    './google-service-account.json',
    path,
    'The JSON key file of a service account that a Workspace has delegated its domain to (provider "google-service-account"); not set by default.',
  ),
}
