import { describe, expect, it } from 'vitest'
import { filled } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { ConsentRefused } from '../../src/consent/consent-refused.ts'
import type { TokenResponse } from '../../src/providers/oauth/oauth-client.ts'
import { failureAs } from '../support/made-failure.ts'
import { goodAnswer, identityOf } from '../support/scripted-oauth-client.ts'
import { browser, callbackOf, setUpConsent, tokenOfLink } from './consent-set-up.ts'

const mailbox = 'me@example.com'

/** A consent under way by a link, for a mailbox whose earlier grant must outlive every refusal. */
async function underWay() {
  const set = await setUpConsent()
  const { consent, store, clock } = set
  const now = clock.now()
  const earlier = await store.grants.adopt({
    mailbox: 'Me@example.com',
    refreshToken: new Secret('earlier'),
    flow: 'adopted',
    scopes: [],
    grantedAt: now,
    renewedAt: now,
  })
  const link = tokenOfLink((await consent.createLink(mailbox, 'x')).url)
  const { authorizationUrl } = await consent.begin({ link }, browser)
  const callback = callbackOf(authorizationUrl)
  const nothingChanged = async () => {
    expect(await store.grants.ofMailbox(mailbox)).toEqual(earlier)
    expect(set.changes).toEqual([])
    expect(set.log.lines.at(-1)).toMatchObject({ fields: { event: 'consent.refused' } })
  }
  return { ...set, link, authorizationUrl, callback, nothingChanged }
}

async function refusalOf(completing: Promise<unknown>): Promise<ConsentRefused> {
  const error = await completing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ConsentRefused)
  const refusal = error as ConsentRefused
  expect(refusal.fix).toMatch(/^[A-Z].*\.$/)
  return refusal
}

