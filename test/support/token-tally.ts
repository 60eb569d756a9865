import type { TokenRequest } from '../../examples/demo/authorization-server.js'
import { introspectionAt } from '../../examples/demo/mail-provider.js'
import type { Stage } from '../../examples/demo/stage.js'
import { eventually } from './eventually.ts'

/** Keeps what passes at the token endpoint. */
export function tokenTally() {
  const requests: TokenRequest[] = []
  const issued = (name: string) =>
    requests.map(({ answer }) => answer[name]).filter((value) => value !== undefined)
  return {
    requests,
    onTokenRequest: (request: TokenRequest) => requests.push(request),
    accessTokens: () => issued('access_token').map(String),
    refreshTokens: () => issued('refresh_token').map(String),
    /** Answers of the refresh grant, as HTTP status. */
    refreshes: () =>
      requests.filter(({ grantType }) => grantType === 'refresh_token').map(({ status }) => status),
  }
}

/**
 * Waits until this token is dead for everybody. The authorization server counts in whole seconds, so its word comes up to a second
 * before postern, which counts the life that it was told, thinks so too: within that second the provider would refuse a new token.
 */
export async function expiry(authority: Stage['authority'], accessToken: string): Promise<void> {
  const introspect = introspectionAt(authority)
  await eventually('the access token expires', async () => !(await introspect(accessToken)).active)
  const certain = performance.now() + 1000
  await eventually('postern counts it as expired', () => performance.now() >= certain)
}
