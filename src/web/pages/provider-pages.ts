import { Router } from 'express'
import { providerDetails } from '../../providers/provider-status.ts'
import { allowOnly } from '../allow-only.ts'
import type { WebServices } from '../web-services.ts'
import type { PageContexts } from './page-context.ts'
import { providerPage } from './provider-page.ts'

export interface ProviderPagesParts {
  services: Pick<WebServices, 'catalogue'>
  contexts: PageContexts
  redirectUri: string
}

/** The pages about providers, and how an app is registered there. */
export function createProviderPages({ services, contexts, redirectUri }: ProviderPagesParts): Router {
  const router = Router()

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

  return router
}
