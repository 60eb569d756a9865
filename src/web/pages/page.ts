import type { Response } from 'express'
import { freshSecret } from '../../mailboxes/fresh-secret.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export interface Page {
  title: string
  body: Html
  /** The signed-in administrator's browser: gets a way out. */
  session?: Session | undefined
  /** Something in it is marked to be copied. */
  copying?: boolean
  /** Where the browser goes by itself at once. */
  forwardTo?: URL
}

// The header says `no-referrer`, under which browsers send our own forms with `Origin: null` (Fetch standard, "append a
// request Origin header"). Within our pages the policy is this instead, so that the origin of a form can be checked;
// other sites still learn nothing.
const sameOriginReferrer = html`<meta name="referrer" content="same-origin">`

/** Renders whole pages. */
export interface PageSender {
  send(response: Response, page: Page, status?: number): void
  /** A page whose body comes piece by piece: each is sent at once. Its own `body` comes first. */
  begin(response: Response, page: Page): { add(piece: Html): void; end(): void }
  /** The path of one of our pages, as the browser has to ask for it. Every piece is encoded. */
  path(...pieces: string[]): string
}

/** @param basePath what stands before our paths in the public address: empty, or `/postern` */
export function createPageSender({ basePath, version }: { basePath: string; version: string }): PageSender {
  const path = (...pieces: string[]) => `${basePath}/${pieces.map(encodeURIComponent).join('/')}`

  function document({ title, body, session, copying, forwardTo }: Page): Html {
    return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${sameOriginReferrer}
${forwardTo && html`<meta http-equiv="refresh" content="0;url=${forwardTo.href}">`}
<title>${title} · postern</title>
<link rel="icon" type="image/svg+xml" href="${path('icon.svg')}">
<link rel="stylesheet" href="${path('style.css')}">
${copying && html`<script src="${path('pages.js')}" defer></script>`}
</head>
<body>
<header>
<a class="home" href="${path()}">postern</a>
${session && html`<nav aria-label="Pages"><a href="${path()}">Mailboxes</a> <a href="${path('logins')}">Logins</a> <a href="${path('api-keys')}">API keys</a> <a href="${path('account')}">Who looks</a></nav>`}
</header>
<main>
<h1>${title}</h1>
${body}
</main>
<footer>
${session ? html`<span>postern ${version}</span>${signOutForm(session)}` : html`<span>The gate that speaks OAuth2 for your mail programs</span>`}
</footer>
</body>
</html>
`
  }

  function signOutForm({ csrf }: Session): Html {
    return html`<form method="post" action="${path('sign-out')}">
<input type="hidden" name="csrf" value="${csrf.reveal()}">
<button class="quiet">Sign out</button>
</form>`
  }

  return {
    path,
    begin(response, page) {
      const place = html`${'-'.repeat(8)}${freshSecret().reveal()}`
      const [before = '', after = ''] = document({ ...page, body: html`${page.body}${place}` })
        .toString()
        .split(place.toString())
      response.status(200).type('html')
      response.write(before)
      return {
        add: (piece) => void response.write(piece.toString()),
        end: () => void response.end(after),
      }
    },
    send(response, page, status = 200) {
      response.status(status).type('html').send(document(page).toString())
    },
  }
}
