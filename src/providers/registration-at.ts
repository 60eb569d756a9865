import type { Config, MicrosoftCloud } from '../config/config.ts'
import { personalTenant } from './presets/microsoft.ts'
import type { Registration } from './provider.ts'

type Registrations = Config['registrations']

/** The registration that the settings have for a preset, or one imperative sentence that says what to set. */
export interface RegistrationOrFix {
  registration?: Registration
  fix: string
}

/** Which setting registers which preset. */
export function registrationAt(id: string, registrations: Registrations): RegistrationOrFix {
  const cloud = microsoftClouds.get(id)
  if (cloud) return microsoftAt(cloud, registrations)
  switch (id) {
    case 'outlook':
      return outlookOf(registrations)
    case 'microsoft-hve':
      return highVolumeOf(registrations)
    case 'google':
      return googleOf(registrations)
    case 'google-service-account':
      return serviceAccountOf(registrations)
    default:
      return {
        fix: `Give it a client id in POSTERN_PROVIDERS_FILE, in an entry with "preset": "${id}", and restart.`,
      }
  }
}

/** The presets of Microsoft 365 and the clouds that they are in. */
export const microsoftClouds: ReadonlyMap<string, MicrosoftCloud> = new Map([
  ['microsoft', 'worldwide'],
  ['microsoft-gcc-high', 'gcc-high'],
  ['microsoft-dod', 'dod'],
  ['microsoft-china', 'china'],
])

const microsoftFix =
  'Set POSTERN_MICROSOFT_CLIENT_ID (with POSTERN_MICROSOFT_CLIENT_SECRET for a confidential client, and POSTERN_MICROSOFT_TENANT for one organisation), and restart.'

function microsoftAt(cloud: MicrosoftCloud, { microsoft }: Registrations): RegistrationOrFix {
  if (microsoft?.cloud === cloud) return { registration: microsoft, fix: '' }
  if (cloud === 'worldwide' && !microsoft) return { fix: microsoftFix }
  if (cloud === 'worldwide')
    return {
      fix: 'Set POSTERN_MICROSOFT_CLOUD to worldwide, with a registration of that cloud, and restart.',
    }
  return {
    fix: `Set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (its GUID) and POSTERN_MICROSOFT_CLOUD=${cloud}, and restart.`,
  }
}

/** A registration of one organisation knows no personal accounts. */
function outlookOf({ microsoft }: Registrations): RegistrationOrFix {
  if (microsoft?.cloud !== 'worldwide') return { fix: microsoftFix }
  if (['common', 'consumers'].includes(microsoft.tenant)) return { registration: microsoft, fix: '' }
  return { fix: 'Set POSTERN_MICROSOFT_TENANT to common or consumers, and restart.' }
}

/** Nobody signs in there: the app needs something to authenticate with, and one organisation. */
function highVolumeOf({ microsoft }: Registrations): RegistrationOrFix {
  const authenticates = microsoft && (microsoft.clientSecrets.length > 0 || microsoft.certificate)
  if (microsoft?.cloud === 'worldwide' && authenticates && !severalTenants.includes(microsoft.tenant))
    return { registration: microsoft, fix: '' }
  return {
    fix: 'Set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (one organisation) and POSTERN_MICROSOFT_CLIENT_SECRET or POSTERN_MICROSOFT_CERT_FILE, and restart.',
  }
}

/** Names that stand for many organisations or none. */
const severalTenants: readonly string[] = ['common', 'organizations', 'consumers', personalTenant]

/** Whether a name at Microsoft stands for one organisation. */
export function isOneTenant(tenant: string): boolean {
  return !severalTenants.includes(tenant.toLowerCase())
}

function googleOf({ google }: Registrations): RegistrationOrFix {
  const fix = 'Set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.'
  if (!google) return { fix }
  const { testing, ...registration } = google
  // Google's rule for the publishing status "Testing".
  return { registration: { ...registration, ...(testing && { grantsEndAfterDays: 7 }) }, fix }
}

function serviceAccountOf({ googleServiceAccount: serviceAccount }: Registrations): RegistrationOrFix {
  const fix = "Set POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE to the service account's key file, and restart."
  if (!serviceAccount) return { fix }
  return { registration: { clientId: serviceAccount.clientId, clientSecrets: [], serviceAccount }, fix }
}
