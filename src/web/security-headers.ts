import type { RequestHandler } from 'express'
import helmet from 'helmet'

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
