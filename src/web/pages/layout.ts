import type { Request, Response } from 'express'
import { freshSecret } from '../../credentials/credential.ts'
import { Html, html } from '../html.ts'
import type { BrowserSession } from '../sessions.ts'
import { type Phrase, type Phrases, phrase, phrasesFor } from '../texts/phrases.ts'
import { gate, type IconName, icon } from './parts.ts'

export interface Page {
  title: Html | string
  body: Html
  /**
   * Present when the browser is signed in: the page then has a navigation and a sign-out button.
   */
  session?: BrowserSession | undefined
  /** The page has tables, and uses the width of the window. */
  wide?: boolean
  /** The address to which the browser is forwarded at once. */
  forwardTo?: URL
}

/** A page without its reader, as text: for another process to show. */
export interface KeptPage {
  title: string
  body: string
  wide?: boolean | undefined
  forwardTo?: string | undefined
}

export function keptPage({ title, body, wide, forwardTo }: Omit<Page, 'session'>): KeptPage {
  return { title: html`${title}`.toString(), body: body.toString(), wide, forwardTo: forwardTo?.href }
}

export function pageOf({ title, body, wide, forwardTo }: KeptPage): Omit<Page, 'session'> {
  return {
    ...{ title: Html.fromKept(title), body: Html.fromKept(body) },
    ...(wide !== undefined && { wide }),
    ...(forwardTo !== undefined && { forwardTo: new URL(forwardTo) }),
  }
}

/** What a form has left to be said on the next page. */
export interface LeftWords {
  words: Html
  /** They say that something was not done. The title of the page says so, too. */
  isRefusal?: boolean
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

interface PageSenderDeps {
  /** The path prefix of the public address: empty, or `/postern`. */
  basePath: string
  version: string
  /** Who runs postern, for those who are not signed in. */
  organisation?: string | undefined
  /** The words that a form has left for this session at the path of a request. */
  wordsFor?: (request: Request) => LeftWords | undefined
}

/** Where the navigation leads: the first segment of the path, and what is below it. */
const places: readonly {
  at: string
  below: readonly string[]
  words: Phrase
  icon: IconName
  administratorsOnly?: true
}[] = [
  { at: '', below: ['mailboxes'], words: phrase('Overview'), icon: 'mail' },
  { at: 'providers', below: ['registrations'], words: phrase('Providers'), icon: 'provider' },
  { at: 'logins', below: [], words: phrase('SMTP logins'), icon: 'device' },
  { at: 'approvals', below: [], words: phrase('Approvals'), icon: 'check' },
  { at: 'journal', below: [], words: phrase('Activity'), icon: 'activity' },
  { at: 'api-keys', below: [], words: phrase('API keys'), icon: 'key' },
  { at: 'consent-links', below: [], words: phrase('Consent links'), icon: 'link' },
  { at: 'explain', below: [], words: phrase('Explain'), icon: 'help', administratorsOnly: true },
  { at: 'account', below: [], words: phrase('Users & sessions'), icon: 'people' },
]

export function createPageSender({ basePath, version, organisation, wordsFor }: PageSenderDeps): PageSender {
  const path = (...pieces: string[]) => `${basePath}/${pieces.map(encodeURIComponent).join('/')}`

  function document(page: Page, { t, status, here, left }: Around): Html {
    const { title, body, session, wide, forwardTo } = page
    return html`<!doctype html>
<html lang="${t.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${sameOriginReferrer}
${forwardTo && html`<meta http-equiv="refresh" content="0;url=${forwardTo.href}">`}
<title>${(status >= 400 || left?.isRefusal === true) && html`${t`Error:`} `}${title} · postern</title>
<link rel="icon" type="image/svg+xml" href="${path('icon.svg')}">
<link rel="stylesheet" href="${path('style.css')}">
<script src="${path('pages.js')}" defer></script>
</head>
<body${session && html` class="signed-in"`}>
<a class="skip" href="#main">${t`Skip to the content`}</a>
<header>
<a class="home" href="${path()}"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="${gate}"/></svg>postern</a>
${session && navigation(session, here, t)}
</header>
<main id="main"${wide && html` class="wide"`} data-copy-words="${t`Copy`}|${t`Copied`}">
<h1>${title}</h1>
${left?.words}
${body}
</main>
<footer>
${session ? html`<span>postern ${version}</span>${signOutForm(session, t)}` : html`<span>${organisation !== undefined && html`${organisation} · `}${t`Sends mail for apps that only know passwords`}</span>`}
</footer>
</body>
</html>
`
  }

  function navigation({ role }: BrowserSession, here: string, t: Phrases): Html {
    const shown = places.filter((place) => !place.administratorsOnly || role === 'administrator')
    const [first = '', ...rest] = here.split('/').slice(1)
    return html`<nav aria-label="${t`Pages`}"><ul>
${shown.map(({ at, below, words, icon: name }) => {
  const current =
    at === first && rest.length === 0 ? 'page' : at === first || below.includes(first) ? 'true' : undefined
  return html`<li><a href="${path(...(at === '' ? [] : [at]))}"${current && html` aria-current="${current}"`}>${icon(name)}${t.say(words)}</a></li>\n`
})}</ul></nav>`
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
      const [before = '', after = ''] = render(response, { ...page, body: html`${page.body}${place}` }, 200)
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
      response.status(status).send(render(response, page, status).toString())
    },
  }

  /** In the language that the browser asked for. */
  function render(response: Response, page: Page, status: number): Html {
    const t = phrasesFor(response.req)
    response.type('html').set('Content-Language', t.language).vary('Accept-Language')
    const here = response.req.url.replace(/\?.*$/s, '')
    const left = page.session ? wordsFor?.(response.req) : undefined
    return document(page, { t, status, here, left })
  }
}

/** What a page is shown with. */
interface Around {
  t: Phrases
  status: number
  /** The path, below the prefix of the public address. */
  here: string
  /** What a form has left to be said. */
  left: LeftWords | undefined
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
