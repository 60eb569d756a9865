import { afterAll, beforeAll, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import { providerAt, type ScriptedAnswer, startTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts'

const http = createHttpFetch({ timeoutSeconds: 5 })
const now = Date.parse('2030-01-01T12:00:00Z')
let endpoint: TokenEndpoint

beforeAll(async () => {
  endpoint = await startTokenEndpoint()
})
afterAll(async () => {
  await http.close()
  await endpoint.close()
})

async function verdictOf(answer: ScriptedAnswer, date: string) {
  endpoint.answer({ ...answer, headers: { date } })
  const provider = providerAt(endpoint.origin)
  const client = createOAuthClient({ provider, fetch: http.fetch, clock: { now: () => now } })
  return judge(await client.refresh(new Secret('refresh-1')).catch((error: unknown) => error))
}

const refusal = {
  status: 401,
  json: { error: 'invalid_client', error_description: 'The assertion is not within its valid time range' },
}
const said = 'invalid_client: The assertion is not within its valid time range'

it.each([
  ['Tue, 01 Jan 2030 12:12:00 GMT', '12 minutes behind'],
  ['Tue, 01 Jan 2030 09:00:00 GMT', '3 hours ahead of'],
  ['Sun, 06 Jan 2030 12:00:00 GMT', '5 days behind'],
])('a refusal of an answer with the date %s names a clock that is %s', async (date, difference) => {
  const reason = `the clock of this machine is ${difference} that of the provider: ${said}`
  expect(await verdictOf(refusal, date)).toMatchObject({ kind: 'setup-wrong', about: 'registration', reason })
})

it.each(['Tue, 01 Jan 2030 12:01:00 GMT', 'Tue, 01 Jan 2030 11:59:00 GMT', 'yesterday'])(
  'a refusal of an answer with the date %s names no clock',
  async (date) => {
    expect((await verdictOf(refusal, date)).reason).toBe(said)
  },
)

it('trouble that passes is not laid upon the clock', async () => {
  const { reason } = await verdictOf({ status: 503, text: '' }, 'Tue, 01 Jan 2030 09:00:00 GMT')
  expect(reason).toBe('the token endpoint answered with HTTP status 503')
})
