import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { z } from 'zod'
import { filled } from '../../base/failure.ts'
import { type Actor, actorFields, type Log, logLevels } from '../../base/log.ts'
import { type Principal, permits } from '../../credentials/scopes.ts'
import type { JournalReader } from '../../journal/journal.ts'
import type { Address } from '../../model/address.ts'
import { isFromCommand } from '../command-server.ts'
import { HttpRefusal, problemHandler } from '../http-errors.ts'
import type { Readiness } from '../readiness.ts'
import { sourceKey } from '../request-source.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { SignInLinks } from '../sign-in-links.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiAnswer, type ApiRoute, readInput, scopeFor } from './api-route.ts'
import { type BearerCheck, bearerOf, insufficientScope } from './bearer.ts'
import { consentRoutes, providerRoutes } from './consent-routes.ts'
import { apiKeyRoutes, loginRoutes, signInLinkRoutes } from './credential-routes.ts'
import { mailboxRoutes, tokenRoutes } from './mailbox-routes.ts'
import { certificateRoutes, registrationRoutes } from './registration-routes.ts'

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
  const takesBody = route.method === 'POST' || route.method === 'PATCH'
  const body = takesBody ? [insistOnJson, express.json({ limit: bodyLimit })] : []
  router[method](route.path, checkScope(route), ...body, answerWith(route, bearers))
}

function checkScope({ needs }: ApiRoute): RequestHandler {
  return (request, response, next) => {
    // A text that is no address is covered by no scope but `admin`.
    const scope = scopeFor(needs, paramOf(request, 'address') as Address)
    if (!permits(principalOf(response), scope)) throw insufficientScope(scope)
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
      principalNow: () => bearerOf(request, bearers),
      param: (name) => paramOf(request, name),
      query: { ...request.query },
      body: request.body,
      prefersText: request.accepts(['application/json', 'text/plain']) === 'text/plain',
    })
    if (answer.lines) await sendLines(response, answer.lines)
    else if (answer.list) await sendList(response, answer.list)
    else if (answer.file) await sendFile(response, answer.file)
    else send(response, answer)
  }
}

function send(response: Response, { status = 200, body, location }: ApiAnswer): void {
  response.status(status)
  if (location !== undefined) response.set('Location', `/api/v1${location}`)
  if (body === undefined) response.end()
  else if (typeof body === 'string') response.type('text/plain').send(body)
  else response.json(body)
}

const rowsInARow = 100

/** As one body, in pieces: to write thousands of rows in one go would hold up everybody who sends mail. */
async function sendList(response: Response, list: NonNullable<ApiAnswer['list']>): Promise<void> {
  const { name, rows, beside = {} } = list
  if (rows.length <= rowsInARow) return void response.json({ [name]: rows, ...beside })
  response.type('application/json')
  const end = Object.entries(beside).map(
    ([member, value]) => `,${JSON.stringify(member)}:${JSON.stringify(value)}`,
  )
  response.write(`{${JSON.stringify(name)}:[`)
  for (let from = 0; from < rows.length; from += rowsInARow) {
    const piece = rows.slice(from, from + rowsInARow).map((row) => JSON.stringify(row))
    const isTaken = response.write(`${from > 0 ? ',' : ''}${piece.join(',')}`)
    await (isTaken ? turnOfOthers() : Promise.race([once(response, 'drain'), once(response, 'close')]))
    if (response.closed) return
  }
  response.end(`]${end.join('')}}`)
}

