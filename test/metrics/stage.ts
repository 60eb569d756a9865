import type { LineFields } from '../../src/base/log.ts'
import type { LookedUp } from '../../src/metrics/gauges.ts'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts'
import type { EndedRequest } from '../../src/net/http-fetch.ts'
import type { TokenRequest } from '../../src/providers/oauth/oauth-clients.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import type { Store } from '../../src/store/ports.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { parseMetrics, type Scrape } from '../support/metrics-text.ts'
import { registeredProvider } from '../support/registered-provider.ts'

export interface MetricsStage {
  metrics: Metrics
  read(): Promise<Scrape>
  clock: ReturnType<typeof createManualClock>
  store: Store
  /** What happens; nothing of it is seen before counting has begun. */
  says: {
    line(fields: LineFields): void
    request(request: EndedRequest): void
    token(request: TokenRequest): void
  }
  /** How often something was asked for. */
  asked: { watch: number; mailboxes: number }
}

/** Metrics over a real store, where everything else is as the test says. */
export function createMetricsStage(
  over: Partial<LookedUp> = {},
  providers: readonly Partial<RegisteredProvider>[] = [{}],
): MetricsStage {
  const clock = createManualClock()
  const store = createMemoryStore()
  const all = providers.map((one) => ({ ...registeredProvider({ id: one.id ?? 'custom' }), ...one }))
  const asked = { watch: 0, mailboxes: 0 }
  const seen: { line?: (fields: LineFields) => void } & {
    request?: (request: EndedRequest) => void
    token?: (request: TokenRequest) => void
  } = {}
  const metrics = createMetrics(
    {
      version: '1.2.3',
      sessions: () => ({ open: 0, total: 0 }),
      activeMailboxes: () => [],
      tokenPauses: () => [],
      mailboxes: {
        list() {
          asked.mailboxes += 1
          return store.mailboxes.list()
        },
      },
      grants: store.grants,
      conditions: async () => [{ provider: 'one', condition: 'failing' }],
      catalogue: {
        list: () => all.map((provider) => ({ provider, registered: true })),
        registered: (id) => all.find((one) => one.id === id) ?? registeredProvider({ id }),
      },
      isReady: async () => true,
      namedMailboxes: 0,
      clock,
      ...over,
    },
    {
      lines(see) {
        asked.watch += 1
        seen.line = see
      },
      httpRequests(see) {
        seen.request = see
      },
      tokenRequests(see) {
        seen.token = see
      },
    },
  )
  return {
    metrics,
    read: async () => parseMetrics((await metrics.read()).text),
    clock,
    store,
    says: {
      line: (fields) => seen.line?.(fields),
      request: (request) => seen.request?.(request),
      token: (request) => seen.token?.(request),
    },
    asked,
  }
}
