import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import type {
  AuthorizationRequest,
  CallbackChecks,
  Identity,
  OAuthClient,
  TokenResponse,
} from '../../src/providers/oauth/oauth-client.ts'

/** Answers code exchanges as it is told to, and remembers what it was asked. */
export interface ScriptedOAuthClient extends OAuthClient {
  asked: AuthorizationRequest[]
  exchanged: { callback: URL; checks: CallbackChecks }[]
  revoked: string[]
  answer: TokenResponse | Error
  /** What the next questions of a device are answered, before `answer`. */
  polls: ('pending' | 'slow-down' | Error)[]
}

export function scriptedOAuthClient(answer: TokenResponse): ScriptedOAuthClient {
  const script: ScriptedOAuthClient = {
    asked: [],
    exchanged: [],
    revoked: [],
    answer,
    polls: [],
    async authorizationUrl(request) {
      script.asked.push(request)
      return new URL(`https://login.example.com/authorize?state=${request.state.reveal()}`)
    },
    async exchangeCode(callback, checks) {
      script.exchanged.push({ callback, checks })
      // A turn of the event loop, as a request over a network takes one.
      await new Promise((resolve) => setImmediate(resolve))
      if (script.answer instanceof Error) throw script.answer
      return script.answer
    },
    refresh: () => Promise.reject(new Error('no consent refreshes')),
    async beginDevice() {
      return {
        deviceCode: new Secret('the-device-code'),
        userCode: 'ABCD-EFGH',
        verificationUri: 'https://login.example.com/device',
        expiresInSeconds: 900,
        intervalSeconds: 5,
      }
    },
    async pollDevice() {
      const next = script.polls.shift() ?? script.answer
      if (next instanceof Error) throw next
      return next
    },
    appOnlyToken: () => Promise.reject(new Error('every consent has a person')),
    revoke: async (refreshToken) => {
      script.revoked.push(refreshToken.reveal())
      return 'revoked'
    },
  }
  return script
}

/** What a provider answers after a consent in which everything went well. */
export function goodAnswer(change: Partial<TokenResponse> = {}): TokenResponse {
  return {
    accessToken: new Secret('access-token-of-the-consent'),
    expiresInSeconds: 3600,
    refreshToken: new Secret('refresh-token-of-the-consent'),
    scopes: ['openid', 'email', 'https://mail.example.com/send'],
    identity: identityOf('me@example.com'),
    ...change,
  }
}

/** Somebody whose address the provider has verified; without one, somebody of whom it proves none. */
export function identityOf(address?: Address): Identity {
  const proven = address === undefined ? {} : { address: { value: address, vouched: true } }
  return { account: 'https://login.example.com subject-1', signed: true, ...proven }
}
