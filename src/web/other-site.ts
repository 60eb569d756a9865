import type { Request } from 'express'

/** What a browser asks for to show it within a page, not as one (Fetch Metadata, `Sec-Fetch-Dest`). */
const partsOfPages =
  /^(image|iframe|frame|embed|object|script|style|font|audio|video|track|manifest|fencedframe)$/

/** Whether a browser says that another site's page made it ask, or that it asks for a part of a page. Programs say nothing of that kind. */
export function comesFromOtherSite(request: Pick<Request, 'get' | 'headers'>): boolean {
  const site = request.get('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') return true
  if (partsOfPages.test(request.get('sec-fetch-dest') ?? '')) return true
  // Our own pages give no referrer, and their forms then have an opaque origin.
  if (site === 'same-origin') return false
  const { host = '' } = request.headers
  return [request.get('origin'), request.get('referer')].some(
    (from) => from !== undefined && isForeign(from, host),
  )
}

function isForeign(from: string, host: string): boolean {
  // An opaque origin, too.
  return !URL.canParse(from) || new URL(from).host !== host.toLowerCase()
}
