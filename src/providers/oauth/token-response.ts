import type { CustomFetch, CustomFetchOptions } from 'openid-client'
import { type FilledFailure, filled } from '../../base/failure.ts'
import { text } from '../../failures/texts.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import type { RegisteredProvider } from '../provider.ts'
import { OAuthError } from './oauth-client.ts'

/** RFC 6750, section 2.1. */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/
/**
 * More than RFC 6749, appendix A.17, allows: every token that can be sent back is kept, because
 * there is no second one.
 */
const refreshTokenGrammar = /^[^\p{Cc}\p{Cs}]+$/u
const longestAccessToken = 16_384
const longestLifeSeconds = 366 * 86_400
const longestRefreshTokenSeconds = 10 * longestLifeSeconds
const usualLifeSeconds = 300

/**
 * Parses a response of a token endpoint before openid-client does, which refuses the whole response
 * for one invalid value: a rotated refresh token must not be lost because `expires_in` is `null`.
 * Only known fields are passed on. A response with an unusable access token is passed on with its
 * `flaw`, because its refresh token has to be kept first.
 * @param sent the secrets of the request, which an error text might repeat
 * @throws OAuthError when it has no token (RFC 6749, section 5.1)
 */
export async function parseTokenResponse(
  response: Response,
  sent: readonly string[],
  keepIdToken: boolean,
): Promise<Response> {
  const { status } = response
  const body = parseObject(await response.text())
  if (!response.ok) throw refusal(response, body, sent)
  if (!body) throw new OAuthError(text('asking.no-json'), { status })
  if (!hasTokens(body)) throw refusal(response, body, sent)
  return Response.json(knownParts(body, keepIdToken))
}

/**
 * Passes on a successful response of any other endpoint.
 * @throws OAuthError as `parseTokenResponse`
 */
export async function requireGood(response: Response, sent: readonly string[]): Promise<Response> {
  if (response.ok) return new Response(response.body, { status: 200, headers: response.headers })
  throw refusal(response, parseObject(await response.text()), sent)
}

/**
 * Parses a response of a revocation endpoint (RFC 7009, section 2.2): an unknown token counts as
 * revoked.
 * @throws OAuthError as `parseTokenResponse`
 */
export async function parseRevocationResponse(
  response: Response,
  sent: readonly string[],
): Promise<Response> {
  if (response.status >= 200 && response.status < 300) return new Response(null, { status: 200 })
  const body = parseObject(await response.text())
  const unknownToken = body !== undefined && own(body, 'error') === 'invalid_token'
  if (response.status === 400 && unknownToken) return new Response(null, { status: 200 })
  throw refusal(response, body, sent)
}

/** Some providers refuse with status 200. */
function hasTokens(body: Body): boolean {
  return ['access_token', 'refresh_token', 'id_token'].some((name) => !isMissing(own(body, name)))
}

function knownParts(body: Body, keepIdToken: boolean): Body {
  const [accessToken, refreshToken] = [own(body, 'access_token'), own(body, 'refresh_token')]
  const [scope, idToken] = [own(body, 'scope'), own(body, 'id_token')]
  const flaw = flawOf(accessToken, own(body, 'token_type'))
  return {
    // openid-client accepts no response without one.
    access_token: flaw ? 'none' : accessToken,
    ...(flaw && { flaw }),
    token_type: 'bearer',
    expires_in: lifeOf(own(body, 'expires_in')),
    ...(isRefreshToken(refreshToken) && { refresh_token: refreshToken }),
    ...refreshTokenLife(body),
    ...(typeof scope === 'string' && scope !== '' && { scope }),
    ...(keepIdToken && typeof idToken === 'string' && idToken !== '' && { id_token: idToken }),
  }
}

/**
 * Why an access token cannot be used for mail: in our words, never the provider's. Another request
 * would bring the same. A missing type counts as bearer.
 */
