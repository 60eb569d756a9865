import type { Request, Response, Router } from 'express'
import { Failure, failure } from '../../base/failure.ts'
import { type ConsentRefusal, ConsentRefused } from '../../consent/consent-refused.ts'
import type { CompletedConsent, ConsentService, OpenedLink } from '../../consent/consent-service.ts'
import { type Html, html } from '../html.ts'
import { errorAnswer } from '../http-errors.ts'
import type { PageSignIns } from '../page-sign-ins.ts'
import type { CountWrongSecret } from '../request-source.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import type { Callback, CallbackResult, CallbackResults } from './callback-results.ts'
import { errorSection } from './error-page.ts'
import type { FormAnswers } from './form-answers.ts'
import type { PageSender } from './layout.ts'
import { readForm } from './page-context.ts'
import { askedBy, time } from './parts.ts'
import type { CompleteSignIn } from './sign-in.ts'
import type { ConsentCookie, ConsentOrigin, PendingOrigins, StartConsent } from './start-consent.ts'

// Refusals that decide nothing: no such consent was started, or another browser started it.
const undecided: readonly ConsentRefusal[] = ['not-begun', 'other-browser']

// Refusals without a "Try again" link, which would only repeat them.
const withoutReturn: readonly ConsentRefusal[] = ['link-ended', 'mailbox-gone']

export interface ConsentPagesDeps {
  consent: ConsentService
  pageSignIns: Pick<PageSignIns, 'isOne'>
  /** Answers the callback of a sign-in to the pages. */
  completeSignIn: CompleteSignIn
  startConsent: StartConsent
  cookie: ConsentCookie
  pendingOrigins: PendingOrigins
  results: CallbackResults
  answers: Pick<FormAnswers, 'leave'>
  pages: PageSender
  /** The address of the pages for administrators. */
  pagesUrl: URL
  redirectUri: string
  /** Who runs postern, as people who consent know them. */
  organisation?: string | undefined
  countWrong: CountWrongSecret
}

/**
 * The pages of the person who consents. They need no session, only a consent link or the browser
 * that started the consent.
 */
