import type { RequestListener } from 'node:http'
import { lazy } from '../base/async.ts'
import type { WebAppParts } from './web-app.ts'

/**
 * The pages and the API, loaded with the first request: express and zod alone take longer than all else that a start waits for, and
 * a postern that only relays mail never needs them.
 */
export function createLateApp(parts: WebAppParts): RequestListener {
  let app: RequestListener | undefined
  const load = lazy(async () => {
    const { createWebApp } = await import('./web-app.ts')
    app = createWebApp(parts)
    return app
  })

  return (request, response) => {
    if (app) return app(request, response)
    load().then(
      (loaded) => loaded(request, response),
      (error: unknown) => {
        parts.log.error({ err: error }, 'the pages and the API cannot be loaded')
        response.writeHead(500, { 'Cache-Control': 'no-store' }).end()
      },
    )
  }
}
