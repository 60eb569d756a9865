import type { Request, Response } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import type { ConsentRefusal } from '../../consent/consent-refused.ts'
import { ConsentRefused } from '../../consent/consent-refused.ts'
import type { CompletedConsent, ConsentService, OpenedLink } from '../../consent/service.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer } from '../http-refusal.ts'
import type { CountWrongSecret } from '../wrong-secret.ts'
import type { BeginConsent } from './begin-consent.ts'
import type { BegunConsents, ConsentOrigin } from './begun-consents.ts'
import type { ConsentCookie } from './consent-cookie.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { time } from './mailbox-state.ts'
import { mistakeSection } from './mistake-page.ts'
import type { PageSender } from './page.ts'

// Where the way back would end at a page that says so once more.
const withoutReturn: readonly ConsentRefusal[] = ['link-ended', 'mailbox-gone']

export interface ConsentPagesParts {
  consent: ConsentService
  beginConsent: BeginConsent
  cookie: ConsentCookie
  begun: BegunConsents
  pages: PageSender
  redirectUri: string
  countWrong: CountWrongSecret
}

/** The pages of the person who consents: they need no session, only a link or the browser that began. */
export function createConsentPages(parts: ConsentPagesParts): Router {
  const { consent, beginConsent, cookie, begun, pages, countWrong } = parts
  const router = Router()

  router
    .route('/consent/:link')
    .get(async (request, response) => {
      const { link } = request.params
      const opened = await counted(request, link, consent.openLink(link))
      const action = pages.path('consent', link)
      pages.send(response, { title: `Connect ${opened.mailbox}`, body: invitation(opened, action) })
    })
    .post((request, response) => {
      const { link } = request.params
      return counted(request, link, beginConsent(request, response, { link }))
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/oauth/callback')
    // Answering it would use the code up and show nobody what came of it.
    .head(allowOnly('GET'))
    .get(async (request, response) => {
      const callback = callbackUrl(request, parts.redirectUri)
      if (consent.admin.isOne(callback)) {
        const body = consentedForAll(consent.admin.complete(callback))
        return pages.send(response, { title: 'Consent for an organisation', body })
      }
      const origin = begun.find(callback, cookie.of(request))
      const completing = consent.complete(callback, cookie.of(request))
      await answer(request, response, completing, { state: stateIn(callback), origin })
    })
    .all(allowOnly('GET'))

  router
    .route('/oauth/paste')
    .post(express.urlencoded({ extended: false, limit: '16kb' }), async (request, response) => {
      const { answer: pasted, state } = fields(request.body)
      const browser = cookie.of(request)
      const origin = begun.find(withState(parts.redirectUri, state), browser)
      await answer(request, response, consent.completePasted(pasted, state, browser), { state, origin })
    })
    .all(allowOnly('POST'))

  return router

  async function answer(
    request: Request,
    response: Response,
    completing: Promise<CompletedConsent>,
    { state, origin }: { state: string; origin: ConsentOrigin | undefined },
  ): Promise<void> {
    try {
      const done = await completing
      pages.send(response, { title: 'Connected', body: connected(done, origin, pages) })
    } catch (error) {
      const answer = errorAnswer(error)
      // A refusal is a page of this flow; what is broken in postern is the last handler's business.
      if (answer.failure.code === 'internal') throw error
      const refused = error instanceof ConsentRefused ? error : undefined
      if (refused?.reason === 'not-begun') countWrong(request, state)
      response.set(answer.headers)
      const over = refused && withoutReturn.includes(refused.reason)
      const body = mistakeSection(answer, over || !origin ? undefined : tryAgain(origin, pages))
      pages.send(response, { title: 'Not connected', body }, answer.status)
    }
  }

  /** What is asked of a link; a link that does not exist (any more) is counted. */
  async function counted<T>(request: Request, link: string, asked: Promise<T>): Promise<T> {
    try {
      return await asked
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') countWrong(request, link)
      throw error
    }
  }
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

// Rebuilt on the public address: what the request says of itself is not to be trusted (RFC 9700, section 4.13).
function callbackUrl(request: Request, redirectUri: string): URL {
  const url = new URL(redirectUri)
  const query = request.originalUrl.indexOf('?')
  url.search = query < 0 ? '' : request.originalUrl.slice(query)
  return url
}

function invitation(
  { mailbox, providerName, signsInAs, requestedBy, expiresAt }: OpenedLink,
  action: string,
): Html {
  return html`<section>
<p>You are asked to let postern send mail for this mailbox. Go on only if you expected this.</p>
<dl>
<dt>Asked by</dt><dd>${requestedBy}</dd>
<dt>Mailbox</dt><dd>${mailbox}</dd>
<dt>Sign in as</dt><dd>${signsInAs}</dd>
<dt>At</dt><dd>${providerName}</dd>
<dt>This link ends</dt><dd>${time(expiresAt)}</dd>
</dl>
<p>You type your password at ${providerName} only, never here.</p>
<form method="post" action="${action}"><button>Continue to ${providerName}</button></form>
</section>`
}

function connected(
  { mailbox, signedInAs }: CompletedConsent,
  origin: ConsentOrigin | undefined,
  pages: PageSender,
): Html {
  const wayOn =
    origin && 'mailbox' in origin
      ? html`<a href="${pages.path('mailboxes', mailbox)}">Back to ${mailbox}</a>`
      : undefined
  return html`<section class="done">
<p>postern can now send mail for <strong>${mailbox}</strong>${signedInAs !== undefined && html`, as ${signedInAs} signed in and agreed`}.</p>
<p>${wayOn ?? 'You may close this page.'}</p>
</section>`
}

function consentedForAll({ providerName, tenant }: { providerName: string; tenant?: string }): Html {
  return html`<section class="done">
<p>${providerName} says that an administrator has consented${tenant !== undefined && html` for the organisation <strong>${tenant}</strong>`}.</p>
<p>People of it can be asked for their consent now; mailboxes without one are added with <code>postern mailbox add ADDRESS --app-only</code>, after Exchange Online knows of the
app: <code>postern provider show</code> prints the commands. You may close this page.</p>
</section>`
}

function tryAgain(origin: ConsentOrigin, pages: PageSender): Html {
  const path = 'link' in origin ? pages.path('consent', origin.link) : pages.path('mailboxes', origin.mailbox)
  return html`<p><a class="button" href="${path}">Try again</a></p>`
}