export function createConsentPages(deps: ConsentPagesDeps): Router {
  const {
    consent,
    pageSignIns,
    startConsent,
    cookie,
    pendingOrigins,
    results,
    pages,
    countWrong,
    organisation,
  } = deps
  const { answers } = deps
  const base = deps.pagesUrl.href.replace(/\/$/, '')
  const router = exactRouter()

  router
    .route('/consent/:link')
    .get(async (request, response) => {
      const { link } = request.params
      const t = phrasesFor(request)
      const opened = await counted(request, link, consent.openLink(link))
      const body = invitation(opened, { action: pages.path('consent', link), organisation }, t)
      pages.send(response, { title: t`Connect ${opened.mailbox}`, body })
    })
    .post((request, response) => {
      const { link } = request.params
      return counted(request, link, startConsent(request, response, { link }))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/oauth/callback')
    // A HEAD request would use the code up without showing the outcome.
    .head(methodNotAllowed('GET'))
    .get(async (request, response) => {
      const callback = callbackUrl(request, deps.redirectUri)
      const browser = cookie.of(request)
      const [own, ofNoBrowser] = [
        { state: stateIn(callback), browser },
        { state: stateIn(callback), browser: undefined },
      ]
      const shown = (await results.of(own)) ?? (await results.of(ofNoBrowser))
      if (shown !== undefined) return showAt(response, shown)
      if (pageSignIns.isOne(callback)) return await deps.completeSignIn(request, response, callback)
      if (await consent.admin.isOne(callback)) {
        return showAt(response, await results.once(ofNoBrowser, () => adminResult(callback)))
      }
      const origin = await pendingOrigins.find(callback, browser)
      await answer(request, response, () => consent.complete(callback, browser), { ...own, origin })
    })
    .all(methodNotAllowed('GET'))

  router
    .route('/oauth/paste')
    .post(readForm, async (request, response) => {
      const { answer: pasted, state } = fields(request.body)
      const browser = cookie.of(request)
      const origin = await pendingOrigins.find(withState(deps.redirectUri, state), browser)
      const completing = () => consent.completePasted(pasted, state, browser)
      await answer(request, response, completing, { state, browser, origin })
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/oauth/result/:id')
    .get(async (request, response) => {
      const result = await results.find(request.params.id, cookie.of(request))
      if (!result) {
        throw failure('page.result-gone')
      }
      show(request, response, result)
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  return router

  function showAt(response: Response, id: string): void {
    response.redirect(303, pages.path('oauth', 'result', id))
  }

  function show(request: Request, response: Response, { status, headers = {}, page }: CallbackResult): void {
    response.set(headers)
    pages.send(response, page(phrasesFor(request)), status)
  }

  async function adminResult(callback: URL): Promise<CallbackResult> {
    const done = await consent.admin.complete(callback)
    return {
      status: 200,
      page: (t) => ({ title: t`Consent for an organisation`, body: consentedForAll(done, t) }),
    }
  }

  async function answer(
    request: Request,
    response: Response,
    completing: () => Promise<CompletedConsent>,
    { origin, ...callback }: Callback & { origin: ConsentOrigin | undefined },
  ): Promise<void> {
    const act = () => resultOf(completing, origin, phrasesFor(request))
    try {
      // A browser without our cookie has no consent of its own.
      if (callback.browser) showAt(response, await results.once(callback, act))
      else show(request, response, await act())
    } catch (error) {
      if (isNotBegun(error)) countWrong(request, callback.state, 'link')
      show(request, response, refusedResult(error, origin))
    }
  }

  /** @throws where the consent may still succeed */
  async function resultOf(
    completing: () => Promise<CompletedConsent>,
    origin: ConsentOrigin | undefined,
    spoken: Phrases,
  ): Promise<CallbackResult> {
    try {
      const done = await completing()
      const isHere = origin !== undefined && 'mailbox' in origin
      // Whoever began on the page of the mailbox goes on there: it has what comes next. Not an HTTP
      // redirect: the provider's site started this navigation, and a `SameSite=Strict` cookie would
      // not be sent.
      const forwardTo = isHere ? new URL(base + pathOfMailbox(done.mailbox)) : undefined
      if (isHere)
        await answers.leave(origin.session, pathOfMailbox(done.mailbox), {
          words: connectedWords(done, spoken),
        })
      return {
        status: 200,
        page: (t) => ({
          ...{ title: t`Connected`, body: connected(done, forwardTo, t) },
          ...(forwardTo && { forwardTo }),
        }),
      }
    } catch (error) {
      if (!(error instanceof ConsentRefused) || undecided.includes(error.reason)) throw error
      return refusedResult(error, origin)
    }
  }

  function refusedResult(error: unknown, origin: ConsentOrigin | undefined): CallbackResult {
    const answer = errorAnswer(error)
    // Refusals are pages of this flow; internal errors go to the last handler.
    if (answer.failure.code === 'internal') throw error
    const over = error instanceof ConsentRefused && withoutReturn.includes(error.reason)
    return {
      status: answer.status,
      headers: answer.headers,
      page(t) {
        const action = over || !origin ? undefined : tryAgain(origin, pages, t)
        return { title: t`Not connected`, body: errorSection(answer, t, action) }
      },
    }
  }

  /** Counts a link that does not exist, or no longer exists, as a wrong secret. */
  async function counted<T>(request: Request, link: string, asked: Promise<T>): Promise<T> {
    try {
      return await asked
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') countWrong(request, link, 'link')
      throw error
    }
  }
}

function isNotBegun(error: unknown): boolean {
  return error instanceof ConsentRefused && error.reason === 'not-begun'
}

function fields(body: unknown): { answer: string; state: string } {
  const { answer, state } = (body ?? {}) as Record<string, unknown>
  return { answer: typeof answer === 'string' ? answer : '', state: typeof state === 'string' ? state : '' }
}

function stateIn(callback: URL): string {
  return callback.searchParams.get('state') ?? ''
}

function withState(redirectUri: string, state: string): URL {
  const url = new URL(redirectUri)
  url.searchParams.set('state', state)
  return url
}

// Built on the public address: the Host of the request is not to be trusted (RFC 9700, section
// 4.13).
function callbackUrl(request: Request, redirectUri: string): URL {
  const url = new URL(redirectUri)
  const query = request.originalUrl.indexOf('?')
  url.search = query < 0 ? '' : request.originalUrl.slice(query)
  return url
}

function invitation(
  { mailbox, providerName, signsInAs, requestedBy, expiresAt }: OpenedLink,
  { action, organisation }: { action: string; organisation: string | undefined },
  t: Phrases,
): Html {
  return html`<section>
<p>${t`You are asked to let postern send mail for this mailbox. Go on only if you expected this.`}</p>
<dl>
<dt>${t`Requested by`}</dt><dd>${organisation === undefined ? askedBy(requestedBy, t) : html`${organisation} (${askedBy(requestedBy, t)})`}</dd>
<dt>${t`Mailbox`}</dt><dd>${mailbox}</dd>
<dt>${t`Sign in as`}</dt><dd>${signsInAs}</dd>
<dt>${t`At`}</dt><dd>${providerName}</dd>
<dt>${t`Link expires`}</dt><dd>${time(expiresAt)}</dd>
</dl>
<p>${t`You'll enter your password on ${providerName}'s own page. postern never sees it.`}</p>
<form method="post" action="${action}"><button>${t`Continue to ${providerName}`}</button></form>
</section>`
}

function connected(done: CompletedConsent, goOn: URL | undefined, t: Phrases): Html {
  const action = goOn && html`<a class="button" href="${goOn.href}">${t`Continue`}</a>`
  return html`<section class="done">
<p>${wordsOf(done, t)}</p>
<p>${action ?? t`You may close this page.`}</p>
</section>`
}

function connectedWords(done: CompletedConsent, t: Phrases): Html {
  return html`<section class="done" role="status"><p><strong>${t`Connected`}</strong>: ${wordsOf(done, t)}</p></section>`
}

function wordsOf({ mailbox, signedInAs }: CompletedConsent, t: Phrases): Html {
  const shown = html`<strong>${mailbox}</strong>`
  return signedInAs === undefined
    ? t`postern can now send mail for ${shown}.`
    : t`postern can now send mail for ${shown}, as ${signedInAs} signed in and agreed.`
}

function pathOfMailbox(mailbox: string): string {
  return `/mailboxes/${encodeURIComponent(mailbox)}`
}

function consentedForAll(
  { providerName, tenant }: { providerName: string; tenant?: string },
  t: Phrases,
): Html {
  return html`<section class="done">
<p>${
    tenant === undefined
      ? t`${providerName} says that an administrator has consented.`
      : t`${providerName} says that an administrator has consented for the organisation ${html`<strong>${tenant}</strong>`}.`
  }</p>
<p>${t`People of it can be asked for their consent now. Mailboxes without one are added with ${html`<code>postern mailbox add ADDRESS --app-only</code>`}, after Exchange Online knows of the app: ${html`<code>postern provider show</code>`} prints the commands.`} ${t`You may close this page.`}</p>
</section>`
}

function tryAgain(origin: ConsentOrigin, pages: PageSender, t: Phrases): Html {
  const path = 'link' in origin ? pages.path('consent', origin.link) : pages.path('mailboxes', origin.mailbox)
  return html`<p><a class="button" href="${path}">${t`Try again`}</a></p>`
}