describe('a consent is refused, and the earlier grant stays,', () => {
  const { refreshToken: _r, ...withoutRefreshToken } = goodAnswer()
  const { identity: _i, ...withoutIdentity } = goodAnswer()
  const answers: [string, TokenResponse, string, RegExp][] = [
    [
      'when the wrong person signed in',
      goodAnswer({
        identity: identityOf('you@example.com'),
      }),
      'wrong-person',
      /^you@example\.com signed in, but Me@example\.com has to$/,
    ],
    [
      'when the access token is for something else',
      goodAnswer({ tokenCheck: { error: filled('token.for-graph', { scope: 'SMTP.Send' }) } }),
      'wrong-token',
      /for Microsoft Graph/,
    ],
    [
      'when an address only begins alike',
      goodAnswer({ identity: identityOf('me@example.com.evil.test') }),
      'wrong-person',
      /evil/,
    ],
    ['when nobody is proven to have signed in', withoutIdentity, 'no-identity', /did not say/],
    [
      'when the identity has no address',
      goodAnswer({ identity: identityOf() }),
      'no-identity',
      /did not say/,
    ],
    ['when no refresh token came', withoutRefreshToken, 'missing-refresh-token', /no refresh token/],
    [
      'when the scope for mail is missing',
      goodAnswer({ scopes: ['openid', 'email'] }),
      'missing-scope',
      /mail\.example\.com\/send$/,
    ],
    ['when no scope was given', goodAnswer({ scopes: [] }), 'missing-scope', /right to send mail/],
    [
      'when a scope only begins alike',
      goodAnswer({ scopes: ['https://mail.example.com/send.read'] }),
      'missing-scope',
      /right/,
    ],
  ]
  it.each(answers)('a consent is refused %s', async (_when, answer, reason, message) => {
    const { consent, client, callback, link, nothingChanged } = await underWay()
    client.answer = answer
    const refusal = await refusalOf(consent.complete(callback, browser))
    expect(refusal).toMatchObject({
      reason,
      mailbox: 'Me@example.com',
      message: expect.stringMatching(message),
    })
    await nothingChanged()
    expect(await consent.openLink(link)).toMatchObject({ mailbox: 'Me@example.com' })
  })

  it('the refusal names the wrong person and the right one, who may choose the account next time', async () => {
    const { consent, client, callback, link, log } = await underWay()
    client.answer = goodAnswer({ identity: identityOf('you@example.com') })
    const refusal = await refusalOf(consent.complete(callback, browser))
    expect(refusal).toMatchObject({
      signedInAs: 'you@example.com',
      expected: 'Me@example.com',
      code: 'forbidden',
    })
    const account = 'https://login.example.com subject-1'
    expect(log.lines.at(-1)?.fields).toMatchObject({ signedInAs: 'you@example.com', account })
    await consent.begin({ link }, new Secret('another browser'))
    const { authorizationUrl } = await consent.begin({ link }, browser)
    client.answer = goodAnswer()
    await consent.complete(callbackOf(authorizationUrl), browser)
    await consent.begin({ mailbox }, browser)
    expect(client.asked.map(({ selectAccount }) => selectAccount)).toEqual([
      undefined,
      undefined,
      true,
      undefined,
    ])
  })

  it.each([
    ['access_denied', 'declined', 'invalid'],
    ['consent_required', 'declined', 'invalid'],
    ['interaction_required', 'declined', 'invalid'],
    ['temporarily_unavailable', 'provider-unavailable', 'provider-unavailable'],
    ['server_error', 'provider-unavailable', 'provider-unavailable'],
    ['invalid_scope', 'provider-error', 'invalid'],
    ['unauthorized_client', 'provider-error', 'invalid'],
    ['<script>\r\n', 'provider-error', 'invalid'],
    ['', 'provider-error', 'invalid'],
  ])('a consent is refused when the provider answers %j', async (error, reason, code) => {
    const { consent, client, authorizationUrl, nothingChanged } = await underWay()
    const callback = callbackOf(authorizationUrl, {
      error,
      error_description: 'AADSTS1:\r\nforeign text',
      code: 'the-code',
    })
    const refusal = await refusalOf(consent.complete(callback, browser))
    expect(refusal).toMatchObject({ reason, code })
    expect(refusal.message).not.toMatch(/foreign|[\r\n]/)
    expect(client.exchanged).toEqual([])
    await nothingChanged()
  })

  it('a consent is refused when the answer does not pass the checks', async () => {
    const { consent, client, callback, nothingChanged } = await underWay()
    client.answer = new Error('unexpected "iss" (issuer) response parameter value')
    const refusal = await refusalOf(consent.complete(callback, browser))
    expect(refusal).toMatchObject({ reason: 'provider-error', cause: client.answer })
    expect(refusal.message).not.toContain('iss')
    await nothingChanged()
  })

  it.each(['provider-unavailable', 'provider-setup', 'consent-needed'] as const)(
    'a consent is refused when the exchange fails with %s, which is passed on',
    async (code) => {
      const { consent, client, callback, nothingChanged } = await underWay()
      client.answer = failureAs(code, 'The provider said no')
      await expect(consent.complete(callback, browser)).rejects.toBe(client.answer)
      await nothingChanged()
    },
  )

  it.each([
    ['another browser', new Secret('another browser'), 'other-browser'],
    ['a browser without a cookie', undefined, 'other-browser'],
    ['a browser with an empty cookie', new Secret(''), 'other-browser'],
  ])(
    'a consent that comes back in %s is refused, and the browser that began still finishes it',
    async (_what, elsewhere, reason) => {
      const { consent, client, callback, changes, nothingChanged } = await underWay()
      const refused = new URL(`${callback.href}&error=access_denied`)
      for (const answer of [callback, refused])
        expect(await refusalOf(consent.complete(answer, elsewhere))).toMatchObject({ reason })
      expect(client.exchanged).toEqual([])
      await nothingChanged()
      await consent.complete(callback, browser)
      expect(changes).toHaveLength(1)
    },
  )

  it('only the last one counts when the same browser has begun anew by the same link', async () => {
    const { consent, callback, link } = await underWay()
    const again = await consent.begin({ link }, browser)
    expect(await refusalOf(consent.complete(callback, browser))).toMatchObject({ reason: 'not-begun' })
    await consent.complete(callbackOf(again.authorizationUrl), browser)
  })

  it('a consent that took too long is refused', async () => {
    const { consent, client, callback, clock, nothingChanged } = await underWay()
    clock.advance(600)
    expect(await refusalOf(consent.complete(callback, browser))).toMatchObject({ reason: 'expired' })
    expect(client.exchanged).toEqual([])
    await nothingChanged()
  })

  it.each([
    ['is unknown', (state: string) => [state.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))]],
    ['is missing', () => []],
    ['is empty', () => ['']],
    ['comes twice', (state: string) => [state, state]],
  ])('a consent is refused when the state %s', async (_what, states) => {
    const { consent, client, callback, nothingChanged } = await underWay()
    const state = callback.searchParams.get('state') ?? ''
    callback.searchParams.delete('state')
    for (const one of states(state)) callback.searchParams.append('state', one)
    expect(await refusalOf(consent.complete(callback, browser))).toMatchObject({ reason: 'not-begun' })
    expect(client.exchanged).toEqual([])
    await nothingChanged()
  })

  it('a consent is refused when the mailbox moved to another provider, which gets no code of the first', async () => {
    const { consent, store, client, callback, changes } = await underWay()
    await store.mailboxes.put({ address: 'Me@example.com', providerId: 'other', createdAt: 0 })
    const lapsed = await store.grants.ofMailbox(mailbox)
    await refusalOf(consent.complete(callback, browser))
    expect(client.exchanged).toEqual([])
    expect(await store.grants.ofMailbox(mailbox)).toEqual(lapsed)
    expect(changes).toEqual([])
  })

  it('a consent is refused when the link has expired meanwhile', async () => {
    const { consent, client, clock, link, nothingChanged } = await underWay()
    clock.advance(86_400 - 60)
    const { authorizationUrl } = await consent.begin({ link }, browser)
    clock.advance(60)
    expect(await refusalOf(consent.complete(callbackOf(authorizationUrl), browser))).toMatchObject({
      reason: 'link-ended',
    })
    expect(client.exchanged).toEqual([])
    await nothingChanged()
  })
})

