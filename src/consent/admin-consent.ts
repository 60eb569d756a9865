import { type Failure, failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { freshSecret } from '../credentials/credential.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { isOneTenant } from '../providers/registration.ts'
import type { AdminConsents, ConsentDeps } from './consent-service.ts'

type AdminConsentDeps = Pick<ConsentDeps, 'catalogue' | 'keyedHash' | 'passing' | 'clock' | 'log'> & {
  redirectUri: string
}

const lifeSeconds = 24 * 3_600

/**
 * Admin consent at Entra: an administrator consents for a whole tenant, for an app or for its
 * people. The provider's answer is only shown and logged.
 */
export function createAdminConsents(deps: AdminConsentDeps): AdminConsents {
  const { catalogue, keyedHash, passing, clock, log, redirectUri } = deps

  return {
    async begin(providerId) {
      const provider = catalogue.registered(providerId)
      const url = adminConsentUrl(provider)
      const state = freshSecret().reveal()
      await passing.put('admin-consent', keyedHash('consent', state), new Secret(providerId), lifeSeconds)
      url.searchParams.set('redirect_uri', redirectUri)
      url.searchParams.set('state', state)
      const expiresAt = new Date(clock.now() + lifeSeconds * 1000).toISOString()
      return { url: url.href, provider: provider.id, expiresAt }
    },

    async isOne(callback) {
      const key = keyOf(callback)
      return key !== undefined && (await passing.find('admin-consent', key)) !== undefined
    },

    async complete(callback) {
      const key = keyOf(callback)
      const providerId = key === undefined ? undefined : await passing.take('admin-consent', key)
      if (!providerId) throw failure('consent.none-under-way')
      const { name, id } = catalogue.registered(providerId.reveal())
      if (callback.searchParams.get('admin_consent')?.toLowerCase() !== 'true') throw refused(callback, name)
      const tenant = shown(callback.searchParams.get('tenant'))
      log.info({ event: 'consent.admin', provider: id, tenant }, 'An administrator consented for a tenant')
      return { providerName: name, ...(tenant !== undefined && { tenant }) }
    },
  }

  function keyOf(callback: URL): string | undefined {
    const [state = '', ...more] = callback.searchParams.getAll('state')
    return more.length === 0 && state !== '' ? keyedHash('consent', state) : undefined
  }
}

function adminConsentUrl({ name, oauth, registration }: RegisteredProvider): URL {
  if (oauth.adminConsentEndpoint === undefined) {
    throw failure('consent.no-admin-consent', { provider: name })
  }
  const { clientId, clientSecrets, certificate, tenant = '' } = registration
  const url = new URL(oauth.adminConsentEndpoint)
  // Personal accounts have no administrator.
  if (tenant.toLowerCase() === 'common')
    url.pathname = url.pathname.replace(/^\/common\//i, '/organizations/')
  const asApp = (clientSecrets.length > 0 || certificate) && isOneTenant(tenant)
  // What the registration lists; or what people consent to one by one.
  const scopes = asApp ? oauth.applicationScopes : oauth.mailScopes
  url.search = new URLSearchParams({ client_id: clientId, scope: scopes.join(' ') }).toString()
  return url
}

/**
 * `error_description` is untrusted text that anybody can put into a URL, so it is neither shown nor
 * logged.
 */
function refused(callback: URL, name: string): Failure {
  const error = callback.searchParams.get('error') ?? ''
  const what = /^[a-z0-9_]{1,60}$/.test(error) ? `: ${error}` : ''
  return failure('consent.admin-declined', { provider: name, reason: what })
}

function shown(tenant: string | null): string | undefined {
  return tenant !== null && /^[\w.-]{1,100}$/.test(tenant) ? tenant : undefined
}