async function sendFile(response: Response, { type, octets }: NonNullable<ApiAnswer['file']>): Promise<void> {
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

function actorOf({ name, apiKey }: Principal, request: Request): Actor {
  return {
    name: apiKey === undefined ? name : `API key ${name}`,
    // A UNIX socket has no address: it is this machine.
    source: isFromCommand(request) ? '127.0.0.1' : sourceKey(request),
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
  log,
}: {
  services: Omit<WebServices, 'throttle'>
  /** The redirect URI of postern itself. */
  redirectUri: string
  signInLinks: SignInLinks
  readiness: Readiness
  log: Log
}): ApiRoute[] {
  const { mailboxes, logins, apiKeys, consent, notices, tokens, catalogue } = services
  const { registrations, ownCertificates, registrationChecks, journal, doctor, traces, sendTestMessage } =
    services
  return [
    ...consentRoutes(consent),
    ...mailboxRoutes({ mailboxes, logins, sendTestMessage, consent, notices, doctor }),
    ...providerRoutes({ catalogue, registrationChecks, redirectUri }),
    ...registrationRoutes(registrations),
    ...certificateRoutes(ownCertificates),
    ...tokenRoutes({ mailboxes, tokens, log }),
    ...loginRoutes(logins),
    ...apiKeyRoutes(apiKeys),
    ...signInLinkRoutes({ signInLinks, log }),
    ...journalRoutes(journal),
    ...traceRoutes(traces),
    ...logLevelRoutes(services, log),
    ...healthRoutes(readiness, services.workers),
    ...backupRoutes(services, log),
    ...keyringRoutes(services.keyring),
  ]
}

const shortText = z.string().max(254).exactOptional()

const journalQuery = z.strictObject({
  mailbox: shortText,
  login: shortText,
  recipient: shortText,
  kind: shortText,
  outcome: shortText,
  since: shortText,
  until: shortText,
  before: shortText,
  after: shortText,
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a number')
    .transform(Number)
    .exactOptional(),
})

function journalRoutes(journal: JournalReader): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/journal',
      needs: 'read',
      answer: async ({ query: given }) => ({ body: await journal.list(readInput(journalQuery, given)) }),
    },
    {
      method: 'GET',
      path: '/journal/verification',
      needs: 'read',
      answer: async () => ({ body: await journal.verify() }),
    },
  ]
}

const newTrace = z.strictObject({
  login: shortText,
  source: z.string().max(64).exactOptional(),
  minutes: z.number().exactOptional(),
  mask: z.boolean().exactOptional(),
})

const traceQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a number')
    .transform(Number)
    .exactOptional(),
})

/** Transcripts of clients. Each look takes what has come, and shows that somebody still reads. */
function traceRoutes(traces: WebServices['traces']): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/traces',
      needs: 'admin',
      answer: ({ body, by }) => ({ status: 201, body: traces.begin(readInput(newTrace, body), by) }),
    },
    {
      method: 'GET',
      path: '/traces/:id',
      needs: 'admin',
      answer: ({ param, query: given }) => ({
        body: traces.read(param('id'), readInput(traceQuery, given).after ?? 0),
      }),
    },
    {
      method: 'DELETE',
      path: '/traces/:id',
      needs: 'admin',
      answer({ param }) {
        traces.end(param('id'))
        return { status: 204 }
      },
    },
  ]
}

const newLogLevel = z.strictObject({ level: z.enum(logLevels) })

function logLevelRoutes(services: Pick<WebServices, 'setLogLevel'>, log: Log): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/log-level',
      needs: 'admin',
      answer({ body, by }) {
        const { level } = readInput(newLogLevel, body)
        services.setLogLevel(level)
        log.info({ event: 'log-level.set', from: level, ...actorFields(by) }, 'the level of the log was set')
        return { body: { level } }
      },
    },
  ]
}

/** The store as it is, sealed, and without its key. */
function backupRoutes({ makeBackup }: Pick<WebServices, 'makeBackup'>, log: Log): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/backups',
      needs: 'admin',
      async answer({ by }) {
        const { manifest, octets } = await makeBackup()
        const { octets: size, sha256 } = manifest
        log.info({ event: 'backup.made', size, sha256, ...actorFields(by) }, 'a backup was made')
        return { file: { type: 'application/x-tar', octets } }
      },
    },
  ]
}

function keyringRoutes(keyring: WebServices['keyring']): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/keyring',
      needs: 'admin',
      answer: async () => ({ body: { keys: await (await keyring()).list() } }),
    },
    {
      method: 'POST',
      path: '/keyring/rotations',
      needs: 'admin',
      answer: async () => ({ lines: await begun((await keyring()).rotate()) }),
    },
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
    {
      method: 'GET',
      path: '/health',
      needs: 'admin',
      async answer() {
        const looked = await readiness()
        const all = workers && { workers: await workers() }
        if (looked.ready) return { body: { ready: true, ...all } }
        const { message: reason, fix } = looked.failure
        return { body: { ready: false, reason, ...(fix !== undefined && { fix }), ...all } }
      },
    },
  ]
}
