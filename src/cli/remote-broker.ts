import { type IncomingMessage, request } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import type { AnswerOf, LineOf, OperationName, PathParameters, Sent } from '../api/operations.ts'
import { Failure, type FailureCode, failure, isFailureId } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import type { LimitOptions } from '../credentials/sending-limits.ts'
import type { RunningBroker } from './context.ts'
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
 * @param warn called with what has to be known of an answer
 */
export function createRemoteBroker(
  address: BrokerAddress,
  warn: (warnings: readonly string[]) => void = () => {},
): RunningBroker {
  async function call<Name extends OperationName>(
    name: Name,
    ...[sent]: Given<SentTo<Name>>
  ): Promise<AnswerOf<Name>> {
    const { text } = await checked(requestOf(name, sent))
    const answer = text === '' ? undefined : parseObject(text)
    return answer
  }

  async function checked(asked: AskedRequest): Promise<Answer> {
    const answer = await ask(address, asked)
    if (answer.status < 200 || answer.status > 299) throw failureOf(answer)
    const { unconfirmed } = answer
    if (unconfirmed !== undefined)
      warn([`It is done, and not confirmed by ${unconfirmed}: what was before may count there for a while.`])
    return answer
  }

  async function* lines<Name extends OperationName>(
    name: Name,
    sent: SentTo<Name>,
  ): AsyncGenerator<LineOf<Name>> {
    for await (const line of askForLines(address, requestOf(name, sent))) yield parseObject(line)
  }

  return {
    mailboxes: {
      add: ({ refreshToken, aliases, ...rest }) =>
        call('POST /mailboxes', {
          body: {
            ...rest,
            ...(aliases && { aliases: [...aliases] }),
            ...(refreshToken && { refreshToken: refreshToken.reveal() }),
          },
        }),
      show: (address) => call('GET /mailboxes/:address', { path: { address } }),
      list: async () => [...(await call('GET /mailboxes')).mailboxes],
      remove: (address) => call('DELETE /mailboxes/:address', { path: { address } }),
    },
    logins: {
      async add({ password, mailboxes, senders, networks, map, limits, ...rest }) {
        const body = {
          ...rest,
          mailboxes: [...mailboxes],
          ...(senders && { senders: [...senders] }),
          ...(networks && { networks: [...networks] }),
          ...(map && { map: { ...map } }),
          ...(limits && { limits: limitsBody(limits) }),
          ...(password && { password: password.reveal() }),
        }
        const made = await call('POST /logins', { body })
        const { login, password: generated } = made
        return { login, ...(generated !== undefined && { password: new Secret(generated) }) }
      },
      async list(mailbox) {
        if (mailbox === undefined) return [...(await call('GET /logins')).logins]
        return [...(await call('GET /mailboxes/:address/logins', { path: { address: mailbox } })).logins]
      },
      async page({ group, most: limit, failing: _failing, ...query }) {
        // Of what is failing the journal knows.
        const state = group === 'failing' ? undefined : group
        const { logins, found = 0 } = await call('GET /logins', { query: { ...query, state, limit } })
        return { logins, found }
      },
      show: (id) => call('GET /logins/:id', { path: { id } }),
      revoke: (id) => call('DELETE /logins/:id', { path: { id } }),
      allow: (id, senders) =>
        call('POST /logins/:id/senders', { path: { id }, body: { senders: [...senders] } }),
      set: (id, { map, ...options }) =>
        call('POST /logins/:id/mending', {
          path: { id },
          body: { ...options, ...(map && { map: { ...map } }) },
        }),
      limit: (id, options) => call('POST /logins/:id/limits', { path: { id }, body: limitsBody(options) }),
    },
    apiKeys: {
      async add({ scopes, networks, limits, ...wanted }) {
        const body = {
          ...wanted,
          scopes: [...scopes],
          ...(networks && { networks: [...networks] }),
          ...(limits && { limits: limitsBody(limits) }),
        }
        const { apiKey, key } = await call('POST /api-keys', { body })
        return { apiKey, key: new Secret(key) }
      },
      list: async () => [...(await call('GET /api-keys')).apiKeys],
      revoke: (id) => call('DELETE /api-keys/:id', { path: { id } }),
      limit: (id, options) => call('POST /api-keys/:id/limits', { path: { id }, body: limitsBody(options) }),
    },
    registrations: {
      list: async () => [...(await call('GET /registrations')).registrations],
      show: (id) => call('GET /registrations/:id', { path: { id } }),
      add: (request) => call('POST /registrations', { body: opened(request) }),
      set: (id, changes) => call('PATCH /registrations/:id', { path: { id }, body: opened(changes) }),
      remove: (id, { force = false } = {}) =>
        call('DELETE /registrations/:id', { path: { id }, query: force ? { force: 'true' } : {} }),
      check: (id) => call('POST /registrations/:id/check', { path: { id } }),
    },
    ownCertificates: {
      show: (id) => call('GET /registrations/:id/certificate', { path: { id } }),
      make: (id, request = {}) =>
        call('POST /registrations/:id/certificate', { path: { id }, body: request }),
      tryNow: (id) => call('POST /registrations/:id/certificate/tries', { path: { id } }),
    },
    keyring: async () => ({
      list: async () => (await call('GET /keyring')).keys,
      rotate: () => lines('POST /keyring/rotations', {}),
    }),
    async backup() {
      const incoming = await send(address, requestOf('POST /backups', {}))
      if (incoming.statusCode !== 200) throw failureOf(await whole(incoming))
      return pieces(incoming)
    },
    health: () => call('GET /health'),
    tryMailbox: (mailbox) => call('POST /mailboxes/:address/tries', { path: { address: mailbox } }),
    async createConsentLink(mailbox) {
      const made = await call('POST /mailboxes/:address/consent-links', { path: { address: mailbox } })
      return 'url' in made ? made : refuseStranger()
    },
    async beginConsent(mailbox) {
      const begun = await call('POST /mailboxes/:address/consents', { path: { address: mailbox } })
      return { ...begun, consent: new Secret(begun.consent) }
    },
    completeConsent({ authorizationUrl, consent }, answer) {
      const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
      return call('POST /consents', { body: { consent: consent.reveal(), state, answer } })
    },
    beginDeviceConsent: (mailbox) =>
      call('POST /mailboxes/:address/device-consents', { path: { address: mailbox } }),
    deviceConsent: (id) => call('GET /device-consents/:id', { path: { id } }),
    createAdminConsentLink: (id) => call('POST /providers/:id/admin-consent-links', { path: { id } }),
    consentLinks: async () => [...(await call('GET /consent-links')).consentLinks],
    revokeConsentLink: (id) => call('DELETE /consent-links/:id', { path: { id } }),
    journal: (filters) => call('GET /journal', { query: filters }),
    verifyJournal: () => call('GET /journal/verification'),
    stop: async () => {
      await checked({ method: 'POST', path: '/stop', body: undefined })
    },
    setLogLevel: (level) => call('POST /log-level', { body: { level } }),
    beginTrace: ({ isKept: _isKept, ...request }) => call('POST /traces', { body: request }),
    readTrace: (id, after) => call('GET /traces/:id', { path: { id }, query: { after } }),
    endTrace: (id) => call('DELETE /traces/:id', { path: { id } }),
    checkProvider: (id) => call('POST /providers/:id/checks', { path: { id } }),
    diagnose: (mailbox, sendTo) =>
      lines('POST /mailboxes/:address/diagnosis', {
        path: { address: mailbox },
        body: sendTo === undefined ? {} : { sendTo },
      }),
    sendTest: (mailbox, asked) =>
      lines('POST /mailboxes/:address/tests', { path: { address: mailbox }, body: asked }),
    heldMessages: async () => (await call('GET /approvals')).messages,
    heldMessage: (id) => call('GET /approvals/:id', { path: { id } }),
    decide: (id, decision) => call('POST /approvals/:id/decisions', { path: { id }, body: { decision } }),
    createSignInLink: (role) => call('POST /sign-in-links', { body: { role } }),
    async sendConsentLink(mailbox) {
      const sent = { path: { address: mailbox }, body: { send: true } }
      const made = await call('POST /mailboxes/:address/consent-links', sent)
      return 'deliveries' in made ? made : refuseStranger()
    },
    async token(mailbox, { minimumLifeSeconds, format }) {
      const query = { format, min_life: minimumLifeSeconds }
      const asked = requestOf('GET /mailboxes/:address/token', { path: { address: mailbox }, query })
      return new Secret((await checked(asked)).text)
    },
    close: async () => {},
  }
}

