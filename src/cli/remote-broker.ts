import { type IncomingMessage, request } from 'node:http'
import { request as requestSealed } from 'node:https'
import { createInterface } from 'node:readline'
import type { ConnectionOptions } from 'node:tls'
import { Failure, type FailureCode, failure, isFailureId } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import type { Finding } from '../diagnosis/finding.ts'
import type { RotationStep } from '../store/keyring.ts'
import type { RunningBroker, ToldStep } from './context.ts'
import { exitCodes } from './terminal.ts'

/**
 * Where the running postern is asked: its socket, or a port of loopback and what proves the one end
 * to the other.
 */
export type BrokerAddress = { socketPath: string } | (ConnectionOptions & { host: string; port: number })

interface Answer {
  status: number
  text: string
  /** Processes that have not taken the change up. */
  unconfirmed?: string
}

/**
 * The running postern, asked through its command server. Only the owner gets there, so
 * that no key is sent. Its problem documents (RFC 9457) become Failures again.
 */
/** @param warn called with what has to be known of an answer */
export function createRemoteBroker(
  address: BrokerAddress,
  warn: (warnings: readonly string[]) => void = () => {},
): RunningBroker {
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const { text } = await checked(method, path, body)
    if (text === '') return undefined as T
    return (parseObject(text) ?? refuseStranger()) as T
  }

  async function checked(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await ask(address, method, `/api/v1${path}`, body)
    if (answer.status < 200 || answer.status > 299) throw failureOf(answer)
    const { unconfirmed } = answer
    if (unconfirmed !== undefined)
      warn([`It is done, and not confirmed by ${unconfirmed}: what was before may count there for a while.`])
    return answer
  }

  return {
    mailboxes: {
      add: ({ refreshToken, ...rest }) =>
        call('POST', '/mailboxes', { ...rest, ...(refreshToken && { refreshToken: refreshToken.reveal() }) }),
      show: (address) => call('GET', mailboxPath(address)),
      list: async () => (await call<{ mailboxes: never[] }>('GET', '/mailboxes')).mailboxes,
      remove: (address) => call('DELETE', mailboxPath(address)),
    },
    logins: {
      async add({ password, ...rest }) {
        const body = { ...rest, ...(password && { password: password.reveal() }) }
        return withSecret(await call('POST', '/logins', body), 'password')
      },
      async list(mailbox) {
        const path = mailbox === undefined ? '/logins' : `${mailboxPath(mailbox)}/logins`
        return (await call<{ logins: never[] }>('GET', path)).logins
      },
      async page({ group: state, most: limit, failing: _failing, ...query }) {
        const { logins, found } = await call<{ logins: never[]; found: number }>(
          'GET',
          `/logins?${queryOf({ ...query, state, limit })}`,
        )
        return { logins, found }
      },
      show: (id) => call('GET', loginPath(id)),
      revoke: (id) => call('DELETE', loginPath(id)),
      allow: (id, senders) => call('POST', `${loginPath(id)}/senders`, { senders }),
      set: (id, options) => call('POST', `${loginPath(id)}/mending`, options),
    },
    apiKeys: {
      add: async (wanted) => withSecret(await call('POST', '/api-keys', wanted), 'key'),
      list: async () => (await call<{ apiKeys: never[] }>('GET', '/api-keys')).apiKeys,
      revoke: (id) => call('DELETE', `/api-keys/${encodeURIComponent(id)}`),
    },
    registrations: {
      list: async () => (await call<{ registrations: never[] }>('GET', '/registrations')).registrations,
      show: (id) => call('GET', registrationPath(id)),
      add: (request) => call('POST', '/registrations', opened(request)),
      set: (id, changes) => call('PATCH', registrationPath(id), opened(changes)),
      remove: (id, { force = false } = {}) =>
        call('DELETE', `${registrationPath(id)}${force ? '?force=true' : ''}`),
      check: (id) => call('POST', `${registrationPath(id)}/check`),
    },
    ownCertificates: {
      show: (id) => call('GET', `${registrationPath(id)}/certificate`),
      make: (id, request = {}) => call('POST', `${registrationPath(id)}/certificate`, request),
      tryNow: (id) => call('POST', `${registrationPath(id)}/certificate/tries`),
    },
    keyring: async () => ({
      list: async () => (await call<{ keys: never[] }>('GET', '/keyring')).keys,
      async *rotate() {
        for await (const line of askForLines(address, '/api/v1/keyring/rotations', {}))
          yield (parseObject(line) ?? refuseStranger()) as RotationStep
      },
    }),
    async backup() {
      const incoming = await send(address, 'POST', '/api/v1/backups', undefined)
      if (incoming.statusCode !== 200) throw failureOf(await whole(incoming))
      return pieces(incoming)
    },
    health: () => call('GET', '/health'),
    tryMailbox: (mailbox) => call('POST', `${mailboxPath(mailbox)}/tries`),
    createConsentLink: (mailbox) => call('POST', `${mailboxPath(mailbox)}/consent-links`),
    beginConsent: async (mailbox) =>
      withSecret(await call('POST', `${mailboxPath(mailbox)}/consents`), 'consent'),
    completeConsent({ authorizationUrl, consent }, answer) {
      const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
      return call('POST', '/consents', { consent: consent.reveal(), state, answer })
    },
    beginDeviceConsent: (mailbox) => call('POST', `${mailboxPath(mailbox)}/device-consents`),
    deviceConsent: (id) => call('GET', `/device-consents/${encodeURIComponent(id)}`),
    createAdminConsentLink: (id) => call('POST', `/providers/${encodeURIComponent(id)}/admin-consent-links`),
    consentLinks: async () => (await call<{ consentLinks: never[] }>('GET', '/consent-links')).consentLinks,
    revokeConsentLink: (id) => call('DELETE', `/consent-links/${encodeURIComponent(id)}`),
    journal: (filters) => call('GET', `/journal?${queryOf(filters)}`),
    verifyJournal: () => call('GET', '/journal/verification'),
    setLogLevel: (level) => call('POST', '/log-level', { level }),
    beginTrace: (request) => call('POST', '/traces', request),
    readTrace: (id, after) => call('GET', `/traces/${encodeURIComponent(id)}?after=${after}`),
    endTrace: (id) => call('DELETE', `/traces/${encodeURIComponent(id)}`),
    checkProvider: (id) => call('POST', `/providers/${encodeURIComponent(id)}/checks`),
    async *diagnose(mailbox, sendTo) {
      const body = { ...(sendTo !== undefined && { sendTo }) }
      const path = `/api/v1${mailboxPath(mailbox)}/diagnosis`
      for await (const line of askForLines(address, path, body))
        yield (parseObject(line) ?? refuseStranger()) as Finding
    },
    async *sendTest(mailbox, asked) {
      for await (const line of askForLines(address, `/api/v1${mailboxPath(mailbox)}/tests`, asked))
        yield (parseObject(line) ?? refuseStranger()) as ToldStep
    },
    createSignInLink: (role) => call('POST', '/sign-in-links', { role }),
    sendConsentLink: (mailbox) => call('POST', `${mailboxPath(mailbox)}/consent-links`, { send: true }),
    async token(mailbox, { minimumLifeSeconds, format }) {
      const query = new URLSearchParams({ format })
      if (minimumLifeSeconds !== undefined) query.set('min_life', String(minimumLifeSeconds))
      return new Secret((await checked('GET', `${mailboxPath(mailbox)}/token?${query}`)).text)
    },
    close: async () => {},
  }
}

