import type { Request, Response, Router } from 'express'
import { filled } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PagePasswords } from '../../credentials/page-passwords.ts'
import type { PageRole } from '../../model/page-access.ts'
import type { KnownBrowsers } from '../cookies.ts'
import type { HostAllowList, WebAddresses } from '../hosts-and-origins.ts'
import { type Html, html } from '../html.ts'
import { errorAnswer, HttpRefusal } from '../http-errors.ts'
import type { PageSignIns } from '../page-sign-ins.ts'
import { type CountWrongSecret, requestSource, sourceKey } from '../request-source.ts'
import { clientGoneSignal, exactRouter, methodNotAllowed } from '../routing.ts'
import { checkCsrf, type Sessions } from '../sessions.ts'
import { bareAddress, type ProvenPerson, type SignInLinks } from '../sign-in-links.ts'
import { type Phrase, type Phrases, phrase, phrasesFor } from '../texts/phrases.ts'
import type { CallbackResult, CallbackResults } from './callback-results.ts'
import { errorSection } from './error-page.ts'
import { choiceField, type FormState, refusedForm, textField } from './form-parts.ts'
import { continuePage, type PageSender, sendContinuePage, sendProviderRedirect } from './layout.ts'
import { fieldsOf, one, readForm, readShortForm } from './page-context.ts'
import type { ConsentCookie } from './start-consent.ts'