describe('a consent comes about once', () => {
  it('a repeated callback is refused', async () => {
    const { consent, client, callback } = await underWay()
    await consent.complete(callback, browser)
    expect(await refusalOf(consent.complete(callback, browser))).toMatchObject({ reason: 'not-begun' })
    expect(client.exchanged).toHaveLength(1)
  })

  it('one of ten callbacks at once counts', async () => {
    const { consent, client, callback, changes } = await underWay()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => consent.complete(callback, browser)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(client.exchanged).toHaveLength(1)
    expect(changes).toHaveLength(1)
  })

  it('one of two people who finish with one link at the same time gets the grant', async () => {
    const { consent, callback, changes, link } = await underWay()
    const other = new Secret('another browser')
    const second = callbackOf((await consent.begin({ link }, other)).authorizationUrl)
    const outcomes = await Promise.allSettled([
      consent.complete(callback, browser),
      consent.complete(second, other),
    ])
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refused).toEqual([expect.objectContaining({ reason: 'link-ended' })])
    expect(changes).toHaveLength(1)
  })

  it.each([
    ['is removed', undefined],
    ['gets another provider', { providerId: 'other' }],
    ['gets another person', { signsInAs: 'boss@example.com' }],
  ] as const)('no consent comes about when the mailbox %s during the exchange', async (_what, change) => {
    const { consent, store, client, callback, changes } = await underWay()
    const { exchangeCode } = client
    client.exchangeCode = async (...request) => {
      const before = await store.mailboxes.find(mailbox)
      if (before && change) await store.mailboxes.put({ ...before, ...change })
      else await store.mailboxes.remove(mailbox)
      return await exchangeCode(...request)
    }
    expect(await refusalOf(consent.complete(callback, browser))).toMatchObject({ reason: 'mailbox-gone' })
    expect(changes).toEqual([])
    expect(await store.grants.ofMailbox(mailbox)).not.toMatchObject({ flow: 'authorization-code' })
  })
})
