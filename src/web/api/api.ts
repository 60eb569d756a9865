import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import type { Answers } from '../../api/answers.ts'
import { type Gone, GoneController } from '../../base/async.ts'
import { type Failure, filled } from '../../base/failure.ts'
import { type Actor, actorFields, type Log } from '../../base/log.ts'
import { type Principal, permits } from '../../credentials/scopes.ts'
import type { JournalReader } from '../../journal/journal.ts'
import type { Address } from '../../model/address.ts'
import { isFromCommand } from '../command-server.ts'
import type { WithConsentLink } from '../consent-wanted.ts'
import { HttpRefusal, problemHandler } from '../http-errors.ts'
import type { Readiness } from '../readiness.ts'
import { requestSource, sourceKey } from '../request-source.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { TokenHandOut } from '../token-hand-out.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiAnswer, type ApiRoute, route, scopeFor } from './api-route.ts'
import { type BearerCheck, bearerOf, insufficientScope } from './bearer.ts'
import { apiKeyRoutes, loginRoutes, selfRoutes, signInLinkRoutes } from './credential-routes.ts'
import { consentRoutes, mailboxRoutes, tokenRoutes } from './mailbox-routes.ts'
import { messageRoutes } from './message-routes.ts'
import { certificateRoutes, providerRoutes, registrationRoutes } from './registration-routes.ts'
import { createSendOnce } from './send-once.ts'

const bodyLimit = 64 * 1024

/**
 * Everything below `/api`: authentication, scope check, JSON body, then the operation. Every error
 * becomes a problem document (RFC 9457).
 */
export function createApi({
  bearers,
  routes,
  log,
}: {
  bearers: BearerCheck
  routes: readonly ApiRoute[]
  log: Log
}): Router {
  const v1 = exactRouter()
  v1.use(async (request, response, next) => {
    response.locals.principal = await bearerOf(request, bearers)
    next()
  })
  for (const route of routes) mount(v1, route, bearers)
  // After all operations: a path that gets here has no operation for this method.
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods: string[] = routes.filter((route) => route.path === path).map((route) => route.method)
    v1.all(path, methodNotAllowed(...(methods.includes('GET') ? ['HEAD', ...methods] : methods)))
  }

  const api = exactRouter()
  api.use('/v1', v1)
  api.use((_request, _response) => {
    throw new HttpRefusal(404, filled('web.no-such-path'))
  })
  api.use(problemHandler(log))
  return api
}

// The scope is checked before the body is read: a caller without the right learns nothing about the
// body's form.
function mount(router: Router, route: ApiRoute, bearers: BearerCheck): void {
  const method = route.method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete'
  // The other methods take no body, and a token is returned sooner without parsing one.
  const takesBody = !route.readsBody && (route.method === 'POST' || route.method === 'PATCH')
  const body = takesBody ? [insistOnJson, express.json({ limit: bodyLimit })] : []
  router[method](route.path, checkScope(route), ...body, answerWith(route, bearers))
}

function checkScope({ needs }: ApiRoute): RequestHandler {
  return (request, response, next) => {
    if (needs === 'send') return next()
    // A text that is no address is covered by no scope but `admin`.
    const scope = scopeFor(needs, paramOf(request, 'address') as Address)
    if (scope !== undefined && !permits(principalOf(response), scope)) throw insufficientScope(scope)
    next()
  }
}

const insistOnJson: RequestHandler = (request, _response, next) => {
  // RFC 9112, section 6.3: these two headers announce a body; clients write a length of 0 for none.
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.get('content-length') ?? 0) > 0
  if (!hasBody || request.is('application/json')) return next()
  throw new HttpRefusal(415, filled('web.body-no-json'))
}

