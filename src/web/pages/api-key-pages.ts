import type { Response, Router } from 'express'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import type { WebServices } from '../web-services.ts'
import { apiKeyList, apiKeyRequestOf, madeApiKey, newApiKeyForm } from './api-key-list-page.ts'
import { type Fields, fieldsOf, readForm } from './form-fields.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import { mayChange, type PageContext, type PageContexts } from './page-context.ts'

export interface ApiKeyPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'apiKeys'>
  contexts: PageContexts
}

/** The pages about API keys. */
export function createApiKeyPages({ services, contexts }: ApiKeyPagesParts): Router {
  const { mailboxes, apiKeys } = services
  const router = exactRouter()

  router
    .route('/api-keys')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`API keys`, body: await body(context, {}), session })
    })
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/api-keys/:id/revoke')
    .post(readForm, async (request, response) => {
      const { pages, by } = await contexts.toChange(request)
      await apiKeys.revoke(String(request.params.id), by)
      response.redirect(303, pages.path('api-keys'))
    })
    .all(allowOnly('POST'))

  return router

  async function body(context: PageContext, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return html`${mayChange(context) && newApiKeyForm(addresses, filled, context)}
${apiKeyList(await apiKeys.list(), context)}`
  }

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function make(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const made = madeApiKey(await apiKeys.add(apiKeyRequestOf(filled), context.by), context)
      pages.send(response, { title: t`An API key`, body: made, session, copying: true }, 201)
    } catch (error) {
      const refusal = refusalOf(error)
      const again = html`${mistakeSection(refusal, t)}${await body(context, filled)}`
      pages.send(response, { title: t`API keys`, body: again, session }, refusal.status)
    }
  }
}
