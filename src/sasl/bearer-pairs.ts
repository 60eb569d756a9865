import { Secret } from '../base/secret.ts'

/**
 * The bearer token of a response that was cut at its ^A: key and value pairs, each ended by one, then one more (RFC 7628, section 3.1; XOAUTH2
 * alike). Keys that are not known are passed over. Undefined when it does not follow the grammar.
 */
export function readBearerToken(parts: readonly string[]): Secret | undefined {
  const pairs = parts.slice(0, -2).map((part) => pairForm.exec(part))
  if (parts.length < 3 || parts.at(-1) !== '' || parts.at(-2) !== '') return undefined
  if (pairs.includes(null)) return undefined
  const [auth, ...more] = pairs.filter((pair) => pair?.[1] === 'auth')
  const token = more.length > 0 ? undefined : bearerForm.exec(auth?.[2] ?? '')?.[1]
  return token === undefined ? undefined : new Secret(token)
}

const pairForm = /^([A-Za-z]+)=([\t\r\n -~]*)$/
// RFC 6750, section 2.1: b64token. The scheme is a name of HTTP, so its case means nothing (RFC 9110, section 11.1).
const bearerForm = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
