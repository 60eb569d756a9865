import { Failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import type { ApiKeys, Principal } from '../../mailboxes/services.ts'
import type { Scope } from '../../store/ports.ts'
import { HttpRefusal } from '../http-refusal.ts'

const keyHint = 'Send "Authorization: Bearer KEY" with an API key or the owner key.'

/**
 * Who sends this `Authorization` header (RFC 6750, section 2.1: the header only, never a parameter).
 * @throws HttpRefusal 401 with the challenge of RFC 6750, section 3
 */
export async function bearerOf(authorization: string | undefined, apiKeys: ApiKeys): Promise<Principal> {
  const [scheme = '', token = ''] = (authorization ?? '').split(/ +(.*)/)
  // RFC 6750, section 3.1: without any authentication information, no error code.
  if (scheme.toLowerCase() !== 'bearer') throw unauthorised('This needs an API key', 'Bearer realm="postern"')
  // The b64token of RFC 6750, section 2.1.
  if (!/^[A-Za-z0-9._~+/-]{1,512}=*$/.test(token)) throw badKey()
  try {
    return await apiKeys.check(new Secret(token))
  } catch (error) {
    throw error instanceof Failure && error.code === 'wrong-credentials' ? badKey() : error
  }
}

/** 403 with the scope that is missing (RFC 6750, section 3.1). */
export function insufficientScope(scope: Scope): HttpRefusal {
  // Scope values are printable ASCII without quotes (section 3); an international address cannot be named in the header.
  const named = /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) ? `, scope="${scope}"` : ''
  return new HttpRefusal(403, 'This API key may not do that', {
    fix: `Use a key with the scope ${scope === 'admin' ? scope : `${scope}, or admin`}.`,
    headers: { 'WWW-Authenticate': `Bearer realm="postern", error="insufficient_scope"${named}` },
  })
}

function badKey(): HttpRefusal {
  return unauthorised('This API key is not valid', 'Bearer realm="postern", error="invalid_token"')
}

function unauthorised(message: string, challenge: string): HttpRefusal {
  return new HttpRefusal(401, message, { fix: keyHint, headers: { 'WWW-Authenticate': challenge } })
}
