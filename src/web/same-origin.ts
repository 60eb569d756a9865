import type { RequestHandler } from 'express'
import type { HostAllowList } from './host-allow-list.ts'
import { HttpRefusal } from './http-refusal.ts'

/**
 * Refuses a form that another site's page sent. Browsers say where a form comes from by `Sec-Fetch-Site` (to trustworthy
 * addresses) and by `Origin`; a request with neither comes from a program, which carries nobody's cookies by accident.
 * @throws HttpRefusal 403
 */
export function sameOrigin(list: HostAllowList): RequestHandler {
  return (request, _response, next) => {
    const site = request.get('sec-fetch-site')
    const origin = request.get('origin')
    const ownSite = site === undefined || site === 'same-origin'
    // An opaque origin is what a browser sends for a page with a strict referrer policy; only its Sec-Fetch-Site tells more.
    const ownOrigin =
      origin === undefined ||
      (origin === 'null' && site === 'same-origin') ||
      list.allowsOrigin(origin, request.headers.host)
    if (ownSite && ownOrigin) return next()
    throw new HttpRefusal(403, 'This form was sent by a page of another site', {
      fix: 'Open the page at its own address and send the form from there.',
    })
  }
}
