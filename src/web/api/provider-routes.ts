import type { Catalogue } from '../../providers/provider.ts'
import { providerDetails, providerList } from '../../providers/provider-status.ts'
import type { RegistrationChecks } from '../../providers/registration-checks.ts'
import type { ApiRoute } from './api-route.ts'

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
    {
      method: 'GET',
      path: '/providers',
      needs: 'read',
      answer: () => ({ body: { providers: providerList(catalogue) } }),
    },
    {
      method: 'GET',
      path: '/providers/:id',
      needs: 'read',
      answer: ({ param }) => ({ body: providerDetails(catalogue, param('id'), { redirectUri }) }),
    },
    {
      method: 'POST',
      path: '/providers/:id/checks',
      needs: 'admin',
      answer: async ({ param }) => ({ body: await registrationChecks.check(param('id')) }),
    },
  ]
}
