import { lazy } from '../base/async.ts'
import type { LineFields } from '../base/log.ts'
import type { EndedRequest } from '../net/http-fetch.ts'
import type { TokenRequest } from '../providers/oauth/oauth-clients.ts'
import type { MetricsText } from './exposition.ts'
import type { LookedUp } from './gauges.ts'

/** What is counted and measured, as Prometheus reads it. */
export interface Metrics {
  /**
   * A look changes nothing but this: counting begins with the first one, unless it has begun before. Until somebody wants to know, nothing is
   * counted and nothing is loaded for it.
   */
  read(): Promise<MetricsText>
  /** Counts from now on. */
  begin(): Promise<void>
}

/** What tells of each thing that happens. Each is asked once. */
interface Watched {
  lines(see: (fields: LineFields) => void): void
  httpRequests(see: (request: EndedRequest) => void): void
  tokenRequests(see: (request: TokenRequest) => void): void
}

/**
 * @param watched where counting begins with the first look, or with `begin`
 * @param worker its number, where several processes are shown on one page
 */
export function createMetrics(lookedUp: LookedUp, watched: Watched, worker?: number): Metrics {
  const exposition = lazy(async () => {
    const { createExposition } = await import('./exposition.ts')
    const { seen, read } = createExposition(lookedUp, worker)
    watched.lines(seen.line)
    watched.httpRequests(seen.httpRequest)
    watched.tokenRequests(seen.tokenRequest)
    return { read }
  })
  let reading: Promise<MetricsText> | undefined

  async function readNow(): Promise<MetricsText> {
    return (await exposition()).read()
  }

  return {
    // Whoever asks while a look is under way gets what comes of it.
    read() {
      reading ??= readNow().finally(() => {
        reading = undefined
      })
      return reading
    },
    async begin() {
      await exposition()
    },
  }
}