function answerWith(route: ApiRoute, bearers: BearerCheck): RequestHandler {
  return async (request, response) => {
    const principal = principalOf(response)
    const answer = await route.answer({
      principal,
      by: actorOf(principal, request),
      address: isFromCommand(request) ? ownAddress : requestSource(request).address,
      principalNow: () => bearerOf(request, bearers),
      param: (name) => paramOf(request, name),
      query: { ...request.query },
      body: request.body,
      incoming: request,
      gone: () => goneOf(response),
      prefersText: request.accepts(['application/json', 'text/plain']) === 'text/plain',
    })
    const { status: [usual] = [200], list, file } = route.gives
    if (answer.lines) await sendLines(response, answer.lines)
    else if (answer.list && list !== undefined) await sendList(response, list, answer.list)
    else if (answer.file && file !== undefined) await sendFile(response, file, answer.file)
    else send(response, { status: usual, ...answer })
  }
}

function goneOf(response: Response): Gone {
  const gone = new GoneController()
  response.once('close', () => response.writableFinished || gone.abort())
  return gone
}

function send(response: Response, { status = 200, body, location, headers = {} }: ApiAnswer): void {
  response.status(status).set(headers)
  if (location !== undefined) response.set('Location', `/api/v1${location}`)
  if (body === undefined) response.end()
  else if (typeof body === 'string') response.type('text/plain').send(body)
  else response.json(body)
}

const rowsInARow = 100

/**
 * As one body, in pieces: to write thousands of rows in one go would hold up everybody who sends
 * mail. Who has it already, by its `ETag`, gets 304.
 */
async function sendList(
  response: Response,
  name: string,
  { rows, beside = {} }: NonNullable<ApiAnswer['list']>,
): Promise<void> {
  const end = Object.entries(beside).map(
    ([member, value]) => `,${JSON.stringify(member)}:${JSON.stringify(value)}`,
  )
  const pieces = [`{${JSON.stringify(name)}:[`]
  const hash = createHash('sha256').update(JSON.stringify(beside))
  for (let from = 0; from < rows.length; from += rowsInARow) {
    const piece = rows.slice(from, from + rowsInARow).map((row) => JSON.stringify(row))
    pieces.push(`${from > 0 ? ',' : ''}${piece.join(',')}`)
    hash.update(pieces.at(-1) ?? '')
    if (from > 0) await turnOfOthers()
  }
  pieces.push(`]${end.join('')}}`)
  response.set('ETag', `"${hash.digest('base64url')}"`)
  if (response.req.fresh) return void response.status(304).end()
  response.type('application/json')
  for (const piece of pieces) {
    const isTaken = response.write(piece)
    await (isTaken ? turnOfOthers() : Promise.race([once(response, 'drain'), once(response, 'close')]))
    if (response.closed) return
  }
  response.end()
}

async function sendFile(
  response: Response,
  type: string,
  octets: NonNullable<ApiAnswer['file']>,
): Promise<void> {
  response.type(type)
  // Cut off where it cannot be read to its end: who asked sees that, or has gone.
  await pipeline(octets, response).catch(() => {})
}

async function sendLines(response: Response, lines: AsyncIterable<object>): Promise<void> {
  response.type('application/x-ndjson')
  response.flushHeaders()
  // Leaving the loop ends the work: who asked has gone.
  for await (const line of lines) {
    if (response.closed) return
    response.write(`${JSON.stringify(line)}\n`)
  }
  response.end()
}

function principalOf(response: Response): Principal {
  return response.locals.principal
}

/** A UNIX socket has no address: it is this machine. */
const ownAddress = '127.0.0.1'

export function actorOf({ name, apiKey }: Principal, request: Request): Actor {
  return {
    name: apiKey === undefined ? name : `API key ${name}`,
    source: isFromCommand(request) ? ownAddress : sourceKey(request),
  }
}

function paramOf(request: Request, name: string): string {
  const value = request.params[name]
  return typeof value === 'string' ? value : ''
}

