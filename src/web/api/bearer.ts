import type { Request } from 'express'
import { Failure, filled } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import type { ApiKeys } from '../../credentials/api-keys.ts'
import { owner, type Principal } from '../../credentials/scopes.ts'
import type { Scope } from '../../model/api-key.ts'
import { isFromCommand } from '../command-server.ts'
import type { MarkAuthenticated } from '../connections.ts'
import { HttpRefusal } from '../http-errors.ts'
import { type CountWrongSecret, requestSource } from '../request-source.ts'

export interface BearerCheck {
  apiKeys: Pick<ApiKeys, 'check'>
  markAuthenticated: MarkAuthenticated
  countWrong: CountWrongSecret
}

/**
 * Authenticates a request: the owner by the server of the command, every other caller by the
 * `Authorization` header (RFC 6750, section 2.1: the header only, never a parameter).
 * @throws HttpRefusal 401 with the challenge of RFC 6750, section 3; Failure `limit-reached`
 * instead, for a source that guesses
 */
export async function bearerOf(request: Request, bearers: BearerCheck): Promise<Principal> {
  if (isFromCommand(request)) return owner
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(/ +(.*)/)
  // RFC 6750, section 3.1: without any authentication information, no error code.
  if (scheme.toLowerCase() !== 'bearer') throw unauthorised('web.key-missing', 'Bearer realm="postern"')
  const principal = await principalOfKey(request, token, bearers)
  if (principal) return principal
  throw unauthorised('web.key-invalid', 'Bearer realm="postern", error="invalid_token"')
}

/**
 * Who presents this key; undefined where it is not valid, which is counted.
 * @throws Failure `limit-reached` for a source that guesses
 */
export async function principalOfKey(
  request: Request,
  key: string,
  { apiKeys, markAuthenticated, countWrong }: BearerCheck,
): Promise<Principal | undefined> {
  // The b64token of RFC 6750, section 2.1.
  const isKey = /^[A-Za-z0-9._~+/-]{1,512}=*$/.test(key)
  const principal = isKey ? await ownerOf(key, requestSource(request).address, apiKeys) : undefined
  if (principal) markAuthenticated(request)
  else countWrong(request, key, 'key')
  return principal
}

/**
 * Undefined for an unknown, revoked or expired key, and for one that is used from elsewhere, without
 * telling them apart.
 */
async function ownerOf(
  token: string,
  remoteAddress: string,
  apiKeys: BearerCheck['apiKeys'],
): Promise<Principal | undefined> {
  try {
    return await apiKeys.check(new Secret(token), remoteAddress)
  } catch (error) {
    if (error instanceof Failure && error.code === 'wrong-credentials') return undefined
    throw error
  }
}

/** 403 with the scope that is missing (RFC 6750, section 3.1). */
export function insufficientScope(scope: Scope): HttpRefusal {
  // Scope values are printable ASCII without quotes (section 3); an international address cannot be
  // named in the header.
  const named = /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) ? `, scope="${scope}"` : ''
  const refusal = scope === 'admin' ? filled('web.admin-needed') : filled('web.scope-missing', { scope })
  return new HttpRefusal(403, refusal, {
    'WWW-Authenticate': `Bearer realm="postern", error="insufficient_scope"${named}`,
  })
}

function unauthorised(id: 'web.key-missing' | 'web.key-invalid', challenge: string): HttpRefusal {
  return new HttpRefusal(401, filled(id), { 'WWW-Authenticate': challenge })
}
