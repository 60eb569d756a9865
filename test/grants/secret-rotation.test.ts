import { expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import type { Address } from '../../src/model/address.ts'
import type { HttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { providerAt } from '../providers/token-endpoint.ts'
import { handClock, memoryLog, openStore } from './fixture.ts'

const day = 86_400

/** A token endpoint whose client secrets are good between two days, and whose refresh tokens rotate. */
function endpoint(clock: ReturnType<typeof handClock>) {
  const begun = clock.now()
  const secrets = new Map<string, { from: number; to: number }>()
  const refused: number[] = []
  let requests = 0
  const today = () => Math.floor((clock.now() - begun) / day / 1000)
  const fetch: HttpFetch = async (_url, { body }) => {
    requests += 1
    const form = new URLSearchParams(String(body))
    const known = secrets.get(form.get('client_secret') ?? '')
    if (!known || today() < known.from || today() >= known.to) {
      refused.push(today())
      return Response.json({ error: 'invalid_client' }, { status: 401 })
    }
    const [mailbox = ''] = (form.get('refresh_token') ?? '').split(' ')
    const fresh = { access_token: `a${requests}`, refresh_token: `${mailbox} ${requests}` }
    return Response.json({ ...fresh, token_type: 'Bearer', expires_in: 3600 })
  }
  return { fetch, secrets, refused, today, requests: () => requests }
}

it('client secrets are changed for years, and no login ever fails', async () => {
  const clock = handClock()
  const provider = endpoint(clock)
  const store = openStore(clock)
  const mailboxes = Array.from({ length: 20 }, (_, place): Address => `m${place}@example.com`)
  for (const mailbox of mailboxes) {
    await store.addMailbox(mailbox)
    await store.consent(mailbox, mailbox)
  }
  /** As a restart with these settings. */
  const start = (...texts: string[]) => {
    const registered = providerAt('http://127.0.0.1:1', { clientAuthentication: 'client_secret_post' })
    const clientSecrets = texts.map((text) => ({ value: new Secret(text) }))
    const client = createOAuthClient({
      provider: { ...registered, registration: { clientId: 'postern', clientSecrets } },
      fetch: provider.fetch,
    })
    const { log } = memoryLog()
    return createTokenBroker({ store: store.ports, oauthClientFor: () => client, onLapsed() {}, clock, log })
  }

  // Each secret lives for half a year; the next one is made, and put into the settings, a fortnight before.
  const halves = 4
  for (let half = 0; half <= halves; half += 1)
    provider.secrets.set(`secret-${half}`, { from: half * 182 - 14, to: half * 182 + 182 })
  let broker = start('secret-0')
  for (; provider.today() < halves * 182; clock.pass(day)) {
    const inHalf = provider.today() % 182
    const half = Math.floor(provider.today() / 182)
    if (inHalf === 170) broker = start(`secret-${half}`, `secret-${half + 1}`)
    // Weeks later somebody takes the old one out.
    if (inHalf === 20 && half > 0) broker = start(`secret-${half}`)
    for (const mailbox of mailboxes) await broker.accessTokenFor(mailbox)
  }

  // Each end is found out by one request, after which the next secret is kept to.
  expect(provider.refused).toEqual([182, 364, 546])
  expect(provider.requests()).toBe(20 * halves * 182 + 3)
  for (const mailbox of mailboxes) expect(await store.grantOf(mailbox)).toMatchObject({ state: 'active' })
})