/** The whole API. */
export function apiRoutes({
  services,
  redirectUri,
  signInLinks,
  readiness,
  tokens,
  withConsentLink,
  log,
  version,
}: {
  services: Omit<WebServices, 'throttle'>
  /** The redirect URI of postern itself. */
  redirectUri: string
  signInLinks: SignInLinks
  readiness: Readiness
  tokens: TokenHandOut
  withConsentLink: WithConsentLink
  log: Log
  version: string
}): ApiRoute[] {
  const { mailboxes, logins, apiKeys, consent, notices, catalogue } = services
  const { registrations, ownCertificates, registrationChecks, journal, doctor, traces, sendTestMessage } =
    services
  return [
    ...documentRoutes(version),
    ...consentRoutes(consent),
    ...mailboxRoutes({ mailboxes, logins, sendTestMessage, consent, notices, doctor }),
    ...providerRoutes({ catalogue, registrationChecks, redirectUri }),
    ...registrationRoutes(registrations),
    ...certificateRoutes(ownCertificates),
    ...tokenRoutes({ mailboxes, tokens }),
    ...messageRoutes({ ...services, withConsentLink, sendOnce: createSendOnce({ ...services, log }) }),
    ...loginRoutes(logins),
    ...apiKeyRoutes(apiKeys),
    ...selfRoutes(services),
    ...signInLinkRoutes({ signInLinks, log }),
    ...journalRoutes(journal),
    ...traceRoutes(traces),
    ...logLevelRoutes(services, log),
    ...healthRoutes(readiness, services.workers),
    ...backupRoutes(services, log),
    ...keyringRoutes(services.keyring),
  ]
}

function journalRoutes(journal: JournalReader): ApiRoute[] {
  return [
    route('GET /journal', async ({ query }) => ({ body: await journal.list(query) })),
    route('GET /journal/verification', async () => ({ body: await journal.verify() })),
  ]
}

/** Transcripts of clients. Each look takes what has come, and shows that somebody still reads. */
function traceRoutes(traces: WebServices['traces']): ApiRoute[] {
  return [
    route('POST /traces', ({ body, by }) => ({ body: traces.begin(body, by) })),
    route('GET /traces/:id', ({ param, query }) => ({ body: traces.read(param('id'), query.after ?? 0) })),
    route('DELETE /traces/:id', ({ param }) => {
      traces.end(param('id'))
      return {}
    }),
  ]
}

function logLevelRoutes(services: Pick<WebServices, 'setLogLevel'>, log: Log): ApiRoute[] {
  return [
    route('POST /log-level', ({ body: { level }, by }) => {
      services.setLogLevel(level)
      log.info({ event: 'log-level.set', from: level, ...actorFields(by) }, 'the level of the log was set')
      return { body: { level } }
    }),
  ]
}

/** The store as it is, sealed, and without its key. */
function backupRoutes({ makeBackup }: Pick<WebServices, 'makeBackup'>, log: Log): ApiRoute[] {
  return [
    route('POST /backups', async ({ by }) => {
      const { manifest, octets } = await makeBackup()
      const { octets: size, sha256 } = manifest
      log.info({ event: 'backup.made', size, sha256, ...actorFields(by) }, 'a backup was made')
      return { file: octets }
    }),
  ]
}

function keyringRoutes(keyring: WebServices['keyring']): ApiRoute[] {
  return [
    route('GET /keyring', async () => ({ body: { keys: await (await keyring()).list() } })),
    route('POST /keyring/rotations', async () => ({ lines: await begun((await keyring()).rotate()) })),
  ]
}

/** Whatever fails before the first of them is a problem document. */
async function begun<T>(steps: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const first = await steps.next()
  return (async function* () {
    if (!first.done) yield first.value
    yield* steps
  })()
}

/** `/readyz` with its reason, which says how this machine is set up. */
function healthRoutes(readiness: Readiness, workers: WebServices['workers']): ApiRoute[] {
  return [
    route('GET /health', async () => {
      const looked = await readiness()
      const body: Answers['Health'] = looked.ready ? { ready: true } : notReady(looked.failure)
      return { body: { ...body, ...(workers && { workers: await workers() }) } }
    }),
  ]
}

function notReady({ message: reason, fix }: Failure) {
  return { ready: false as const, reason, ...(fix !== undefined && { fix }) }
}

/** The document is loaded and made with the first look at it. */
function documentRoutes(version: string): ApiRoute[] {
  return [
    route('GET /openapi.json', async () => {
      const { openApiDocument } = await import('./openapi.ts')
      return { body: openApiDocument(version) }
    }),
  ]
}
