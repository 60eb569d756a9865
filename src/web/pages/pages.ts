import type { ErrorRequestHandler, RequestHandler, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { redirectUriOf } from '../../consent/consent-links.ts'
import type { NoteProof } from '../connections.ts'
import { createKnownBrowsers } from '../cookies.ts'
import { type HostAllowList, sameOrigin, type WebAddresses } from '../hosts-and-origins.ts'
import { HttpRefusal } from '../http-errors.ts'
import type { CountWrongSecret } from '../request-source.ts'
import { allowOnly, exactRouter } from '../routing.ts'
import { createSessions, type Sessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { WebServices } from '../web-services.ts'
import { createAccountPages } from './access.ts'
import { createApiKeyPages } from './api-keys.ts'
import { icon, script, stylesheet } from './assets.ts'
import { createCallbackResults } from './callback-results.ts'
import { createConsentPages } from './consent.ts'
import { createConsentLinkPages } from './consent-links.ts'
import { mistakeHandler } from './error-page.ts'
import { createJournalPages } from './journal.ts'
import { createPageSender, type PageSender } from './layout.ts'
import { createLoginPages } from './logins.ts'
import { createMailboxPages } from './mailboxes.ts'
import { createPageContexts, type PageContexts } from './page-context.ts'
import { createProviderPages } from './providers.ts'
import { createProviderSignInPages, createSignInCompletion, createSignInPages } from './sign-in.ts'
import {
  type BeginConsent,
  createBeginConsent,
  createBegunConsents,
  createConsentCookie,
} from './start-consent.ts'
import { createTestMessagePages } from './test-message.ts'

export interface PagesParts extends WebAddresses {
  hosts: HostAllowList
  signInLinks: SignInLinks
  services: Pick<
    WebServices,
    | 'mailboxes'
    | 'logins'
    | 'apiKeys'
    | 'pageAccess'
    | 'pagePasswords'
    | 'keyedHash'
    | 'catalogue'
    | 'registrationChecks'
    | 'consent'
    | 'notices'
    | 'rehearse'
    | 'smtp'
    | 'journal'
  >
  noteProof: NoteProof
  countWrong: CountWrongSecret
  clock: Clock
  log: Log
  version: string
}

/** Everything that people look at, and what answers their mistakes. */
export function createPages(parts: PagesParts): { router: Router; mistakes: ErrorRequestHandler } {
  const { publicUrl, pagesUrl, hosts, services, clock, log, version } = parts
  const { consent, keyedHash } = services
  const senderAt = (url: URL) => createPageSender({ basePath: url.pathname.replace(/\/$/, ''), version })
  const [pages, consentPages] = [senderAt(pagesUrl), senderAt(publicUrl)]
  const sessions = createSessions({
    publicUrl: pagesUrl,
    store: services.pageAccess,
    keyedHash,
    noteProof: parts.noteProof,
    clock,
    roleOf: (person, providerId) => consent.signIns.roleOf(person, providerId),
  })
  const cookie = createConsentCookie(publicUrl)
  const begun = createBegunConsents(clock)
  const results = createCallbackResults(clock)
  const beginConsent = createBeginConsent({ consent, cookie, begun, pages: consentPages })
  const signingIn = { signIns: consent.signIns, sessions, cookie, publicUrl, pagesUrl, hosts }
  const redirectUri = redirectUriOf(publicUrl)

  const router = exactRouter()
  router.use(createFixedFiles())
  router.use(atTheirAddress(parts))
  router.post('/{*path}', sameOrigin(hosts))
  const { signInLinks, countWrong } = parts
  const completeSignIn = createSignInCompletion({
    ...signingIn,
    signInLinks,
    results,
    pages: consentPages,
    log,
  })
  router.use(
    createConsentPages({
      consent,
      completeSignIn,
      beginConsent,
      cookie,
      begun,
      results,
      pages: consentPages,
      redirectUri,
      countWrong,
    }),
  )
  router.use(createProviderSignInPages({ ...signingIn, pages }))
  const contexts = createPageContexts(sessions, pages)
  router.use(createAdministration(parts, { sessions, contexts, pages, beginConsent }))
  router.use(() => {
    throw new HttpRefusal(404, 'There is no page at this address')
  })
  const [mistakes, consentMistakes] = [
    mistakeHandler({ pages, log }),
    mistakeHandler({ pages: consentPages, log }),
  ]
  return {
    router,
    mistakes: (error, request, response, next) =>
      (hosts.isPages(request.headers.host) ? mistakes : consentMistakes)(error, request, response, next),
  }
}

interface Administration {
  sessions: Sessions
  contexts: PageContexts
  pages: PageSender
  beginConsent: BeginConsent
}

/** The pages of whoever is signed in, and the ways to be that. */
function createAdministration(
  { publicUrl, pagesUrl, services, signInLinks, countWrong, clock, log }: PagesParts,
  { sessions, contexts, pages, beginConsent }: Administration,
): Router {
  const { consent, pageAccess, pagePasswords, keyedHash } = services
  const redirectUri = redirectUriOf(publicUrl)
  const router = exactRouter()
  router.use(
    createSignInPages({
      signIns: consent.signIns,
      pagesUrl,
      pages,
      sessions,
      knownBrowsers: createKnownBrowsers({ publicUrl: pagesUrl, keyedHash, clock }),
      pagePasswords,
      signInLinks,
      countWrong,
      log,
    }),
  )
  const beginHere = isElsewhere({ publicUrl, pagesUrl }) ? undefined : beginConsent
  router.use(createMailboxPages({ services, beginConsent: beginHere, contexts, redirectUri }))
  router.use(createTestMessagePages({ services, contexts, clock, log }))
  router.use(createProviderPages({ services, contexts, redirectUri }))
  router.use(createLoginPages({ services, contexts }))
  router.use(createApiKeyPages({ services, contexts }))
  router.use(createConsentLinkPages({ services, contexts }))
  router.use(createJournalPages({ services, contexts }))
  router.use(createAccountPages({ pageAccess, sessions, pagePasswords, signInLinks, contexts, log }))
  return router
}

/** What looks the same at every address. */
function createFixedFiles(): Router {
  const router = exactRouter()
  for (const [path, type, text] of [
    ['/style.css', 'css', stylesheet],
    ['/pages.js', 'js', script],
    ['/icon.svg', 'svg', icon],
  ] as const) {
    router
      .route(path)
      .get((_request, response) => {
        response.type(type).send(text)
      })
      .all(allowOnly('GET', 'HEAD'))
  }
  return router
}

function isElsewhere({ publicUrl, pagesUrl }: WebAddresses): boolean {
  return publicUrl.host !== pagesUrl.host
}

/**
 * The provider sends the browser back to the public name, and cookies belong to one name: a consent that began at another name of this door would end without
 * its cookie. Where the pages have a name of their own, nothing else is there, and none of them is anywhere else. The target is always our own address.
 */
function atTheirAddress({ publicUrl, pagesUrl, hosts }: WebAddresses & { hosts: HostAllowList }): Router {
  const router = exactRouter()
  const atPublic = atAddress(publicUrl, hosts.isPublic)
  if (!isElsewhere({ publicUrl, pagesUrl })) {
    router.get(['/sign-in', '/sign-in/:token', '/consent/:link', '/mailboxes/:address'], atPublic)
    return router
  }
  const ofConsents = ['/consent/:link', '/oauth/callback', '/oauth/paste', '/oauth/result/:id']
  router.all(ofConsents, atPublic, (_request, _response, next) => next('router'))
  router.get('/sign-in/with/:provider', (request, _response, next) =>
    hosts.isPublic(request.headers.host) ? next('router') : next(),
  )
  router.use(atAddress(pagesUrl, hosts.isPages))
  return router
}

function atAddress(url: URL, isThere: (host: string | undefined) => boolean): RequestHandler {
  const there = url.href.replace(/\/$/, '')
  return (request, response, next) => {
    if (isThere(request.headers.host)) return next()
    if (request.method === 'GET' || request.method === 'HEAD')
      return response.redirect(302, there + request.url)
    throw new HttpRefusal(421, 'This page is at another address', { fix: `Open it there: ${there}/` })
  }
}
