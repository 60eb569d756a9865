import type { CustomFetch, CustomFetchOptions } from 'openid-client'
import type { HttpFetch } from '../http/http-fetch.ts'
import type { RegisteredProvider } from '../provider.ts'
import { readRevocationAnswer, readTokenAnswer, requireGood } from './token-answer.ts'

/** Fetches for openid-client whose answers to POST have been read and cleaned before it sees them, one for each kind of endpoint. */
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
    tokens: reading((response, sent) => readTokenAnswer(response, sent, false)),
    tokensWithIdentity: reading((response, sent) => readTokenAnswer(response, sent, true)),
    revocations: reading(readRevocationAnswer),
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
