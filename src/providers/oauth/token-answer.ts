import { OAuthError } from './oauth-error.ts'

/** RFC 6750, section 2.1. */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/
/** RFC 6749, appendix A.17. */
const refreshTokenGrammar = /^[\x20-\x7e]+$/
const longestToken = 16_384
const longestLifeSeconds = 366 * 86_400
const longestRefreshTokenSeconds = 10 * longestLifeSeconds
const usualLifeSeconds = 300

/**
 * Reads an answer of a token endpoint before openid-client does, which refuses the whole answer for one odd value: a rotated
 * refresh token must not be lost because `expires_in` came as `null`. What is passed on holds only what postern knows.
 * @param sent the secrets of the request, which an error text might repeat
 * @throws OAuthError unless it is a good answer (RFC 6749, section 5.1)
 */
export async function readTokenAnswer(
  response: Response,
  sent: readonly string[],
  keepIdToken: boolean,
): Promise<Response> {
  const { status } = response
  const body = parseObject(await response.text())
  if (status !== 200) throw refusal(response, body, sent)
  if (!body) throw new OAuthError('the token endpoint answered with something else than JSON', { status })
  return Response.json(goodAnswer(body, keepIdToken))
}

/** Passes on a good answer of any other endpoint. @throws OAuthError as `readTokenAnswer` */
export async function requireGood(response: Response, sent: readonly string[]): Promise<Response> {
  if (response.status === 200) return response
  throw refusal(response, parseObject(await response.text()), sent)
}

/**
 * Reads an answer of a revocation endpoint (RFC 7009, section 2.2): a token that it does not know is as good as revoked.
 * @throws OAuthError as `readTokenAnswer`
 */
export async function readRevocationAnswer(response: Response, sent: readonly string[]): Promise<Response> {
  if (response.status >= 200 && response.status < 300) return new Response(null, { status: 200 })
  const body = parseObject(await response.text())
  const unknownToken = body !== undefined && own(body, 'error') === 'invalid_token'
  if (response.status === 400 && unknownToken) return new Response(null, { status: 200 })
  throw refusal(response, body, sent)
}

function goodAnswer(body: Body, keepIdToken: boolean): Body {
  const accessToken = own(body, 'access_token')
  if (!isToken(accessToken, b64token))
    throw new OAuthError('the token endpoint answered without a usable access token', { status: 200 })
  const type = own(body, 'token_type')
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw new OAuthError('the token endpoint answered with a token that is not a bearer token', {
      status: 200,
    })
  const [refreshToken, scope, idToken] = ['refresh_token', 'scope', 'id_token'].map((name) => own(body, name))
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: lifeOf(own(body, 'expires_in')),
    ...(isToken(refreshToken, refreshTokenGrammar) && { refresh_token: refreshToken }),
    ...refreshTokenLife(body),
    ...(typeof scope === 'string' && scope !== '' && { scope }),
    ...(keepIdToken && typeof idToken === 'string' && idToken !== '' && { id_token: idToken }),
  }
}

/** Google, Microsoft and others; Keycloak, whose 0 means that it does not end. */
function refreshTokenLife(body: Body): Body {
  const seconds = own(body, 'refresh_token_expires_in') ?? own(body, 'refresh_expires_in')
  const fine = typeof seconds === 'number' && seconds > 0 && seconds <= longestRefreshTokenSeconds
  return fine ? { refresh_token_expires_in: Math.floor(seconds) } : {}
}

function refusal(response: Response, body: Body | undefined, sent: readonly string[]): OAuthError {
  const { status } = response
  const retryAfterSeconds = retryAfterOf(response.headers)
  const details = { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
  const error = body && own(body, 'error')
  if (!body || typeof error !== 'string' || error === '')
    return new OAuthError(`the token endpoint answered with HTTP status ${status}`, details)
  const description = own(body, 'error_description')
  const text = typeof description === 'string' && description !== '' ? `${error}: ${description}` : error
  return new OAuthError(withoutSecrets(text, sent), { ...details, error })
}

/** RFC 9110, section 10.2.3: seconds, or a date; that one counts from the provider's own `Date`, because two clocks need not agree. */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (text === undefined) return undefined
  const fromDate = () => Math.ceil((Date.parse(text) - Date.parse(headers.get('date') ?? '')) / 1000)
  const seconds = /^\d+$/.test(text) ? Number(text) : fromDate()
  return seconds > 0 ? seconds : undefined
}

/** Each secret as it is, and as it stood in the form that was sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)])
  return forms.reduce((clean, form) => (form === '' ? clean : clean.replaceAll(form, '[hidden]')), text)
}

function isToken(value: unknown, grammar: RegExp): value is string {
  return typeof value === 'string' && value.length <= longestToken && grammar.test(value)
}

/** Some providers send the number as a text. */
function lifeOf(value: unknown): number {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= longestLifeSeconds)) return usualLifeSeconds
  return seconds
}

type Body = Record<string, unknown>

function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined
  } catch {
    return undefined
  }
}

function own(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined
}