/** What an operation is sent: as its schemas have it before they have read it. */
type SentTo<Name extends OperationName> = PathOf<Name> & QueryOf<Name> & BodyOf<Name>

type PathOf<Name extends OperationName> = [PathParameters<Name>] extends [never]
  ? { path?: never }
  : { path: Record<PathParameters<Name>, string> }

// Every value of a query becomes a text.
type QueryOf<Name extends OperationName> = [Sent<Name, 'query'>] extends [undefined]
  ? { query?: never }
  : {
      query?: {
        [Part in keyof Sent<Name, 'query'>]?:
          | Sent<Name, 'query'>[Part]
          | AsNumber<Sent<Name, 'query'>[Part]>
          | undefined
      }
    }

type AsNumber<Value> = string extends Value ? number : never

type BodyOf<Name extends OperationName> = [Sent<Name, 'body'>] extends [undefined]
  ? { body?: never }
  : undefined extends Sent<Name, 'body'>
    ? { body?: Sent<Name, 'body'> }
    : { body: Sent<Name, 'body'> }

/** Left out where nothing has to be sent. */
type Given<Value> = Record<never, never> extends Value ? [sent?: Value] : [sent: Value]

interface AskedRequest {
  method: string
  path: string
  body: unknown
}

function requestOf(name: OperationName, sent: Loose = {}): AskedRequest {
  const [method = '', template = ''] = name.split(' ')
  const { path = {}, query = {}, body } = sent
  const filledPath = template.replace(/:(\w+)/g, (_all, part: string) => encodeURIComponent(path[part] ?? ''))
  const texts = new URLSearchParams()
  for (const [member, value] of Object.entries(query))
    if (value !== undefined) texts.set(member, String(value))
  const asked = texts.size === 0 ? '' : `?${texts}`
  return { method, path: `/api/v1${filledPath}${asked}`, body }
}

