import type { Response } from 'express'
import { freshSecret } from '../../credentials/credential.ts'
import { type Html, html } from '../html.ts'
import type { BrowserSession } from '../sessions.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'

export interface Page {
  title: Html | string
  body: Html
  /**
   * Present when the browser is signed in: the page then has a navigation and a sign-out button.
   */
  session?: BrowserSession | undefined
  /** The page has copy buttons. */
  copying?: boolean
  /** The page has live parts, which the script reloads. */
  live?: boolean
  /** The address to which the browser is forwarded at once. */
  forwardTo?: URL
}

// Under the `no-referrer` of the header, browsers send our own forms with `Origin: null` (Fetch
// standard, "append a request Origin header"). Our pages override it, so that the origin of a form
// can be checked; other sites still get no referrer.
const sameOriginReferrer = html`<meta name="referrer" content="same-origin">`

/** Renders whole pages. */
export interface PageSender {
  send(response: Response, page: Page, status?: number): void
  /** Streams a page: its `body` first, then each piece as soon as it is added. */
  begin(response: Response, page: Page): { add(piece: Html): void; end(): void }
  /** The path of one of our pages for the browser. Every segment is encoded. */
  path(...pieces: string[]): string
}

/** @param basePath the path prefix of the public address: empty, or `/postern` */
export function createPageSender({ basePath, version }: { basePath: string; version: string }): PageSender {
  const path = (...pieces: string[]) => `${basePath}/${pieces.map(encodeURIComponent).join('/')}`

  function document({ title, body, session, copying, live, forwardTo }: Page, t: Phrases): Html {
    return html`<!doctype html>
<html lang="${t.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${sameOriginReferrer}
${forwardTo && html`<meta http-equiv="refresh" content="0;url=${forwardTo.href}">`}
<title>${title} · postern</title>
<link rel="icon" type="image/svg+xml" href="${path('icon.svg')}">
<link rel="stylesheet" href="${path('style.css')}">
${(copying || live) && html`<script src="${path('pages.js')}" defer></script>`}
</head>
<body>
<a class="skip" href="#main">${t`Skip to the content`}</a>
<header>
<a class="home" href="${path()}">postern</a>
${session && navigation(session, t)}
</header>
<main id="main"${copying && html` data-copy-words="${t`Copy`}|${t`Copied`}"`}>
<h1>${title}</h1>
${body}
</main>
<footer>
${session ? html`<span>postern ${version}</span>${signOutForm(session, t)}` : html`<span>${t`The gate that speaks OAuth2 for your mail programs`}</span>`}
</footer>
</body>
</html>
`
  }

  function navigation({ role }: BrowserSession, t: Phrases): Html {
    return html`<nav aria-label="${t`Pages`}"><a href="${path()}">${t`Mailboxes`}</a> <a href="${path('logins')}">${t`Logins`}</a> <a href="${path('journal')}">${t`Journal`}</a> <a href="${path('api-keys')}">${t`API keys`}</a> <a href="${path('consent-links')}">${t`Consent links`}</a>${role === 'administrator' && html` <a href="${path('explain')}">${t`Explain`}</a>`} <a href="${path('account')}">${t`Access`}</a></nav>`
  }

  function signOutForm({ csrf }: BrowserSession, t: Phrases): Html {
    return html`<form method="post" action="${path('sign-out')}">
<input type="hidden" name="csrf" value="${csrf.reveal()}">
<button class="quiet">${t`Sign out`}</button>
</form>`
  }

  return {
    path,
    begin(response, page) {
      const place = html`${'-'.repeat(8)}${freshSecret().reveal()}`
      const [before = '', after = ''] = render(response, { ...page, body: html`${page.body}${place}` })
        .toString()
        .split(place.toString())
      response.status(200)
      response.write(before)
      return {
        add: (piece) => void response.write(piece.toString()),
        end: () => void response.end(after),
      }
    },
    send(response, page, status = 200) {
      response.status(status).send(render(response, page).toString())
    },
  }

  /** In the language that the browser asked for. */
  function render(response: Response, page: Page): Html {
    const t = phrasesFor(response.req)
    response.type('html').set('Content-Language', t.language).vary('Accept-Language')
    return document(page, t)
  }
}

/**
 * Sends a page that forwards to another address of ours. Not an HTTP redirect: see
 * `sendProviderRedirect`.
 */
export function sendContinuePage(
  response: Response,
  pages: PageSender,
  there: URL,
  title: Html | string,
): void {
  pages.send(response, continuePage(there, title, phrasesFor(response.req)))
}

export function continuePage(there: URL, title: Html | string, t: Phrases): Page {
  const body = html`<section class="done">
<p><a class="button" href="${there.href}">${t`Continue`}</a></p>
</section>`
  return { title, body, forwardTo: there }
}

/**
 * Sends a page that forwards to the provider, with `words` above the link. Not an HTTP redirect:
 * Chromium checks redirects after a form against the `form-action` of our content security policy,
 * which does not name the provider.
 */
export function sendProviderRedirect(
  response: Response,
  pages: PageSender,
  t: Phrases,
  { authorizationUrl, providerName, words }: { authorizationUrl: URL; providerName: string; words?: Html },
): void {
  const body = html`<section>
${words}
<p><a class="button" href="${authorizationUrl.href}">${t`Continue to ${providerName}`}</a></p>
</section>`
  pages.send(response, { title: t`Taking you to ${providerName}`, body, forwardTo: authorizationUrl })
}
