import express, { type Express, type Request, type RequestHandler, type Router } from 'express'
import helmet from 'helmet'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { redirectUriOf } from '../consent/consent-service.ts'
import { permits } from '../credentials/scopes.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Confirmations } from '../store/ports.ts'
import { apiRoutes, createApi } from './api/api.ts'
import { type BearerCheck, bearerOf, insufficientScope } from './api/bearer.ts'
import type { MarkAuthenticated } from './connections.ts'
import { createWithConsentLink } from './consent-wanted.ts'
import { checkHost, createHostAllowList, type WebAddresses } from './hosts-and-origins.ts'
import { problemHandler } from './http-errors.ts'
import { createPages } from './pages/pages.ts'
import type { Readiness } from './readiness.ts'
import { believeProxies, createWrongSecretCount, type IsProxy } from './request-source.ts'
import { exactRouter, methodNotAllowed, plainPath } from './routing.ts'
import type { SignInLinks } from './sign-in-links.ts'
import { createTokenExchange } from './token-exchange.ts'
import { createTokenHandOut } from './token-hand-out.ts'
import type { WebServices } from './web-services.ts'

export interface WebAppDeps extends WebAddresses {
  /** The ports that are open, for the list of allowed hosts. */
  ports: () => readonly number[]
  /** Whose `X-Forwarded-For` is believed. */
  isProxy: IsProxy
  signInLinks: SignInLinks
  services: WebServices
  markAuthenticated: MarkAuthenticated
  readiness: Readiness
  metrics: Metrics
  clock: Clock
  log: Log
  version: string
  organisation?: string | undefined
}

/** The web application, in this order: headers, health, host and path, then API and pages. */
export function createWebApp(deps: WebAppDeps): Express {
  const { publicUrl, pagesUrl, ports, isProxy, signInLinks, services, markAuthenticated } = deps
  const { readiness, metrics, clock, log, version, organisation } = deps
  const hosts = createHostAllowList(deps, ports)
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.enable('case sensitive routing')
  app.enable('strict routing')
  believeProxies(app, isProxy)

  app.use(securityHeaders(publicUrl, pagesUrl))
  const health = exactRouter()
  addHealth(health, readiness)
  app.use(healthOnly(health))
  app.use(checkHost(hosts, publicUrl))
  app.use(withoutBasePath(({ headers }) => (hosts.isPages(headers.host) ? pagesUrl : publicUrl)))
  app.use(plainPath)
  if (services.confirmations) app.use(tellUnconfirmed(services.confirmations))
  // Below the path of a public address.
  app.use(health)
  const countWrong = createWrongSecretCount(services.throttle)
  const bearers = { apiKeys: services.apiKeys, markAuthenticated, countWrong }
  app.use(createMetricsRoute(metrics, bearers))
  const redirectUri = redirectUriOf(publicUrl)
  const withConsentLink = createWithConsentLink(services.consent)
  const tokens = createTokenHandOut({ ...services, withConsentLink, log })
  const routes = apiRoutes({
    services,
    withConsentLink,
    redirectUri,
    signInLinks,
    readiness,
    tokens,
    log,
    version,
  })
  app.use('/api', createApi({ bearers, routes, log }))
  app.use(createTokenExchange({ bearers, tokens, log }))
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
    organisation,
  })
  app.use(pages.router)
  app.use(['/api', '/healthz', '/readyz', '/metrics'], problemHandler(log))
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

/**
 * A change is made, and answered as made, also where another process may go on for a while with what was
 * before: a header names those.
 */
function tellUnconfirmed(confirmations: Confirmations): RequestHandler {
  return (_request, response, next) =>
    confirmations.during(() => {
      const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => unknown
      response.writeHead = ((...given: unknown[]) => {
        const missing = confirmations.missing()
        if (missing.length > 0) response.setHeader(unconfirmedHeader, missing.map(inHeader).join(', '))
        return writeHead(...given)
      }) as typeof response.writeHead
      next()
    })
}

const unconfirmedHeader = 'Postern-Unconfirmed'

/** The name of a host may hold anything. */
function inHeader(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?')
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
 * For monitoring: `/healthz` (the process serves) and `/readyz` (it can do its work). They give no details, and nobody has to know the right
 * host name: a probe comes to an address.
 */
function addHealth(router: Pick<Router, 'route'>, readiness: Readiness): void {
  router
    .route('/healthz')
    .get((_request, response) => {
      response.json({ status: 'ok' })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/readyz')
    .get(async (_request, response) => {
      const { ready, worker } = await readiness()
      response
        .status(ready ? 200 : 503)
        .json({ status: ready ? 'ready' : 'not ready', ...(worker !== undefined && { worker }) })
    })
    .all(methodNotAllowed('GET', 'HEAD'))
}

/** What Prometheus reads, with an API key that may read. */
function createMetricsRoute(metrics: Metrics, bearers: BearerCheck): Router {
  const router = exactRouter()
  router
    .route('/metrics')
    .get(async (request, response) => {
      if (!permits(await bearerOf(request, bearers), 'read')) throw insufficientScope('read')
      const { contentType, text } = await metrics.read()
      response.set('Content-Type', contentType).send(text)
    })
    .all(methodNotAllowed('GET', 'HEAD'))
  return router
}

/** These paths have one spelling, and no other is let past the check of the host. */
const asWritten = /^\/(?:healthz|readyz)(?:\?[!-"$-~]*)?$/

/** Lets a router answer before the check of the host, for these paths alone. */
function healthOnly(health: RequestHandler): RequestHandler {
  return (request, response, next) => (asWritten.test(request.url) ? health(request, response, next) : next())
}
