import type { MicrosoftCloud } from '../config/config.ts'
import type { Provider } from './provider.ts'
import { microsoftClouds } from './registration-at.ts'

/** What registers an app with postern: lines to copy, in which `your-…` is to be replaced. postern refuses what was left in. */
export interface SettingsToMake {
  /** For `.env`. */
  lines: readonly string[]
  /** Of the file that POSTERN_PROVIDERS_FILE names, where the provider is registered there. */
  file?: string
}

export function settingsToMake(provider: Provider): SettingsToMake {
  const { id } = provider
  const cloud = microsoftClouds.get(id)
  if (cloud) return { lines: microsoft(cloud, cloud === 'worldwide' ? 'your-tenant-id-or-domain' : guid) }
  switch (id) {
    case 'outlook':
      return { lines: ['POSTERN_MICROSOFT_CLIENT_ID=your-client-id', 'POSTERN_MICROSOFT_TENANT=consumers'] }
    case 'microsoft-hve':
      return { lines: microsoft('worldwide', guid) }
    case 'google':
      return {
        lines: ['POSTERN_GOOGLE_CLIENT_ID=your-client-id', 'POSTERN_GOOGLE_CLIENT_SECRET=your-client-secret'],
      }
    case 'google-service-account':
      return { lines: ['POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE=./google-service-account.json'] }
    default:
      return { lines: ['POSTERN_PROVIDERS_FILE=./providers.json'], file: entryFor(provider) }
  }
}

const guid = 'your-tenant-id'

function microsoft(cloud: MicrosoftCloud, tenant: string): string[] {
  return [
    'POSTERN_MICROSOFT_CLIENT_ID=your-client-id',
    'POSTERN_MICROSOFT_CLIENT_SECRET=your-client-secret',
    `POSTERN_MICROSOFT_TENANT=${tenant}`,
    ...(cloud === 'worldwide' ? [] : [`POSTERN_MICROSOFT_CLOUD=${cloud}`]),
  ]
}

function entryFor({ id, oauth }: Provider): string {
  const isPublic = oauth.clientAuthentication === 'none'
  const entry = {
    id,
    preset: id,
    clientId: 'your-client-id',
    ...(!isPublic && { clientSecretFile: './client-secret' }),
  }
  return JSON.stringify({ providers: [entry] }, undefined, 2)
}
