import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { tokenExchange } from '../api/operations.ts'
import type { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { type Principal, permits } from '../credentials/scopes.ts'
import { parseAddress } from '../model/address.ts'
import { actorOf } from './api/api.ts'
import { type BearerCheck, principalOfKey } from './api/bearer.ts'
import { errorAnswer, logFailure } from './http-errors.ts'
import { exactRouter, methodNotAllowed } from './routing.ts'
import { type TokenHandOut, tokenResponse } from './token-hand-out.ts'

/*
 * Token exchange (RFC 8693) for OAuth libraries: an API key as the subject token, an access token
 * of the mailbox that `audience` or `resource` names as the answer. An API key is an opaque bearer
 * token that postern itself has issued, so its type is that of an access token. The key is the
 * authentication; what a client sends as its own (RFC 6749, section 2.3) is not looked at.
 */

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const bodyLimit = 16 * 1024

/** An error of RFC 6749, section 5.2, or of RFC 8693, section 2.2.2. */
type ErrorCode =
  | 'invalid_request'
  | 'invalid_grant'
  | 'invalid_target'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error'

class ExchangeRefusal extends Error {
  readonly error: ErrorCode

  constructor(error: ErrorCode, description: string) {
    super(description)
    this.name = 'ExchangeRefusal'
    this.error = error
  }
}

export function createTokenExchange({
  bearers,
  tokens,
  log,
}: {
  bearers: BearerCheck
  tokens: TokenHandOut
  log: Log
}): Router {
  const router = exactRouter()
  router
    .route('/oauth2/token')
    .post(express.urlencoded({ extended: false, limit: bodyLimit }), async (request, response) => {
      response.set('Pragma', 'no-cache').json(await exchange(request, { bearers, tokens }))
    })
    .all(methodNotAllowed('POST'))
  router.use('/oauth2/token', oauthErrors(log))
  return router
}

async function exchange(
  request: Request,
  { bearers, tokens }: { bearers: BearerCheck; tokens: TokenHandOut },
) {
  const { subject_token: key, scope, min_life: minimumLife, ...target } = readForm(request)
  const principal = await principalOfKey(request, key, bearers)
  if (!principal) throw new ExchangeRefusal('invalid_request', 'The subject_token is no valid API key')
  const mailbox = mailboxOf(target)
  // An unknown mailbox and one that the key has no right to are not told apart.
  if (!permits(principal, `token:${mailbox}`)) throw notForThisKey()
  const { token } = await tokens.handOut({
    ...{ mailbox, minimumLife, principal },
    format: 'exchange',
    by: actorOf(principal, request),
    principalNow: () => stillValid(request, key, bearers),
  })
  const wanted = scope?.split(' ').filter((one) => one !== '') ?? []
  if (!wanted.every((one) => token.scopes.includes(one)))
    throw new ExchangeRefusal('invalid_scope', 'The consent of this mailbox does not have that scope')
  return { ...tokenResponse(token), issued_token_type: accessTokenType }
}

function readForm(request: Request) {
  if (!request.is('application/x-www-form-urlencoded'))
    throw new ExchangeRefusal('invalid_request', 'The body must be application/x-www-form-urlencoded')
  const { grant_type: grantType }: { grant_type?: unknown } = request.body
  if (grantType !== undefined && grantType !== 'urn:ietf:params:oauth:grant-type:token-exchange')
    throw new ExchangeRefusal('unsupported_grant_type', 'Only token exchange (RFC 8693) is known here')
  const read = tokenExchange.safeParse({ ...request.body })
  if (read.success) return read.data
  // Never the value itself: it may be a key.
  const wrong = [...new Set(read.error.issues.map(({ path }) => String(path[0] ?? '')))]
  throw new ExchangeRefusal('invalid_request', `Missing, repeated or not right: ${wrong.join(', ')}`)
}

function mailboxOf({ audience, resource }: { audience?: string; resource?: string }) {
  const named = [audience, resource].flatMap((text) => (text === undefined ? [] : [addressIn(text)]))
  const [mailbox, other = mailbox] = named
  if (mailbox === undefined)
    throw new ExchangeRefusal('invalid_request', 'audience or resource must name the mailbox')
  if (mailbox !== other)
    throw new ExchangeRefusal('invalid_target', 'audience and resource name two mailboxes')
  return mailbox
}

/** A resource is a URI: `mailto:`. */
function addressIn(text: string) {
  try {
    return parseAddress(text.startsWith('mailto:') ? decodeURIComponent(text.slice(7)) : text)
  } catch {
    throw new ExchangeRefusal('invalid_target', 'audience or resource is no mail address')
  }
}

function notForThisKey(): ExchangeRefusal {
  return new ExchangeRefusal('invalid_target', 'This API key may not have tokens of that mailbox')
}

async function stillValid(request: Request, key: string, bearers: BearerCheck): Promise<Principal> {
  const principal = await principalOfKey(request, key, bearers)
  if (principal) return principal
  throw new ExchangeRefusal('invalid_request', 'The subject_token is no valid API key')
}

function oauthErrors(log: Log): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    if (error instanceof ExchangeRefusal) return answer(response, 400, error.error, error.message)
    logFailure(log, error, request)
    const { status, failure, headers } = errorAnswer(error)
    // Without the challenge of a bearer token, and with what is said of an unknown mailbox.
    if (status === 403) return answer(response, 400, 'invalid_target', notForThisKey().message)
    response.set(headers)
    if (status === 405) return answer(response, 405, 'invalid_request', failure.message)
    answer(response, oauthStatus(status), codeOf(failure), described(failure))
  }
}

function codeOf({ code }: Failure): ErrorCode {
  switch (code) {
    case 'consent-needed':
      return 'invalid_grant'
    case 'not-found':
    case 'configuration':
      return 'invalid_target'
    case 'invalid':
      return 'invalid_request'
    case 'provider-unavailable':
    case 'store-unavailable':
    case 'limit-reached':
      return 'temporarily_unavailable'
    default:
      return 'server_error'
  }
}

/** Whatever is the client's to change is 400 (RFC 6749, section 5.2). */
function oauthStatus(status: number): number {
  return status < 500 && status !== 429 && status !== 413 ? 400 : status
}

function described({ message, fix }: Failure): string {
  return fix === undefined ? message : `${message}. ${fix}`
}

/** A description has printable ASCII without quotes and backslashes (RFC 6749, section 5.2). */
function answer(response: Response, status: number, error: ErrorCode, description: string): void {
  const plain = description.replaceAll('"', "'").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
  response.status(status).set('Pragma', 'no-cache').json({ error, error_description: plain })
}
