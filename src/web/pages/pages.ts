import type { ErrorRequestHandler, RequestHandler, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { redirectUriOf } from '../../consent/consent-links.ts'
import { allowOnly } from '../allow-only.ts'
import type { NoteProof } from '../connections.ts'
import { exactRouter } from '../exact-router.ts'
import type { HostAllowList } from '../host-allow-list.ts'
import { HttpRefusal } from '../http-refusal.ts'
import { createKnownBrowsers } from '../known-browsers.ts'
import { sameOrigin } from '../same-origin.ts'
import { createSessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { WebServices } from '../web-services.ts'
import type { CountWrongSecret } from '../wrong-secret.ts'
import { createAccountPages } from './account-pages.ts'
import { createApiKeyPages } from './api-key-pages.ts'
import { createBeginConsent } from './begin-consent.ts'
import { createBegunConsents } from './begun-consents.ts'
import { createConsentCookie } from './consent-cookie.ts'
import { createConsentLinkPages } from './consent-link-pages.ts'
import { createConsentPages } from './consent-pages.ts'
import { icon } from './icon.ts'
import { createJournalPages } from './journal-pages.ts'
import { createLoginPages } from './login-pages.ts'
import { createMailboxPages } from './mailbox-pages.ts'
import { mistakeHandler } from './mistake-page.ts'
import { createPageSender } from './page.ts'
import { createPageContexts } from './page-context.ts'
import { createProviderPages } from './provider-pages.ts'
import { createProviderSignInPages, createSignInCompletion } from './provider-sign-in-pages.ts'
import { script } from './script.ts'
import { createSignInPages } from './sign-in-pages.ts'
import { stylesheet } from './stylesheet.ts'
import { createTestMessagePages } from './test-message-pages.ts'

export interface PagesParts {
  /** No trailing slash in its path. */
  publicUrl: URL
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
export function createPages({
  publicUrl,
  hosts,
  signInLinks,
  services,
  noteProof,
  countWrong,
  clock,
  log,
  version,
}: PagesParts): { router: Router; mistakes: ErrorRequestHandler } {
  const { consent } = services
  const pages = createPageSender({ basePath: publicUrl.pathname.replace(/\/$/, ''), version })
  const redirectUri = redirectUriOf(publicUrl)
  const { pageAccess, pagePasswords, keyedHash } = services
  const sessions = createSessions({
    publicUrl,
    store: pageAccess,
    keyedHash,
    noteProof,
    clock,
    roleOf: (person, providerId) => consent.signIns.roleOf(person, providerId),
  })
  const cookie = createConsentCookie(publicUrl)
  const begun = createBegunConsents(clock)
  const beginConsent = createBeginConsent({ consent, cookie, begun, pages })
  const contexts = createPageContexts(sessions, pages)
  const completeSignIn = createSignInCompletion({
    signIns: consent.signIns,
    cookie,
    sessions,
    pages,
    publicUrl,
    log,
  })

  const router = exactRouter()
  router.get('/style.css', (_request, response) => {
    response.type('css').send(stylesheet)
  })
  router.get('/pages.js', (_request, response) => {
    response.type('js').send(script)
  })
  router.get('/icon.svg', (_request, response) => {
    response.type('svg').send(icon)
  })
  router.get(
    ['/sign-in', '/sign-in/:token', '/consent/:link', '/mailboxes/:address'],
    atPublicAddress(publicUrl, hosts),
  )
  router.post('/{*path}', sameOrigin(hosts))
  router.use(createProviderSignInPages({ signIns: consent.signIns, sessions, cookie, pages }))
  router.use(
    createSignInPages({
      signIns: consent.signIns,
      publicUrl,
      pages,
      sessions,
      knownBrowsers: createKnownBrowsers({ publicUrl, keyedHash, clock }),
      pagePasswords,
      signInLinks,
      countWrong,
      log,
    }),
  )
  router.use(
    createConsentPages({
      consent,
      completeSignIn,
      beginConsent,
      cookie,
      begun,
      pages,
      redirectUri,
      countWrong,
    }),
  )
  router.use(createMailboxPages({ services, beginConsent, contexts, redirectUri }))
  router.use(createTestMessagePages({ services, contexts, clock, log }))
  router.use(createProviderPages({ services, contexts, redirectUri }))
  router.use(createLoginPages({ services, contexts }))
  router.use(createApiKeyPages({ services, contexts }))
  router.use(createConsentLinkPages({ services, contexts }))
  router.use(createJournalPages({ services, contexts }))
  router.use(createAccountPages({ pageAccess, sessions, pagePasswords, signInLinks, contexts, log }))
  router.all(['/style.css', '/pages.js', '/icon.svg'], allowOnly('GET', 'HEAD'))
  router.use(() => {
    throw new HttpRefusal(404, 'There is no page at this address')
  })
  return { router, mistakes: mistakeHandler({ pages, log }) }
}

// The provider sends the browser back to the public name, and cookies belong to one name: a consent that began at
// another name of this door would end without its cookie. The target is always our own address.
function atPublicAddress(publicUrl: URL, hosts: HostAllowList): RequestHandler {
  return (request, response, next) => {
    if (hosts.isPublic(request.headers.host)) return next()
    response.redirect(302, publicUrl.href.replace(/\/$/, '') + request.url)
  }
}
