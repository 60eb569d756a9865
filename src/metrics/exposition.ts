import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { LineFields } from '../base/log.ts'
import { journalEvents } from '../journal/events.ts'
import type { EndedRequest } from '../net/http-fetch.ts'
import type { TokenRequest } from '../providers/oauth/oauth-clients.ts'
import { createGauges, type LookedUp } from './gauges.ts'

/** Takes note of what happens. */
interface Seen {
  line(fields: LineFields): void
  httpRequest(request: EndedRequest): void
  tokenRequest(request: TokenRequest): void
}

export interface MetricsText {
  contentType: string
  text: string
}

interface Exposition {
  seen: Seen
  read(): Promise<MetricsText>
}

/** A registry of its own, with everything that postern tells about itself and what Node.js tells about the process. */
export function createExposition(lookedUp: LookedUp, worker?: number): Exposition {
  const registry = new Registry()
  if (worker !== undefined) registry.setDefaultLabels({ worker: String(worker) })
  collectDefaultMetrics({ register: registry })
  const seen = createSeen(registry)
  const gauges = createGauges(registry, lookedUp)
  return {
    seen,
    async read() {
      await gauges.look()
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

/** In seconds. */
const waitingBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 20, 60]
const providerBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** Those of OpenTelemetry for `http.client.request.duration`. */
const httpBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** What a line about a message means for it. */
const outcomes: Readonly<Record<string, string>> = {
  'message.sent': 'sent',
  'message.refused': 'refused',
  'message.failed': 'failed',
  'message.cut': 'cut',
  'message.not-taken': 'not-taken',
  'message.given-up': 'given-up',
}

/** What a line about a sign-in means, and at which server it was. */
const signInEvents: Readonly<Record<string, readonly [server: string, outcome: string]>> = {
  'sign-in.done': ['smtp', 'done'],
  'sign-in.refused': ['smtp', 'refused'],
  'sign-in.admitted': ['network', 'done'],
  'sign-in.not-admitted': ['network', 'refused'],
  'page.signed-in': ['pages', 'done'],
  'page.sign-in-refused': ['pages', 'refused'],
}

function createSeen(registry: Registry): Seen {
  const registers = [registry]
  const events = new Counter({
    name: 'postern_events_total',
    help: 'Events of the log, as the journal names them',
    labelNames: ['event'],
    registers,
  })
  // From the beginning: of a series that comes with its first event, nobody can say by how much it has increased.
  for (const event of Object.keys(journalEvents)) events.inc({ event }, 0)
  const messages = new Counter({
    name: 'postern_messages_total',
    help: 'Messages by what became of them: sent, refused by the provider, failed, cut off by the client, not taken by postern, given up before there was a message',
    labelNames: ['provider', 'outcome', 'error_type'],
    registers,
  })
  const recipients = new Counter({
    name: 'postern_message_recipients_total',
    help: 'Recipients of sent messages',
    labelNames: ['provider'],
    registers,
  })
  const octets = new Counter({
    name: 'postern_message_bytes_total',
    help: 'Octets of sent messages',
    labelNames: ['provider'],
    registers,
  })
  const waiting = new Histogram({
    name: 'postern_message_waiting_seconds',
    help: 'How long messages waited in postern for a connection to the provider, or until its rate let them leave',
    labelNames: ['provider'],
    buckets: waitingBuckets,
    registers,
  })
  const atProvider = new Histogram({
    name: 'postern_message_provider_seconds',
    help: 'How long the provider took for its replies to a message, all of them together',
    labelNames: ['provider'],
    buckets: providerBuckets,
    registers,
  })
  const signIns = new Counter({
    name: 'postern_sign_ins_total',
    help: 'Sign-ins of applications (smtp), of those that need no password (network), and of people (pages)',
    labelNames: ['server', 'outcome', 'error_type'],
    registers,
  })
  const tokenRequests = new Counter({
    name: 'postern_token_requests_total',
    help: 'Requests for tokens by what came of them',
    labelNames: ['provider', 'flow', 'outcome'],
    registers,
  })
  const httpRequests = new Histogram({
    name: 'http_client_request_duration_seconds',
    help: 'Duration of HTTP client requests, most of them for tokens (http.client.request.duration of OpenTelemetry)',
    labelNames: [
      'http_request_method',
      'server_address',
      'server_port',
      'http_response_status_code',
      'error_type',
    ],
    buckets: httpBuckets,
    registers,
  })
  const hosts = atMost(mostHosts)

  function message(outcome: string, fields: LineFields): void {
    const provider = text(fields.provider) ?? 'unknown'
    messages.inc({ provider, outcome, ...errorType(fields) }, countOf(fields))
    // What stands for several was measured for none of them.
    if (fields.more !== undefined || fields.provider === undefined) return
    const { recipients: accepted, octets: size, waitingMilliseconds, providerMilliseconds } = fields
    if (typeof waitingMilliseconds === 'number') waiting.observe({ provider }, waitingMilliseconds / 1000)
    if (typeof providerMilliseconds === 'number')
      atProvider.observe({ provider }, providerMilliseconds / 1000)
    if (outcome !== 'sent') return
    if (typeof accepted === 'number') recipients.inc({ provider }, accepted)
    if (typeof size === 'number') octets.inc({ provider }, size)
  }

  return {
    line(fields) {
      const { event } = fields
      if (typeof event !== 'string') return
      events.inc({ event }, countOf(fields))
      const outcome = outcomes[event]
      if (outcome !== undefined) message(outcome, fields)
      const signIn = signInEvents[event]
      if (signIn)
        signIns.inc({ server: signIn[0], outcome: signIn[1], ...errorType(fields) }, countOf(fields))
    },
    httpRequest({ url: { hostname, port, protocol }, method, seconds, status }) {
      const labels = {
        http_request_method: method,
        server_address: hosts(hostname),
        server_port: port || (protocol === 'https:' ? 443 : 80),
        ...(status === undefined ? { error_type: 'no-response' } : { http_response_status_code: status }),
        ...(status !== undefined && status >= 400 && { error_type: String(status) }),
      }
      httpRequests.observe(labels, seconds)
    },
    tokenRequest: ({ provider, flow, outcome }) => tokenRequests.inc({ provider, flow, outcome }),
  }
}

/** Refusals that are alike are counted by the log itself, and told as one. */
function countOf({ more }: LineFields): number {
  return typeof more === 'number' ? more : 1
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Why it was not done: the code of a failure, or the class of the provider's reply. Nothing that strangers can choose. */
function errorType({ event, reason, code }: LineFields): { error_type?: string } {
  if (event === 'message.refused' && typeof code === 'number')
    return { error_type: `${Math.floor(code / 100)}xx` }
  const known = text(reason)
  return known !== undefined && /^[a-z][a-z-]{1,40}$/.test(known) ? { error_type: known } : {}
}

/** Providers, webhook and what discovery leads to: far fewer, unless a setting is odd. */
const mostHosts = 50

/** The first so many different values; `other` for the rest. */
function atMost(most: number): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    if (known.size < most) known.add(value)
    return known.has(value) ? value : 'other'
  }
}
