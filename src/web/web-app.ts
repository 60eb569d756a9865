import express, { type Express, type Request, type RequestHandler, type Router } from 'express'
import helmet from 'helmet'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { redirectUriOf } from '../consent/consent-service.ts'
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
  /** The ports that are open, for the list of allowed hosts. */
  ports: () => readonly number[]
  /** Whose `X-Forwarded-For` is believed. */
  isProxy: IsProxy
  signInLinks: SignInLinks
  services: WebServices
  markAuthenticated: MarkAuthenticated
  ready: () => Promise<void>
  clock: Clock
  log: Log
  version: string
}

/** The web application, in this order: headers, host and path, then health, API and pages. */
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
  const countWrong = createWrongSecretCount(services.throttle)
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

// Behind a proxy, postern may be mounted below a path of the public address. It works whether or
// not the proxy strips that path.
function withoutBasePath(addressOf: (request: Request) => URL): RequestHandler {
  return (request, _response, next) => {
    const basePath = addressOf(request).pathname.replace(/\/$/, '')
    if (basePath !== '' && request.url.startsWith(`${basePath}/`))
      request.url = request.url.slice(basePath.length)
    next()
  }
}

const twoYearsInSeconds = 63_072_000

/**
 * The headers of every response: only our own script, no frames, no caching, no referrer, no
 * content sniffing.
 */
export function securityHeaders(...urls: readonly URL[]): RequestHandler[] {
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        // The script reloads pages whose content changes.
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // Only for our own name: postern cannot promise TLS for its subdomains. Browsers ignore this
    // header on plain HTTP.
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

/**
 * For monitoring: `/healthz` (the process serves) and `/readyz` (it can do its work). They give no
 * details.
 */
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
