import type { Express, Request, RequestHandler } from 'express'
import express from 'express'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { redirectUriOf } from '../consent/consent-links.ts'
import { createApi } from './api/api.ts'
import { apiRoutes } from './api/api-routes.ts'
import type { NoteProof } from './connections.ts'
import { createHealth } from './health.ts'
import { checkHost, createHostAllowList, type WebAddresses } from './host-allow-list.ts'
import { createPages } from './pages/pages.ts'
import { plainPath } from './plain-path.ts'
import { problemHandler } from './problem.ts'
import { securityHeaders } from './security-headers.ts'
import type { SignInLinks } from './sign-in-links.ts'
import { believeProxies, type IsProxy } from './source-key.ts'
import type { WebServices } from './web-services.ts'
import { createWrongSecretCount } from './wrong-secret.ts'

export interface WebAppParts extends WebAddresses {
  /** The ports that are listened on, for the list of allowed hosts. */
  ports: () => readonly number[]
  /** Who may say for whom it asks. */
  isProxy: IsProxy
  signInLinks: SignInLinks
  services: WebServices
  noteProof: NoteProof
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
  noteProof,
  ready,
  clock,
  log,
  version,
}: WebAppParts): Express {
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
  app.use('/api', createApi({ bearers: { apiKeys: services.apiKeys, noteProof, countWrong }, routes, log }))
  const pages = createPages({
    publicUrl,
    pagesUrl,
    hosts,
    signInLinks,
    services,
    noteProof,
    countWrong,
    clock,
    log,
    version,
  })
  app.use(pages.router)
  app.use(['/api', '/healthz', '/readyz'], problemHandler(log))
  app.use(pages.mistakes)
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
