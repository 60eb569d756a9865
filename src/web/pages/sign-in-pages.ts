import type { Request } from 'express'
import express, { Router } from 'express'
import type { Log } from '../../base/log.ts'
import { allowOnly } from '../allow-only.ts'
import { HttpRefusal } from '../http-refusal.ts'
import type { Sessions } from '../sessions.ts'
import { checkCsrf } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { newLinkAdvice } from '../sign-in-links.ts'
import type { CountWrongSecret } from '../wrong-secret.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

/** Signing a browser in by a one-time link, and out again. */
export function createSignInPages({
  publicUrl,
  pages,
  sessions,
  signInLinks,
  countWrong,
  log,
}: {
  publicUrl: URL
  pages: PageSender
  sessions: Sessions
  signInLinks: SignInLinks
  countWrong: CountWrongSecret
  log: Log
}): Router {
  const router = Router()

  router
    .route('/sign-in/:token')
    // Looking at the link does not use it up: chat programs and virus scanners look at links.
    .get((request, response) => {
      if (!signInLinks.isUsable(request.params.token)) throw refusal(request, request.params.token)
      const body = html`<section>
<p>This link signs this browser in as the administrator of postern. It works once.</p>
<form method="post" action="${pages.path('sign-in', request.params.token)}"><button>Sign in</button></form>
</section>`
      pages.send(response, { title: 'Sign in', body })
    })
    .post((request, response) => {
      if (!signInLinks.redeem(request.params.token)) throw refusal(request, request.params.token)
      sessions.begin(response)
      log.info({}, 'an administrator signed in by a one-time link')
      response.redirect(303, pages.path())
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/sign-out')
    .post(express.urlencoded({ extended: false, limit: '64kb' }), (request, response) => {
      checkCsrf(sessions.require(request), request.body)
      sessions.end(request, response)
      const body = html`<section class="done"><p>This browser is signed out.</p></section>`
      pages.send(response, { title: 'Signed out', body })
    })
    .all(allowOnly('POST'))

  return router

  function refusal(request: Request, token: string): HttpRefusal {
    countWrong(request, token)
    return new HttpRefusal(404, 'This sign-in link is unknown, used already, or older than 15 minutes', {
      fix: newLinkAdvice(publicUrl),
    })
  }
}