interface SignInPagesDeps {
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

const invitations: Record<PageRole, Phrase> = {
  administrator: phrase('This link signs this browser in as the administrator of postern. It works once.'),
  viewer: phrase(
    'This link signs this browser in as a viewer, who sees the pages and changes nothing. It works once.',
  ),
}

/** Signs a browser in, by a one-time link or a password, and out again. */
export function createSignInPages(deps: SignInPagesDeps): Router {
  const { pagesUrl, pages, sessions, knownBrowsers, pagePasswords, signIns, signInLinks, countWrong, log } =
    deps
  const router = exactRouter()

  router
    .route('/sign-in')
    .get((request, response) => {
      const t = phrasesFor(request)
      pages.send(response, { title: t`Sign in`, body: passwordForm(t, { values: {} }) })
    })
    .post(readShortForm, async (request, response) => {
      const fields = fieldsOf(request.body)
      const [name, password] = [one(fields, 'name') ?? '', new Secret(one(fields, 'password') ?? '')]
      try {
        const generation = await sessions.generation()
        const { key: source, isShared } = requestSource(request)
        const from = { source, isShared, knownBrowser: knownBrowsers.idOf(request, name) }
        const role = await pagePasswords.check(name, password, from, clientGoneSignal(response))
        await sessions.begin(request, response, { role, means: 'password' }, generation)
        knownBrowsers.remember(request, response, role)
        log.info(
          { event: 'page.signed-in', by: role, means: 'password', source: sourceKey(request) },
          'a browser signed in',
        )
        response.redirect(303, pages.path())
      } catch (error) {
        const t = phrasesFor(request)
        const { status, headers, summary, wrong } = refusedForm(error, t, {
          fields: { 'page.wrong-password': 'password' },
        })
        response.set(headers)
        const body = html`${summary}${passwordForm(t, { values: fields, wrong })}`
        pages.send(response, { title: t`Sign in`, body }, status)
      }
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/sign-in/:token')
    // A GET does not use the link up: chat programs and virus scanners fetch links.
    .get(async (request, response) => {
      const role = await signInLinks.roleOf(request.params.token)
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
      const redeemed = await signInLinks.redeem(request.params.token)
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
      // The first administrator is sent to set a password; a viewer gets one from an administrator.
      const isNew = !proven && role === 'administrator' && !(await pagePasswords.isSet(role))
      response.redirect(303, isNew ? pages.path('account') : pages.path())
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/sign-out')
    .post(readForm, async (request, response) => {
      checkCsrf(await sessions.require(request), request.body)
      await sessions.end(request, response)
      response.redirect(303, pages.path('signed-out'))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/signed-out')
    .get((request, response) => {
      const t = phrasesFor(request)
      const body = html`<section class="done" role="status">
<p>${t`This browser is signed out.`}</p>
<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>
</section>`
      pages.send(response, { title: t`Signed out`, body })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  return router

  function passwordForm(t: Phrases, state: FormState): Html {
    const roles = [
      { value: 'administrator', words: t`Administrator` },
      { value: 'viewer', words: t`Viewer` },
    ]
    return html`${signIns.providers().map(({ id, name }) => providerForm(id, name, t))}<form method="post" action="${pages.path('sign-in')}">
<section>
${choiceField({ name: 'name', label: t`Role`, options: roles }, state)}
${textField({ name: 'password', label: t`Password`, type: 'password', required: true, autocomplete: 'current-password', isFirst: true }, state)}
<button>${t`Sign in`}</button>
</section>
<p class="soft">${t`Forgot the password?`} ${t`For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with ${bareAddress(pagesUrl)}/).`}</p>
</form>`
  }

  function providerForm(id: string, name: string, t: Phrases): Html {
    return html`<form method="post" action="${pages.path('sign-in', 'with', id)}"><button>${t`Sign in with ${name}`}</button></form>
`
  }

  function refusal(request: Request, token: string): HttpRefusal {
    countWrong(request, token, 'link')
    return new HttpRefusal(404, filled('page.sign-in-link-unknown', { address: bareAddress(pagesUrl) }))
  }
}

interface ProviderSignInDeps extends WebAddresses {
  signIns: PageSignIns
  sessions: Sessions
  cookie: ConsentCookie
  pages: PageSender
}

/** Starts a sign-in to the pages at a provider. */
export function createProviderSignInPages(
  deps: ProviderSignInDeps & { hosts: Pick<HostAllowList, 'isPublic'> },
): Router {
  const { signIns, sessions, cookie, pages, publicUrl, pagesUrl, hosts } = deps
  const isElsewhere = publicUrl.host !== pagesUrl.host
  const router = exactRouter()

  router
    .route('/sign-in/with/:provider')
    // The provider sends the browser back to the public address, so the cookie must be set there.
    .get(async (request, response, next) => {
      if (!isElsewhere || !hosts.isPublic(request.headers.host)) return next()
      await begin(request, response)
    })
    .post(async (request, response) => {
      if (!isElsewhere) return await begin(request, response)
      const { provider } = request.params
      const there = new URL(
        `${publicUrl.href.replace(/\/$/, '')}/sign-in/with/${encodeURIComponent(provider)}`,
      )
      sendContinuePage(response, pages, there, phrasesFor(request)`Sign in`)
    })
    .all(methodNotAllowed('POST'))

  return router

  async function begin(request: Request<{ provider: string }>, response: Response): Promise<void> {
    const t = phrasesFor(request)
    const browser = cookie.ensure(request, response)
    const begun = boundTo(browser, await sessions.generation())
    const { authorizationUrl, providerName } = await signIns.begin(request.params.provider, begun)
    sendProviderRedirect(response, pages, t, { authorizationUrl, providerName })
  }
}

/** Binds a pending sign-in to the browser that started it; a new password invalidates it. */
function boundTo(browser: Secret, generation: string): Secret {
  return new Secret(`${browser.reveal()}.${generation}`)
}

/** Answers the callback of a sign-in at a provider. */
export type CompleteSignIn = (request: Request, response: Response, callback: URL) => Promise<void>

export function createSignInCompletion(
  deps: ProviderSignInDeps & { signInLinks: SignInLinks; results: CallbackResults; log: Log },
): CompleteSignIn {
  const { signIns, cookie, sessions, signInLinks, results, pages, publicUrl, pagesUrl, log } = deps

  /** Returns the address at which the browser continues. */
  async function signIn(
    request: Request,
    response: Response,
    { role, ...proven }: ProvenPerson & { role: PageRole },
    generation: string,
  ): Promise<URL> {
    if (publicUrl.host !== pagesUrl.host) {
      const { url } = await signInLinks.create(role, proven)
      // A password that was set meanwhile may have invalidated the links just before this one was
      // created.
      if ((await sessions.generation()) === generation) return new URL(url)
      await signInLinks.endAll()
      throw new HttpRefusal(403, filled('page.password-changed'))
    }
    const { person, provider, account } = proven
    await sessions.begin(request, response, { role, means: 'provider', person, provider }, generation)
    const source = sourceKey(request)
    const fields = { event: 'page.signed-in', by: person, role, means: 'provider', provider, account, source }
    log.info(fields, 'a browser signed in at a provider')
    return new URL(pagesUrl.href.replace(/\/?$/, '/'))
  }

  const home = new URL(pagesUrl.href.replace(/\/?$/, '/'))

  function refused(request: Request, error: unknown): CallbackResult {
    const answer = errorAnswer(error)
    // After an internal error or without the store, the sign-in is still pending.
    if (['internal', 'store-unavailable'].includes(answer.failure.code)) throw error
    const { message: refusal } = answer.failure
    const source = sourceKey(request)
    log.warn({ event: 'page.sign-in-refused', source, refusal }, 'A sign-in at a provider was refused')
    return {
      status: answer.status,
      page(t) {
        const action = html`<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>`
        return { title: t`Not signed in`, body: errorSection(answer, t, action) }
      },
    }
  }

  return async (request, response, callback) => {
    const browser = cookie.of(request)
    const state = callback.searchParams.get('state') ?? ''
    let next: { there: URL; person: string } | undefined
    const act = async (): Promise<CallbackResult> => {
      try {
        const generation = await sessions.generation()
        const known = await signIns.complete(callback, browser && boundTo(browser, generation))
        const { person } = known
        next = { there: await signIn(request, response, known, generation), person }
        // A repeated callback only continues: the first one signed the browser in, or used the link
        // up.
        return { status: 200, page: (t) => continuePage(home, t`Signed in as ${person}`, t) }
      } catch (error) {
        return refused(request, error)
      }
    }
    // A browser without our cookie has no sign-in of its own.
    if (!browser) {
      const { status, page } = await act()
      return pages.send(response, page(phrasesFor(request)), status)
    }
    const id = await results.once({ state, browser }, act)
    if (!next) return response.redirect(303, pages.path('oauth', 'result', id))
    // Not an HTTP redirect: the provider's site started this navigation, and a `SameSite=Strict`
    // cookie would not be sent.
    sendContinuePage(response, pages, next.there, phrasesFor(request)`Signed in as ${next.person}`)
  }
}
