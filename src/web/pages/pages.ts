import type { ErrorRequestHandler, RequestHandler, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import { failure, filled } from '../../base/failure.ts'
import type { Log } from '../../base/log.ts'
import { redirectUriOf } from '../../consent/consent-service.ts'
import type { MarkAuthenticated } from '../connections.ts'
import { createKnownBrowsers } from '../cookies.ts'
import { type HostAllowList, sameOrigin, type WebAddresses } from '../hosts-and-origins.ts'
import { HttpRefusal } from '../http-errors.ts'
import type { CountWrongSecret } from '../request-source.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { createSessions, type Sessions } from '../sessions.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import { readyFor } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { createAccessPages } from './access.ts'
import { createApiKeyPages } from './api-keys.ts'
import { createApprovalLinkPages, createApprovalPages } from './approvals.ts'
import { createAssets } from './assets.ts'
import { createCallbackResults } from './callback-results.ts'
import { createConsentPages } from './consent.ts'
import { createConsentLinkPages } from './consent-links.ts'
import { createDiagnosisPages } from './diagnosis.ts'
import { errorPageHandler } from './error-page.ts'
import { createExplainPages } from './explain.ts'
import { createFormAnswers, type FormAnswers } from './form-answers.ts'
import { createJournalPages } from './journal.ts'
import { createPageSender, type PageSender } from './layout.ts'
import { createLoginPages } from './logins.ts'
import { createMailboxPages } from './mailboxes.ts'
import { createNewMailboxPages } from './new-mailbox.ts'
import { createPageContexts, type PageContexts } from './page-context.ts'
import { createProviderPages } from './providers.ts'
import { createCertificatePages } from './registration-certificate.ts'
import { createRegistrationPages } from './registrations.ts'
import { createProviderSignInPages, createSignInCompletion, createSignInPages } from './sign-in.ts'
import {
  createConsentCookie,
  createPendingOrigins,
  createStartConsent,
  type StartConsent,
} from './start-consent.ts'
import { createTestMessagePages } from './test-message.ts'
import { createTracePages } from './traces.ts'

export interface PagesDeps extends WebAddresses {
  hosts: HostAllowList
  signInLinks: SignInLinks
  services: Pick<
    WebServices,
    | 'mailboxes'
    | 'logins'
    | 'apiKeys'
    | 'approvals'
    | 'pageAccess'
    | 'pagePasswords'
    | 'pageSignIns'
    | 'keyedHash'
    | 'catalogue'
    | 'suggestProvider'
    | 'registrations'
    | 'ownCertificates'
    | 'confirmations'
    | 'consent'
    | 'notices'
    | 'sendTestMessage'
    | 'doctor'
    | 'smtp'
    | 'networkAccess'
    | 'journal'
    | 'traces'
    | 'passing'
  >
  markAuthenticated: MarkAuthenticated
  countWrong: CountWrongSecret
  clock: Clock
  log: Log
  version: string
  /** Who runs postern, as people who consent know them. */
  organisation?: string | undefined
}

/** All pages, and the handler of their errors. */
export function createPages(deps: PagesDeps): { router: Router; errorHandler: ErrorRequestHandler } {
  const { publicUrl, pagesUrl, hosts, services, clock, log, version } = deps
  const { consent, keyedHash, pageSignIns } = services
  const answers = createFormAnswers(services.passing)
  const { organisation } = deps
  const senderAt = (url: URL) =>
    createPageSender({
      ...{ basePath: url.pathname.replace(/\/$/, ''), version, organisation },
      wordsFor: answers.arrived,
    })
  const [pages, consentPages] = [senderAt(pagesUrl), senderAt(publicUrl)]
  const sessions = createSessions({
    publicUrl: pagesUrl,
    store: services.pageAccess,
    keyedHash,
    markAuthenticated: deps.markAuthenticated,
    clock,
    roleOf: (person, providerId) => pageSignIns.roleOf(person, providerId),
  })
  const cookie = createConsentCookie(publicUrl)
  const pendingOrigins = createPendingOrigins(services.passing)
  const results = createCallbackResults(services.passing)
  const startConsent = createStartConsent({ consent, cookie, pendingOrigins, pages: consentPages })
  const signingIn = { signIns: pageSignIns, sessions, cookie, publicUrl, pagesUrl, hosts }
  const redirectUri = redirectUriOf(publicUrl)

  const router = exactRouter()
  router.use(createAssets())
  router.use((request, _response, next) => readyFor(request).then(() => next(), next))
  router.use(atTheirAddress(deps))
  router.post('/{*path}', sameOrigin(hosts))
  const { signInLinks, countWrong } = deps
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
      pageSignIns,
      completeSignIn,
      startConsent,
      cookie,
      pendingOrigins,
      results,
      answers,
      pages: consentPages,
      pagesUrl,
      redirectUri,
      organisation,
      countWrong,
    }),
  )
  router.use(createApprovalLinkPages({ approvals: services.approvals, pages: consentPages, countWrong }))
  router.use(createProviderSignInPages({ ...signingIn, pages }))
  const contexts = createPageContexts(sessions, pages, answers, deps.services.confirmations)
  router.use(createShownPages(contexts, answers))
  router.use(createAdministration(deps, { sessions, contexts, pages, startConsent }))
  router.use(() => {
    throw new HttpRefusal(404, filled('web.no-such-page'))
  })
  const [errorHandler, consentErrorHandler] = [
    errorPageHandler({ pages, sessions, log }),
    errorPageHandler({ pages: consentPages, log }),
  ]
  return {
    router,
    errorHandler: (error, request, response, next) =>
      (hosts.isPages(request.headers.host) ? errorHandler : consentErrorHandler)(
        error,
        request,
        response,
        next,
      ),
  }
}

