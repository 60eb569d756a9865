import type { Request } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../mailboxes/services.ts'
import type { PageRole } from '../../store/ports.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer, HttpRefusal } from '../http-refusal.ts'
import type { Sessions } from '../sessions.ts'
import { checkCsrf } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { newLinkAdvice } from '../sign-in-links.ts'
import type { CountWrongSecret } from '../wrong-secret.ts'
import { fieldsOf, one } from './form-fields.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'

export interface SignInPagesParts {
  publicUrl: URL
  pages: PageSender
  sessions: Sessions
  pagePasswords: PagePasswords
  signInLinks: SignInLinks
  countWrong: CountWrongSecret
  log: Log
}

const whom: Record<PageRole, string> = {
  administrator: 'the administrator of postern',
  viewer: 'a viewer, who sees the pages and changes nothing',
}

/** Signing a browser in, by a one-time link or a password, and out again. */
export function createSignInPages(parts: SignInPagesParts): Router {
  const { publicUrl, pages, sessions, pagePasswords, signInLinks, countWrong, log } = parts
  const router = Router()
  const readForm = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/sign-in')
    .get((_request, response) => {
      pages.send(response, { title: 'Sign in', body: passwordForm() })
    })
    .post(readForm, async (request, response) => {
      const fields = fieldsOf(request.body)
      const [name, password] = [one(fields, 'name') ?? '', new Secret(one(fields, 'password') ?? '')]
      try {
        const role = await pagePasswords.check(name, password, request.socket.remoteAddress ?? '')
        await sessions.begin(request, response, { role, means: 'password' })
        log.info({ event: 'page.signed-in', role, means: 'password' }, 'a browser signed in')
        response.redirect(303, pages.path())
      } catch (error) {
        if (!(error instanceof Failure) || error.code === 'internal') throw error
        const answer = errorAnswer(error)
        response.set(answer.headers)
        const body = html`${mistakeSection(answer)}${passwordForm()}`
        pages.send(response, { title: 'Sign in', body }, answer.status)
      }
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/sign-in/:token')
    // Looking at the link does not use it up: chat programs and virus scanners look at links.
    .get((request, response) => {
      const role = signInLinks.roleOf(request.params.token)
      if (!role) throw refusal(request, request.params.token)
      const body = html`<section>
<p>This link signs this browser in as ${whom[role]}. It works once.</p>
<form method="post" action="${pages.path('sign-in', request.params.token)}"><button>Sign in</button></form>
</section>`
      pages.send(response, { title: 'Sign in', body })
    })
    .post(async (request, response) => {
      const role = signInLinks.redeem(request.params.token)
      if (!role) throw refusal(request, request.params.token)
      await sessions.begin(request, response, { role, means: 'link' })
      log.info({ event: 'page.signed-in', role, means: 'link' }, 'a browser signed in by a one-time link')
      // The first time there is something to set; who looks only comes by links, or by the password that an administrator gives.
      const isNew = role === 'administrator' && !(await pagePasswords.isSet(role))
      response.redirect(303, isNew ? pages.path('account') : pages.path())
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/sign-out')
    .post(readForm, async (request, response) => {
      checkCsrf(await sessions.require(request), request.body)
      await sessions.end(request, response)
      const body = html`<section class="done"><p>This browser is signed out.</p></section>`
      pages.send(response, { title: 'Signed out', body })
    })
    .all(allowOnly('POST'))

  return router

  function passwordForm(): Html {
    return html`<form method="post" action="${pages.path('sign-in')}">
<section>
<label>As <select name="name"><option value="administrator">administrator</option><option value="viewer">viewer</option></select></label>
<label>Password <input type="password" name="password" required autocomplete="current-password"></label>
<button>Sign in</button>
</section>
<p class="soft">No password yet, or forgotten? ${newLinkAdvice(publicUrl)}</p>
</form>`
  }

  function refusal(request: Request, token: string): HttpRefusal {
    countWrong(request, token)
    return new HttpRefusal(404, 'This sign-in link is unknown, used already, or older than 15 minutes', {
      fix: newLinkAdvice(publicUrl),
    })
  }
}
