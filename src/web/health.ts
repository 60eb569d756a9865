import type { Router } from 'express'
import type { Log } from '../base/log.ts'
import { allowOnly } from './allow-only.ts'
import { exactRouter } from './exact-router.ts'
import { logFailure } from './log-failure.ts'

/** For whoever watches the process: `/healthz` (it serves) and `/readyz` (it can do its work). They tell no details. */
export function createHealth({ ready, log }: { ready: () => Promise<void>; log: Log }): Router {
  const router = exactRouter()

  router
    .route('/healthz')
    .get((_request, response) => {
      response.json({ status: 'ok' })
    })
    .all(allowOnly('GET', 'HEAD'))

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
    .all(allowOnly('GET', 'HEAD'))

  return router
}