function queryOf(filters: object): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, String(value))
  return query
}

function mailboxPath(address: string): string {
  return `/mailboxes/${encodeURIComponent(address)}`
}

function loginPath(id: string): string {
  return `/logins/${encodeURIComponent(id)}`
}

function registrationPath(id: string): string {
  return `/registrations/${encodeURIComponent(id)}`
}

/** Its secrets are texts on the way: nobody else can listen there. */
function opened(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, openedValue(one)]))
}

function openedValue(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return value.map(openedValue)
  return typeof value === 'object' && value !== null ? opened(value) : value
}

/** A secret in an answer is a `Secret` from here on. */
function withSecret<T>(answer: Record<string, unknown>, member: string): T {
  const value = answer[member]
  return (typeof value === 'string' ? { ...answer, [member]: new Secret(value) } : answer) as T
}

async function ask(address: BrokerAddress, method: string, path: string, body?: object): Promise<Answer> {
  return whole(await send(address, method, path, body))
}

async function whole(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(chunk)
  } catch (error) {
    throw unreachable(error)
  }
  const unconfirmed = incoming.headers['postern-unconfirmed']
  return {
    status: incoming.statusCode ?? 0,
    text: Buffer.concat(chunks).toString(),
    ...(typeof unconfirmed === 'string' && { unconfirmed }),
  }
}

