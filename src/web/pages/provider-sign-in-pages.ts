import type { Request, Response, Router } from 'express'
import type { Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PageSignIns } from '../../consent/service.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import { errorAnswer } from '../http-refusal.ts'
import type { Sessions } from '../sessions.ts'
import { sourceKey } from '../source-key.ts'
import { phrasesFor } from '../texts/phrases.ts'
import type { ConsentCookie } from './consent-cookie.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'
import { takeToProvider } from './take-to-provider.ts'

export interface ProviderSignInParts {
  signIns: PageSignIns
  sessions: Sessions
  cookie: ConsentCookie
  pages: PageSender
}

/** Sends a browser to the provider at which its person signs in to these pages. */
export function createProviderSignInPages({ signIns, sessions, cookie, pages }: ProviderSignInParts): Router {
  const router = exactRouter()

  router
    .route('/sign-in/with/:provider')
    .post(async (request, response) => {
      const t = phrasesFor(request)
      const browser = cookie.ensure(request, response)
      const begun = boundTo(browser, await sessions.generation())
      const { authorizationUrl, providerName } = await signIns.begin(request.params.provider, begun)
      takeToProvider(response, pages, t, { authorizationUrl, providerName })
    })
    .all(allowOnly('POST'))

  return router
}

/** What a sign-in under way belongs to: the browser that began it, until somebody sets a new password. */
function boundTo(browser: Secret, generation: string): Secret {
  return new Secret(`${browser.reveal()}.${generation}`)
}

/** Answers the callback of such a sign-in. */
export type CompleteSignIn = (request: Request, response: Response, callback: URL) => Promise<void>

export function createSignInCompletion({
  signIns,
  cookie,
  sessions,
  pages,
  publicUrl,
  log,
}: ProviderSignInParts & { publicUrl: URL; log: Log }): CompleteSignIn {
  return async (request, response, callback) => {
    const t = phrasesFor(request)
    const source = sourceKey(request)
    const browser = cookie.of(request)
    try {
      const generation = await sessions.generation()
      const { role, person, provider, account } = await signIns.complete(
        callback,
        browser && boundTo(browser, generation),
      )
      await sessions.begin(request, response, { role, means: 'provider', person, provider }, generation)
      const fields = {
        event: 'page.signed-in',
        by: person,
        role,
        means: 'provider',
        provider,
        account,
        source,
      }
      log.info(fields, 'a browser signed in at a provider')
      // Not a redirect: the provider's site began this navigation, and a cookie that is `SameSite=Strict` would not go along.
      const home = new URL(publicUrl.href.replace(/\/?$/, '/'))
      const body = html`<section class="done">
<p><a class="button" href="${home.href}">${t`Continue`}</a></p>
</section>`
      pages.send(response, { title: t`Signed in as ${person}`, body, forwardTo: home })
    } catch (error) {
      const answer = errorAnswer(error)
      if (answer.failure.code === 'internal') throw error
      const { message: refusal } = answer.failure
      log.warn({ event: 'page.sign-in-refused', source, refusal }, 'A sign-in at a provider was refused')
      const wayOn = html`<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>`
      pages.send(response, { title: t`Not signed in`, body: mistakeSection(answer, t, wayOn) }, answer.status)
    }
  }
}
