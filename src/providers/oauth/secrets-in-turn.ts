import { OAuthError } from './oauth-error.ts'

/**
 * Tries the ways in their order, beginning with the one that worked last, until one is not refused as a client's (`invalid_client`, RFC 6749, section 5.2): where
 * two secrets overlap, the end of one costs no sign-in. Who authenticates wrongly has spent neither code nor refresh token.
 */
export function createSecretsInTurn<Way>(): <T>(
  ways: readonly Way[],
  attempt: (way: Way) => Promise<T>,
) => Promise<T> {
  let last = 0

  return async (ways, attempt) => {
    const begun = last
    for (let tried = 0; ; tried += 1) {
      const index = (begun + tried) % ways.length
      try {
        const result = await attempt(ways[index] as Way)
        last = index
        return result
      } catch (error) {
        const another = tried + 1 < ways.length
        if (!(another && error instanceof OAuthError && error.error === 'invalid_client')) throw error
      }
    }
  }
}