function flawOf(token: unknown, type: unknown): FilledFailure | undefined {
  if (isMissing(token)) return filled('token.missing')
  if (typeof token !== 'string' || !b64token.test(token)) return filled('token.unreadable')
  if (token.length > longestAccessToken)
    return filled('token.too-long', { length: token.length, most: longestAccessToken })
  if (isMissing(type) || (typeof type === 'string' && type.toLowerCase() === 'bearer')) return undefined
  return filled('token.no-bearer')
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

/** Google, Microsoft and others; Keycloak, where 0 means that it does not expire. */
function refreshTokenLife(body: Body): Body {
  const seconds = own(body, 'refresh_token_expires_in') ?? own(body, 'refresh_expires_in')
  const fine = typeof seconds === 'number' && seconds > 0 && seconds <= longestRefreshTokenSeconds
  return fine ? { refresh_token_expires_in: Math.floor(seconds) } : {}
}

function refusal(response: Response, body: Body | undefined, sent: readonly string[]): OAuthError {
  const { status } = response
  const retryAfterSeconds = retryAfterOf(response.headers)
  const details = { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
  const error = textIn(body, 'error')
  const words = [...new Set([error, ...wordsIn(body)])].filter((text) => text !== undefined)
  if (words.length === 0)
    return new OAuthError(
      response.ok ? text('asking.no-token') : text('asking.http-status', { status }),
      details,
    )
  const explanation = { explained: true, ...(error !== undefined && { error }) }
  return new OAuthError(withoutSecrets(words.join(': '), sent), { ...details, ...explanation })
}

/**
 * Fields that describe an error outside of RFC 6749, section 5.2: RFC 9457, and API gateways in
 * front of token endpoints.
 */
const wordFields = [
  ...['error_description', 'message', 'detail', 'title', 'description'],
  ...['reason', 'errorMessage', 'error_message', 'msg', 'errorCode', 'code'],
]

/** The first one that exists: in the response itself, or under its `error`, `errors` or `fault`. */
function wordsIn(body: Body | undefined): string[] {
  if (!body) return []
  const inner = ['error', 'errors', 'fault'].map((name) => firstOf(own(body, name)))
  for (const place of [body, ...inner.map(asObject)]) {
    const found = wordFields.map((name) => textIn(place, name)).find((text) => text !== undefined)
    if (found !== undefined) return [found]
  }
  const [, first] = inner
  return typeof first === 'string' && first !== '' ? [first] : []
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

function textIn(body: Body | undefined, name: string): string | undefined {
  const value = body && own(body, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * RFC 9110, section 10.2.3: seconds, or a date, which is compared with the provider's own `Date`,
 * because its clock may differ from ours.
 */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (text === undefined) return undefined
  const fromDate = () => Math.ceil((Date.parse(text) - Date.parse(headers.get('date') ?? '')) / 1000)
  const seconds = /^\d+$/.test(text) ? Number(text) : fromDate()
  return seconds > 0 ? seconds : undefined
}

/** Hides each secret, as it is and in its form-encoded form. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)])
  return forms.reduce((clean, form) => (form === '' ? clean : clean.replaceAll(form, '[hidden]')), text)
}

/** Of any length: the provider accepts what it has issued. */
function isRefreshToken(value: unknown): value is string {
  return typeof value === 'string' && refreshTokenGrammar.test(value)
}

/** Some providers send the number as a string. */
function lifeOf(value: unknown): number {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= longestLifeSeconds)) return usualLifeSeconds
  return seconds
}

type Body = Record<string, unknown>

function parseObject(text: string): Body | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Body | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined
}

function own(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined
}

/**
 * Fetches for openid-client, one for each kind of endpoint, that parse and clean the responses to
 * POST before openid-client sees them.
 */
export function guardedFetches(
  provider: RegisteredProvider,
  fetch: HttpFetch,
): Record<'tokens' | 'tokensWithIdentity' | 'revocations' | 'devices', CustomFetch> {
  const reading =
    (read: (response: Response, sent: readonly string[]) => Promise<Response>): CustomFetch =>
    async (url, request) => {
      const response = await fetch(url, request)
      return request.method === 'POST' ? read(response, secretsIn(request, provider)) : response
    }
  return {
    tokens: reading((response, sent) => parseTokenResponse(response, sent, false)),
    tokensWithIdentity: reading((response, sent) => parseTokenResponse(response, sent, true)),
    revocations: reading(parseRevocationResponse),
    devices: reading(requireGood),
  }
}

const secretFields = [
  ...['refresh_token', 'token', 'code', 'code_verifier'],
  ...['client_secret', 'client_assertion', 'assertion', 'device_code'],
]

function secretsIn(request: CustomFetchOptions, { registration }: RegisteredProvider): string[] {
  const form = new URLSearchParams(String(request.body))
  const basic = request.headers.authorization?.replace(/^Basic /, '')
  const clientSecrets = registration.clientSecrets.map(({ value }) => value.reveal())
  return [...secretFields.map((name) => form.get(name)), ...clientSecrets, basic].filter(
    (secret) => typeof secret === 'string',
  )
}