/** JSON lines, each as it comes. @throws Failure of a problem document */
async function* askForLines(address: BrokerAddress, path: string, body: object): AsyncGenerator<string> {
  const incoming = await send(address, 'POST', path, body)
  if (incoming.statusCode !== 200) throw failureOf(await whole(incoming))
  try {
    yield* createInterface({ input: incoming, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    throw unreachable(error)
  } finally {
    incoming.destroy()
  }
  // readline ends in peace where the answer was cut off.
  if (!incoming.complete) throw unreachable(new Error('the answer was cut off'))
}

/** The octets of an answer, each as they come. */
async function* pieces(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* incoming
  } catch (error) {
    throw unreachable(error)
  }
  if (!incoming.complete) throw unreachable(new Error('the answer was cut off'))
}

/** How long nothing may come, in milliseconds: longer than anything that a provider is waited for. */
const patience = 180_000

// node:http rather than fetch: it knows sockets and pre-shared keys, and neither redirects nor
// proxies.
function send(
  address: BrokerAddress,
  method: string,
  path: string,
  body: object | undefined,
): Promise<IncomingMessage> {
  const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const headers = {
    host: 'localhost',
    accept: 'application/json',
    ...(octets && { 'content-type': 'application/json', 'content-length': octets.length }),
  }
  return new Promise((resolve, reject) => {
    // Each request on a connection of its own, which is proven before anything is written.
    const begin = 'socketPath' in address ? request : requestSealed
    const options = {
      ...{ ...address, rejectUnauthorized: true, agent: false },
      ...{ method, path, headers, timeout: patience },
    }
    const outgoing = begin(options, resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error('nothing came for three minutes')))
    outgoing.on('error', (cause) => reject(unreachable(cause)))
    outgoing.end(octets)
  })
}

function unreachable(cause: unknown): Failure {
  return failure('command.broker-silent', { cause })
}

function failureOf({ status, text }: Answer): Failure {
  const problem: Problem = parseObject(text) ?? {}
  return failureTold({ detail: `The running postern answered ${status}`, ...problem })
}

/** A failure of the running postern, which may be of another version, again. */
export function failureTold({ failure: id, code, detail = '', fix, retryAfterSeconds }: Problem): Failure {
  return new Failure({
    id: isFailureId(id) ? id : 'command.broker-answer',
    values: {},
    code: code !== undefined && Object.hasOwn(exitCodes, code) ? (code as FailureCode) : 'internal',
    message: detail,
    fix,
    retryAfterSeconds,
  })
}

interface Problem {
  failure?: string
  code?: string
  detail?: string
  fix?: string
  retryAfterSeconds?: number
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function refuseStranger(): never {
  throw failure('command.broker-strange')
}