/** What a form has kept to be shown now, for the browser that sent the form. */
function createShownPages(contexts: PageContexts, answers: Pick<FormAnswers, 'find'>): Router {
  const router = exactRouter()
  router
    .route('/shown/:id')
    .get(async (request, response) => {
      const { session, pages } = await contexts.toSee(request)
      const answer = await answers.find(session.id, request.params.id)
      if (!answer) throw failure('page.shown-no-more')
      const page = pages.begin(response, { ...answer.page, session })
      for await (const piece of answer.pieces()) page.add(piece)
      page.end()
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}

interface Administration {
  sessions: Sessions
  contexts: PageContexts
  pages: PageSender
  startConsent: StartConsent
}

/** The pages for signed-in people, and those to sign in. */
function createAdministration(
  { publicUrl, pagesUrl, services, signInLinks, countWrong, clock, log }: PagesDeps,
  { sessions, contexts, pages, startConsent }: Administration,
): Router {
  const { pageAccess, pagePasswords, pageSignIns, keyedHash } = services
  const redirectUri = redirectUriOf(publicUrl)
  const router = exactRouter()
  const knownBrowsers = createKnownBrowsers({ publicUrl: pagesUrl, keyedHash, clock })
  router.use(
    createSignInPages({
      signIns: pageSignIns,
      pagesUrl,
      pages,
      sessions,
      knownBrowsers,
      pagePasswords,
      signInLinks,
      countWrong,
      log,
    }),
  )
  const startHere = isElsewhere({ publicUrl, pagesUrl }) ? undefined : startConsent
  router.use(createNewMailboxPages({ services, startConsent: startHere, contexts }))
  router.use(createMailboxPages({ services, startConsent: startHere, contexts, clock }))
  router.use(createTestMessagePages({ services, contexts }))
  router.use(createDiagnosisPages({ services, contexts }))
  router.use(createProviderPages({ services, contexts, redirectUri }))
  router.use(createCertificatePages({ services, contexts }))
  router.use(createRegistrationPages({ services, contexts }))
  router.use(createLoginPages({ services, contexts, clock }))
  router.use(createTracePages({ services, contexts }))
  router.use(createApiKeyPages({ services, contexts }))
  router.use(createConsentLinkPages({ services, contexts }))
  router.use(createApprovalPages({ services, contexts }))
  router.use(createJournalPages({ services, contexts }))
  router.use(createExplainPages({ services, contexts }))
  const access = { pageAccess, sessions, pagePasswords, knownBrowsers, signInLinks, contexts, log }
  router.use(createAccessPages(access))
  return router
}

function isElsewhere({ publicUrl, pagesUrl }: WebAddresses): boolean {
  return publicUrl.host !== pagesUrl.host
}

/**
 * Redirects a page to the host name that it belongs to. The provider sends the browser back to the
 * public name, and cookies belong to one name: a consent that started at another name would end
 * without its cookie. Where the administration pages have a name of their own, only they are there,
 * and they are nowhere else. The target is always our own address.
 */
function atTheirAddress({ publicUrl, pagesUrl, hosts }: WebAddresses & { hosts: HostAllowList }): Router {
  const router = exactRouter()
  const atPublic = atAddress(publicUrl, hosts.isPublic)
  if (!isElsewhere({ publicUrl, pagesUrl })) {
    router.get(
      ['/sign-in', '/sign-in/:token', '/consent/:link', '/approve/:link', '/mailboxes/:address'],
      atPublic,
    )
    return router
  }
  const ofConsents = [
    '/consent/:link',
    '/approve/:link',
    '/oauth/callback',
    '/oauth/paste',
    '/oauth/result/:id',
  ]
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
    throw new HttpRefusal(421, filled('web.at-other-address', { address: there }))
  }
}
