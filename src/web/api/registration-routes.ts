import type { Catalogue } from '../../providers/provider.ts'
import { providerDetails, providerList } from '../../providers/provider-status.ts'
import type { RegistrationChecks } from '../../providers/registration-checks.ts'
import type { Registrations } from '../../providers/registrations.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiRoute, route } from './api-route.ts'

export function providerRoutes({
  catalogue,
  registrationChecks,
  redirectUri,
}: {
  catalogue: Catalogue
  registrationChecks: RegistrationChecks
  redirectUri: string
}): ApiRoute[] {
  return [
    route('GET /providers', () => ({ body: { providers: providerList(catalogue) } })),
    route('GET /providers/:id', ({ param }) => ({
      body: providerDetails(catalogue, param('id'), { redirectUri }),
    })),
    route('POST /providers/:id/checks', async ({ param }) => ({
      body: await registrationChecks.check(param('id')),
    })),
  ]
}

/** The certificate that postern makes itself. */
export function certificateRoutes(certificates: WebServices['ownCertificates']): ApiRoute[] {
  return [
    route('GET /registrations/:id/certificate', async ({ param }) => ({
      body: await certificates.show(param('id')),
    })),
    route('POST /registrations/:id/certificate', async ({ param, body, by }) => ({
      body: await certificates.make(param('id'), body, by),
    })),
    route('POST /registrations/:id/certificate/tries', async ({ param }) => ({
      body: await certificates.tryNow(param('id')),
    })),
  ]
}

/** App registrations. Whether one makes sense the service knows, which names every mistake with its member. */
export function registrationRoutes(registrations: Registrations): ApiRoute[] {
  return [
    route('GET /registrations', async () => ({ body: { registrations: await registrations.list() } })),
    route('POST /registrations', async ({ body, by }) => {
      const added = await registrations.add(body, by)
      return { body: added, location: `/registrations/${added.id}` }
    }),
    route('GET /registrations/:id', async ({ param }) => ({ body: await registrations.show(param('id')) })),
    route('PATCH /registrations/:id', async ({ param, body, by }) => ({
      body: await registrations.set(param('id'), body, by),
    })),
    route('DELETE /registrations/:id', async ({ param, query, by }) => ({
      body: await registrations.remove(param('id'), { force: query.force === 'true' }, by),
    })),
    route('POST /registrations/:id/check', async ({ param }) => ({
      body: await registrations.check(param('id')),
    })),
  ]
}
