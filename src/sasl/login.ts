import { Secret } from '../base/secret.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import type { Exchange } from './exchange.ts'

/**
 * LOGIN (draft-murchison-sasl-login). The two challenges are exact: some devices compare their base64
 * (`VXNlcm5hbWU6`, `UGFzc3dvcmQ6`) letter by letter. A user name that comes beside AUTH is taken.
 */
export function loginExchange(): Exchange {
  let userName: string | undefined

  return (response) => {
    if (response === undefined) return { kind: 'challenge', text: 'Username:' }
    const text = decodeUtf8(response)
    if (text === undefined || text.includes('\0')) return { kind: 'malformed' }
    if (userName === undefined) {
      userName = text
      return { kind: 'challenge', text: 'Password:' }
    }
    return { kind: 'credentials', credentials: { kind: 'password', userName, password: new Secret(text) } }
  }
}
