import type { Request, Router } from 'express'
import type { Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PageSignIns } from '../../consent/service.ts'
import type { PagePasswords } from '../../mailboxes/services.ts'
import type { PageRole } from '../../store/ports.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { goneSignal } from '../gone.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { HttpRefusal } from '../http-refusal.ts'
import type { KnownBrowsers } from '../known-browsers.ts'
import type { Sessions } from '../sessions.ts'
import { checkCsrf } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { newLinkAdvice } from '../sign-in-links.ts'
import { requestSource, sourceKey } from '../source-key.ts'
import { type Phrases, phrase, phrasesFor } from '../texts/phrases.ts'
import type { CountWrongSecret } from '../wrong-secret.ts'
import { fieldsOf, one, readForm, readShortForm } from './form-fields.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import type { PageSender } from './page.ts'

export interface SignInPagesParts {
  pagesUrl: URL
  pages: PageSender
  sessions: Sessions
  knownBrowsers: KnownBrowsers
  pagePasswords: PagePasswords
  signIns: Pick<PageSignIns, 'providers'>
  signInLinks: SignInLinks
  countWrong: CountWrongSecret
  log: Log
}

const invitations: Record<PageRole, string> = {
  administrator: phrase('This link signs this browser in as the administrator of postern. It works once.'),
  viewer: phrase(
    'This link signs this browser in as a viewer, who sees the pages and changes nothing. It works once.',
  ),
}

/** Signing a browser in, by a one-time link or a password, and out again. */
export function createSignInPages(parts: SignInPagesParts): Router {
  const { pagesUrl, pages, sessions, knownBrowsers, pagePasswords, signIns, signInLinks, countWrong, log } =
    parts
  const router = exactRouter()

  router
    .route('/sign-in')
    .get((request, response) => {
      const t = phrasesFor(request)
      pages.send(response, { title: t`Sign in`, body: passwordForm(t) })
    })
    .post(readShortForm, async (request, response) => {
      const fields = fieldsOf(request.body)
      const [name, password] = [one(fields, 'name') ?? '', new Secret(one(fields, 'password') ?? '')]
      try {
        const generation = await sessions.generation()
        const { key: source, isShared } = requestSource(request)
        const from = { source, isShared, knownBrowser: knownBrowsers.idOf(request, name) }
        const role = await pagePasswords.check(name, password, from, goneSignal(response))
        await sessions.begin(request, response, { role, means: 'password' }, generation)
        knownBrowsers.remember(request, response, role)
        log.info(
          { event: 'page.signed-in', by: role, means: 'password', source: sourceKey(request) },
          'a browser signed in',
        )
        response.redirect(303, pages.path())
      } catch (error) {
        const refusal = refusalOf(error)
        const t = phrasesFor(request)
        response.set(refusal.headers)
        const body = html`${mistakeSection(refusal, t)}${passwordForm(t)}`
        pages.send(response, { title: t`Sign in`, body }, refusal.status)
      }
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/sign-in/:token')
    // Looking at the link does not use it up: chat programs and virus scanners look at links.
    .get((request, response) => {
      const role = signInLinks.roleOf(request.params.token)
      if (!role) throw refusal(request, request.params.token)
      const t = phrasesFor(request)
      const body = html`<section>
<p>${t.say(invitations[role])}</p>
<form method="post" action="${pages.path('sign-in', request.params.token)}"><button>${t`Sign in`}</button></form>
</section>`
      pages.send(response, { title: t`Sign in`, body })
    })
    .post(async (request, response) => {
      const generation = await sessions.generation()
      const redeemed = signInLinks.redeem(request.params.token)
      if (!redeemed) throw refusal(request, request.params.token)
      const { role, proven } = redeemed
      const as = proven
        ? { role, means: 'provider' as const, person: proven.person, provider: proven.provider }
        : { role, means: 'link' as const }
      await sessions.begin(request, response, as, generation)
      knownBrowsers.remember(request, response, role)
      log.info(
        {
          ...{
            event: 'page.signed-in',
            by: proven?.person ?? role,
            means: as.means,
            source: sourceKey(request),
          },
          ...(proven && { role, provider: proven.provider, account: proven.account }),
        },
        proven ? 'a browser signed in at a provider' : 'a browser signed in by a one-time link',
      )
      // The first time there is something to set; who looks only comes by links, or by the password that an administrator gives.
      const isNew = !proven && role === 'administrator' && !(await pagePasswords.isSet(role))
      response.redirect(303, isNew ? pages.path('account') : pages.path())
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/sign-out')
    .post(readForm, async (request, response) => {
      checkCsrf(await sessions.require(request), request.body)
      await sessions.end(request, response)
      const t = phrasesFor(request)
      const body = html`<section class="done"><p>${t`This browser is signed out.`}</p></section>`
      pages.send(response, { title: t`Signed out`, body })
    })
    .all(allowOnly('POST'))

  return router

  function passwordForm(t: Phrases): Html {
    return html`${signIns.providers().map(({ id, name }) => providerForm(id, name, t))}<form method="post" action="${pages.path('sign-in')}">
<section>
<label>${t`As`} <select name="name"><option value="administrator">${t`Administrator`}</option><option value="viewer">${t`Viewer`}</option></select></label>
<label>${t`Password`} <input type="password" name="password" required autocomplete="current-password"></label>
<button>${t`Sign in`}</button>
</section>
<p class="soft">${t`No password yet, or forgotten?`} ${t.say(newLinkAdvice(pagesUrl))}</p>
</form>`
  }

  function providerForm(id: string, name: string, t: Phrases): Html {
    return html`<form method="post" action="${pages.path('sign-in', 'with', id)}"><button>${t`Sign in with ${name}`}</button></form>
`
  }

  function refusal(request: Request, token: string): HttpRefusal {
    countWrong(request, token, 'link')
    return new HttpRefusal(404, 'This sign-in link is unknown, used already, or older than 15 minutes', {
      fix: newLinkAdvice(pagesUrl),
    })
  }
}