interface Loose {
  path?: Readonly<Record<string, string>> | undefined
  query?: object | undefined
  body?: unknown
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

async function ask(address: BrokerAddress, asked: AskedRequest): Promise<Answer> {
  return whole(await send(address, asked))
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
async function* askForLines(address: BrokerAddress, asked: AskedRequest): AsyncGenerator<string> {
  const incoming = await send(address, asked)
  if (incoming.statusCode !== 200) throw failureOf(await whole(incoming))
  const { createInterface } = await import('node:readline')
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
async function send(address: BrokerAddress, { method, path, body }: AskedRequest): Promise<IncomingMessage> {
  const octets = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const headers = {
    host: 'localhost',
    accept: 'application/json',
    ...(octets && { 'content-type': 'application/json', 'content-length': octets.length }),
  }
  const begin = 'socketPath' in address ? request : (await import('node:https')).request
  return new Promise((resolve, reject) => {
    // Each request on a connection of its own, which is proven before anything is written.
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
  return failureTold({ detail: `The running postern answered ${status}`, ...problemIn(text) })
}

function problemIn(text: string): Problem {
  try {
    return parseObject(text)
  } catch {
    return {}
  }
}

/** A failure of the running postern, which may be of another version, again. */
export function failureTold({ failure: id, code, detail = '', fix, retryAfterSeconds }: Problem): Failure {
  return new Failure({
    id: isFailureId(id) ? id : 'command.broker-answer',
    values: {},
    code: isFailureCode(code) ? code : 'internal',
    message: detail,
    fix,
    retryAfterSeconds,
  })
}

function isFailureCode(code: string | undefined): code is FailureCode {
  return code !== undefined && Object.hasOwn(exitCodes, code)
}

interface Problem {
  failure?: string
  code?: string
  detail?: string
  fix?: string
  retryAfterSeconds?: number
}

/**
 * What comes is what the operation answers by its schema, which types it: both are of one
 * installation. @throws Failure for what is no JSON object
 */
function parseObject(text: string) {
  try {
    const value = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // No JSON.
  }
  return refuseStranger()
}

function refuseStranger(): never {
  throw failure('command.broker-strange')
}

function limitsBody({ recipients, ...rest }: LimitOptions) {
  return { ...rest, ...(recipients && { recipients: [...recipients] }) }
}
