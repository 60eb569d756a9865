import express, { type Express, type Request, type RequestHandler, type Router } from 'express'
import helmet from 'helmet'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { redirectUriOf } from '../consent/service.ts'
import { apiRoutes, createApi } from './api/api.ts'
import type { MarkAuthenticated } from './connections.ts'
import { checkHost, createHostAllowList, type WebAddresses } from './hosts-and-origins.ts'
import { logFailure, problemHandler } from './http-errors.ts'
import { createPages } from './pages/pages.ts'
import { believeProxies, createWrongSecretCount, type IsProxy } from './request-source.ts'
import { exactRouter, methodNotAllowed, plainPath } from './routing.ts'
import type { SignInLinks } from './sign-in-links.ts'
import type { WebServices } from './web-services.ts'

export interface WebAppDeps extends WebAddresses {
  /** The ports that are listened on, for the list of allowed hosts. */
  ports: () => readonly number[]
  /** Who may say for whom it asks. */
  isProxy: IsProxy
  signInLinks: SignInLinks
  services: WebServices
  markAuthenticated: MarkAuthenticated
  ready: () => Promise<void>
  clock: Clock
  log: Log
  version: string
}

/** The order of things: headers, host and path, then health, API and pages. */
export function createWebApp({
  publicUrl,
  pagesUrl,
  ports,
  isProxy,
  signInLinks,
  services,
  markAuthenticated,
  ready,
  clock,
  log,
  version,
}: WebAppDeps): Express {
  const hosts = createHostAllowList({ publicUrl, pagesUrl }, ports)
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.enable('case sensitive routing')
  app.enable('strict routing')
  believeProxies(app, isProxy)

  app.use(securityHeaders(publicUrl, pagesUrl))
  app.use(checkHost(hosts, publicUrl))
  app.use(withoutBasePath(({ headers }) => (hosts.isPages(headers.host) ? pagesUrl : publicUrl)))
  app.use(plainPath)
  app.use(createHealth({ ready, log }))
  const countWrong = createWrongSecretCount(services.guard)
  const redirectUri = redirectUriOf(publicUrl)
  const routes = apiRoutes({ services, redirectUri, signInLinks, log })
  app.use(
    '/api',
    createApi({ bearers: { apiKeys: services.apiKeys, markAuthenticated, countWrong }, routes, log }),
  )
  const pages = createPages({
    publicUrl,
    pagesUrl,
    hosts,
    signInLinks,
    services,
    markAuthenticated,
    countWrong,
    clock,
    log,
    version,
  })
  app.use(pages.router)
  app.use(['/api', '/healthz', '/readyz'], problemHandler(log))
  app.use(pages.errorHandler)
  return app
}

// Behind a proxy postern may live below a path of the address that browsers use; whether the proxy takes it off or not is the same here.
function withoutBasePath(addressOf: (request: Request) => URL): RequestHandler {
  return (request, _response, next) => {
    const basePath = addressOf(request).pathname.replace(/\/$/, '')
    if (basePath !== '' && request.url.startsWith(`${basePath}/`))
      request.url = request.url.slice(basePath.length)
    next()
  }
}

const twoYearsInSeconds = 63_072_000

/** What every answer carries: no script but ours, no frame, no store, no referrer, no guessing of types. */
export function securityHeaders(...urls: readonly URL[]): RequestHandler[] {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        // The script loads pages that change by themselves again.
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // Only for our own name: whether its subdomains have TLS is not ours to promise. Where it comes without TLS, browsers overlook it.
    strictTransportSecurity: urls.some(({ protocol }) => protocol === 'https:')
      ? { maxAge: twoYearsInSeconds, includeSubDomains: false }
      : false,
  })
  return [
    headers,
    (_request, response, next) => {
      response.set('Cache-Control', 'no-store')
      next()
    },
  ]
}

/** For whoever watches the process: `/healthz` (it serves) and `/readyz` (it can do its work). They tell no details. */
export function createHealth({ ready, log }: { ready: () => Promise<void>; log: Log }): Router {
  const router = exactRouter()

  router
    .route('/healthz')
    .get((_request, response) => {
      response.json({ status: 'ok' })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/readyz')
    .get(async (request, response) => {
      try {
        await ready()
        response.json({ status: 'ready' })
      } catch (error) {
        logFailure(log, error, request)
        response.status(503).json({ status: 'not ready' })
      }
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  return router
}
