import type { Router } from 'express'
import { providerDetails } from '../../providers/provider-status.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import type { WebServices } from '../web-services.ts'
import { readForm } from './form-fields.ts'
import type { PageContexts } from './page-context.ts'
import { providerPage } from './provider-page.ts'
import { registrationCheckPage } from './registration-check-page.ts'

export interface ProviderPagesParts {
  services: Pick<WebServices, 'catalogue' | 'registrationChecks'>
  contexts: PageContexts
  redirectUri: string
}

/** The pages about providers, and how an app is registered there. */
export function createProviderPages({ services, contexts, redirectUri }: ProviderPagesParts): Router {
  const router = exactRouter()

  router
    .route('/providers/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { session, pages } = context
      const details = providerDetails(services.catalogue, request.params.id, { redirectUri })
      pages.send(response, {
        title: details.name,
        body: providerPage(details, context),
        session,
        copying: true,
      })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/providers/:id/check')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { session, pages, t } = context
      const check = await services.registrationChecks.check(request.params.id)
      const details = providerDetails(services.catalogue, request.params.id, { redirectUri })
      pages.send(response, {
        title: t`Check of ${details.name}`,
        body: registrationCheckPage(check, context),
        session,
      })
    })
    .all(allowOnly('POST'))

  return router
}
