import { Secret } from '../base/secret.ts'
import { readClientText } from '../wire/client-text.ts'
import type { Exchange } from './exchange.ts'

/**
 * LOGIN (draft-murchison-sasl-login). The two challenges are exact: some devices compare their base64
 * (`VXNlcm5hbWU6`, `UGFzc3dvcmQ6`) letter by letter. A user name that comes beside AUTH is taken; an empty one there is
 * a client that has not said it yet.
 */
export function loginExchange(): Exchange {
  let asked = false
  let userName: string | undefined

  return (response) => {
    if (response === undefined || (!asked && response.length === 0)) {
      asked = true
      return { kind: 'challenge', text: 'Username:' }
    }
    if (response.includes(0)) return { kind: 'malformed' }
    const text = readClientText(response)
    if (userName === undefined) {
      asked = true
      userName = text
      return { kind: 'challenge', text: 'Password:' }
    }
    return { kind: 'credentials', credentials: { kind: 'password', userName, password: new Secret(text) } }
  }
}
