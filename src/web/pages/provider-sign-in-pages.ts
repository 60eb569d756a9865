import type { Request, Response, Router } from 'express'
import type { Log } from '../../base/log.ts'
import { Secret } from '../../base/secret.ts'
import type { PageSignIns } from '../../consent/service.ts'
import type { PageRole } from '../../store/ports.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import type { HostAllowList, WebAddresses } from '../host-allow-list.ts'
import { html } from '../html.ts'
import { errorAnswer, HttpRefusal } from '../http-refusal.ts'
import type { Sessions } from '../sessions.ts'
import type { ProvenPerson, SignInLinks } from '../sign-in-links.ts'
import { sourceKey } from '../source-key.ts'
import { phrasesFor } from '../texts/phrases.ts'
import type { CallbackResult, CallbackResults } from './callback-results.ts'
import type { ConsentCookie } from './consent-cookie.ts'
import { continueAt, continuing } from './continue-at.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'
import { takeToProvider } from './take-to-provider.ts'

export interface ProviderSignInParts extends WebAddresses {
  signIns: PageSignIns
  sessions: Sessions
  cookie: ConsentCookie
  pages: PageSender
}

/** Sends a browser to the provider at which its person signs in to these pages. */
export function createProviderSignInPages(
  parts: ProviderSignInParts & { hosts: Pick<HostAllowList, 'isPublic'> },
): Router {
  const { signIns, sessions, cookie, pages, publicUrl, pagesUrl, hosts } = parts
  const isElsewhere = publicUrl.host !== pagesUrl.host
  const router = exactRouter()

  router
    .route('/sign-in/with/:provider')
    // The provider sends the browser back to the public address, where that has to have its cookie.
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
      continueAt(response, pages, there, phrasesFor(request)`Sign in`)
    })
    .all(allowOnly('POST'))

  return router

  async function begin(request: Request<{ provider: string }>, response: Response): Promise<void> {
    const t = phrasesFor(request)
    const browser = cookie.ensure(request, response)
    const begun = boundTo(browser, await sessions.generation())
    const { authorizationUrl, providerName } = await signIns.begin(request.params.provider, begun)
    takeToProvider(response, pages, t, { authorizationUrl, providerName })
  }
}

/** What a sign-in under way belongs to: the browser that began it, until somebody sets a new password. */
function boundTo(browser: Secret, generation: string): Secret {
  return new Secret(`${browser.reveal()}.${generation}`)
}

/** Answers the callback of such a sign-in. */
export type CompleteSignIn = (request: Request, response: Response, callback: URL) => Promise<void>

export function createSignInCompletion(
  parts: ProviderSignInParts & { signInLinks: SignInLinks; results: CallbackResults; log: Log },
): CompleteSignIn {
  const { signIns, cookie, sessions, signInLinks, results, pages, publicUrl, pagesUrl, log } = parts

  /** Gives the address at which the browser goes on. */
  async function signIn(
    request: Request,
    response: Response,
    { role, ...proven }: ProvenPerson & { role: PageRole },
    generation: string,
  ): Promise<URL> {
    if (publicUrl.host !== pagesUrl.host) {
      const { url } = signInLinks.create(role, proven)
      // What a new password ends now, it may have ended a moment too early for this one.
      if ((await sessions.generation()) === generation) return new URL(url)
      signInLinks.endAll()
      throw new HttpRefusal(403, 'A new password was set while you signed in', { fix: 'Sign in again.' })
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
    // The sign-in is still there where nobody could look at it.
    if (['internal', 'store-unavailable'].includes(answer.failure.code)) throw error
    const { message: refusal } = answer.failure
    const source = sourceKey(request)
    log.warn({ event: 'page.sign-in-refused', source, refusal }, 'A sign-in at a provider was refused')
    return {
      status: answer.status,
      page(t) {
        const wayOn = html`<p><a class="button" href="${pages.path('sign-in')}">${t`Sign in`}</a></p>`
        return { title: t`Not signed in`, body: mistakeSection(answer, t, wayOn) }
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
        // Whoever comes again was signed in by the first time, and a link to the pages elsewhere is used up.
        return { status: 200, page: (t) => continuing(home, t`Signed in as ${person}`, t) }
      } catch (error) {
        return refused(request, error)
      }
    }
    // To a browser without our cookie no sign-in belongs.
    if (!browser) {
      const { status, page } = await act()
      return pages.send(response, page(phrasesFor(request)), status)
    }
    const id = await results.once({ state, browser }, act)
    if (!next) return response.redirect(303, pages.path('oauth', 'result', id))
    // Not a redirect: the provider's site began this navigation, and a cookie that is `SameSite=Strict` would not go along.
    continueAt(response, pages, next.there, phrasesFor(request)`Signed in as ${next.person}`)
  }
}
