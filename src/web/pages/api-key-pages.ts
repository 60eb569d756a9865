import type { RequestHandler, Response } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer } from '../http-refusal.ts'
import { checkChange, type Session, type Sessions } from '../sessions.ts'
import type { WebServices } from '../web-services.ts'
import { apiKeyList, apiKeyRequestOf, newApiKeyForm } from './api-key-list-page.ts'
import { type Fields, fieldsOf } from './form-fields.ts'
import { html } from './html.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'

export interface ApiKeyPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'apiKeys'>
  sessions: Sessions
  pages: PageSender
}

/** The administrator's pages about API keys. */
export function createApiKeyPages({ services, sessions, pages }: ApiKeyPagesParts): Router {
  const { mailboxes, apiKeys } = services
  const router = Router()
  const readForm: RequestHandler = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/api-keys')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      pages.send(response, { title: 'API keys', body: await body(session, {}), session })
    })
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      await make(response, session, fieldsOf(request.body))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/api-keys/:id/revoke')
    .post(readForm, async (request, response) => {
      checkChange(await sessions.require(request), request.body)
      await apiKeys.revoke(String(request.params.id))
      response.redirect(303, pages.path('api-keys'))
    })
    .all(allowOnly('POST'))

  return router

  async function body(session: Session, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return html`${session.role === 'administrator' && newApiKeyForm({ mailboxes: addresses, filled, session, pages })}
${apiKeyList({ apiKeys: await apiKeys.list(), session, pages })}`
  }

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function make(response: Response, session: Session, filled: Fields): Promise<void> {
    try {
      const { apiKey, key } = await apiKeys.add(apiKeyRequestOf(filled))
      const made = html`<section class="done">
<p>The key for <strong>${apiKey.name}</strong>, which may: ${apiKey.scopes.join(', ')}</p>
<p><code data-copy>${key.reveal()}</code></p>
<p>It is shown this once. <a href="${pages.path('api-keys')}">Back to the API keys</a></p>
</section>`
      pages.send(response, { title: 'An API key', body: made, session, copying: true }, 201)
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'internal') throw error
      const answer = errorAnswer(error)
      const again = html`${mistakeSection(answer)}${await body(session, filled)}`
      pages.send(response, { title: 'API keys', body: again, session }, answer.status)
    }
  }
}
