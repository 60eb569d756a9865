import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import { eventually } from '../support/eventually.ts'
import { goodAnswer, identityOf } from '../support/scripted-oauth-client.ts'
import { browser, callbackOf, setUpConsent, tokenOfLink } from './consent-set-up.ts'

const mailbox = 'me@example.com'

describe('a consent', () => {
  it('a consent becomes the grant of its mailbox, and its access token is used', async () => {
    const { consent, store, changes, client, log } = await setUpConsent()
    const begun = await consent.begin({ mailbox }, browser)
    expect(begun).toMatchObject({ mailbox: 'Me@example.com', providerName: 'Provider custom' })
    const callback = callbackOf(begun.authorizationUrl)
    expect(await consent.complete(callback, browser)).toEqual({
      mailbox: 'Me@example.com',
      signedInAs: 'Me@example.com',
    })
    expect(await store.grants.ofMailbox(mailbox)).toMatchObject({
      state: 'active',
      flow: 'authorization-code',
      refreshToken: client.answer instanceof Error ? undefined : client.answer.refreshToken,
      signedInAs: 'Me@example.com',
      subject: 'https://login.example.com subject-1',
      scopes: goodAnswer().scopes,
      grantedAt: Date.UTC(2030, 4, 1, 12),
    })
    const account = 'https://login.example.com subject-1'
    expect(log.lines.at(-1)?.fields).toMatchObject({
      event: 'consent.completed',
      signedInAs: 'Me@example.com',
      account,
    })
    const { accessToken: secret, expiresInSeconds, scopes } = goodAnswer()
    const grant = { id: expect.any(String), providerId: 'custom', personal: true }
    const fresh = { secret, grant, expiresInSeconds, scopes }
    expect(changes).toEqual([{ mailbox: 'Me@example.com', fresh }])
  })

  it('a consent is checked with the same secrets that it was begun with, each of 256 bits', async () => {
    const { consent, client } = await setUpConsent()
    const { authorizationUrl } = await consent.begin({ mailbox }, browser)
    const callback = callbackOf(authorizationUrl)
    await consent.complete(callback, browser)
    const [asked, exchanged] = [client.asked[0], client.exchanged[0]]
    expect(exchanged?.callback).toBe(callback)
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(asked?.[name].reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/)
      expect(exchanged?.checks[name].reveal()).toBe(asked?.[name].reveal())
    }
    expect(new Set([asked?.state.reveal(), asked?.nonce.reveal(), asked?.codeVerifier.reveal()]).size).toBe(3)
    expect(asked?.redirectUri).toBe('http://localhost:8587/oauth/callback')
    expect(exchanged?.checks.redirectUri).toBe(asked?.redirectUri)
  })

  it.each([
    ['https://mail.example.com', 'https://mail.example.com/oauth/callback'],
    ['https://example.com/postern', 'https://example.com/postern/oauth/callback'],
    ['https://example.com/postern/', 'https://example.com/postern/oauth/callback'],
  ])('a consent at the public address %s comes back to %s', async (publicUrl, redirectUri) => {
    const { consent, client } = await setUpConsent({ publicUrl })
    await consent.begin({ mailbox }, browser)
    expect(client.asked[0]?.redirectUri).toBe(redirectUri)
  })

  it('the grant of the wrong person is ended, unless that person has consented for another mailbox', async () => {
    const { consent, store, client, clock } = await setUpConsent()
    const wrong = async (person: Address) => {
      const begun = await consent.begin({ mailbox: 'me@example.com' }, browser)
      client.answer = goodAnswer({ identity: identityOf(person) })
      const completing = consent.complete(callbackOf(begun.authorizationUrl), browser)
      await expect(completing).rejects.toMatchObject({ reason: 'wrong-person' })
    }
    await store.mailboxes.add({ address: 'boss@example.com', providerId: 'custom', createdAt: clock.now() })
    const consented = { flow: 'authorization-code' as const, scopes: [], grantedAt: 0, renewedAt: 0 }
    const person = { mailbox: 'boss@example.com', signedInAs: 'boss@example.com' } as const
    await store.grants.adopt({ ...consented, ...person, refreshToken: new Secret('of the boss') })
    await wrong('boss@example.com')
    await wrong('stranger@example.com')
    await eventually('the revocation', () => client.revoked.length > 0)
    expect(client.revoked).toEqual(['refresh-token-of-the-consent'])
    expect(await store.grants.ofMailbox('boss@example.com')).toMatchObject({ state: 'active' })
  })

  it('the provider is told who has to sign in, and only that person is taken', async () => {
    const { consent, store, client, clock } = await setUpConsent()
    const shared = {
      address: 'info@example.com',
      providerId: 'custom',
      signsInAs: 'boss@example.com',
      createdAt: clock.now(),
    } as const
    await store.mailboxes.add(shared)
    const begin = async () =>
      callbackOf((await consent.begin({ mailbox: 'info@example.com' }, browser)).authorizationUrl)
    client.answer = goodAnswer({ identity: identityOf('info@example.com') })
    await expect(consent.complete(await begin(), browser)).rejects.toMatchObject({ reason: 'wrong-person' })
    client.answer = goodAnswer({
      identity: identityOf('BOSS@example.com'),
    })
    expect(await consent.complete(await begin(), browser)).toEqual({
      mailbox: 'info@example.com',
      signedInAs: 'boss@example.com',
    })
    expect(client.asked.map(({ loginHint }) => loginHint)).toEqual(['boss@example.com', 'boss@example.com'])
  })

  it('no identity is needed at a provider that proves none', async () => {
    const { consent, store, client } = await setUpConsent({ provesIdentity: false })
    const { identity: _, ...answer } = goodAnswer()
    client.answer = answer
    const { authorizationUrl } = await consent.begin({ mailbox }, browser)
    expect(await consent.complete(callbackOf(authorizationUrl), browser)).toEqual({
      mailbox: 'Me@example.com',
    })
    expect(await store.grants.ofMailbox(mailbox)).not.toHaveProperty('signedInAs')
  })

  it('a consent needs a mailbox that exists, at a provider that is registered', async () => {
    const { consent, store, clock } = await setUpConsent()
    await expect(consent.begin({ mailbox: 'who@example.com' }, browser)).rejects.toMatchObject({
      code: 'not-found',
    })
    await store.mailboxes.add({ address: 'bare@example.com', providerId: 'bare', createdAt: clock.now() })
    for (const refused of [
      consent.begin({ mailbox: 'bare@example.com' }, browser),
      consent.createLink('bare@example.com', 'x'),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'configuration' })
    }
  })
})

describe('a consent link', () => {
  it('a consent link shows what it is for, leads through one consent, and is dead after it', async () => {
    const { consent, store } = await setUpConsent()
    const link = await consent.createLink('ME@example.com', 'the backup job')
    expect(link).toMatchObject({ mailbox: 'Me@example.com', expiresAt: '2030-05-02T12:00:00.000Z' })
    expect(link.url).toMatch(new RegExp(`^http://localhost:8587/consent/${link.id}\\.[A-Za-z0-9_-]{43}$`))
    const token = tokenOfLink(link.url)
    const opened = {
      mailbox: 'Me@example.com',
      providerName: 'Provider custom',
      signsInAs: 'Me@example.com',
      requestedBy: 'the backup job',
      expiresAt: link.expiresAt,
    }
    expect(await consent.openLink(token)).toEqual(opened)
    expect(await consent.openLink(token)).toEqual(opened)
    const { authorizationUrl } = await consent.begin({ link: token }, browser)
    await consent.complete(callbackOf(authorizationUrl), browser)
    for (const ask of [consent.openLink, (link: string) => consent.begin({ link }, browser)]) {
      await expect(ask(token)).rejects.toMatchObject({ code: 'not-found' })
    }
    expect((await store.consentLinks.find(link.id))?.usedAt).toBeDefined()
  })

  it('a refused link has one text, whatever is wrong with it', async () => {
    const { consent, clock, store } = await setUpConsent()
    const old = tokenOfLink((await consent.createLink(mailbox, 'x')).url)
    clock.advance(86_400)
    const good = tokenOfLink((await consent.createLink(mailbox, 'x')).url)
    const other = tokenOfLink((await consent.createLink(mailbox, 'x')).url)
    await store.mailboxes.add({ address: 'gone@example.com', providerId: 'custom', createdAt: 0 })
    const gone = tokenOfLink((await consent.createLink('gone@example.com', 'x')).url)
    await store.mailboxes.remove('gone@example.com')
    const tokens = [
      '',
      '.',
      old,
      gone,
      good.slice(0, 16),
      good.slice(0, -1),
      `${good}A`,
      `${good.slice(0, 17)}${other.slice(17)}`,
      `${'0'.repeat(16)}.${good.slice(17)}`,
    ]
    for (const token of tokens) {
      for (const ask of [consent.openLink, (link: string) => consent.begin({ link }, browser)]) {
        await expect(ask(token)).rejects.toMatchObject({ code: 'not-found', message: /never existed/ })
      }
    }
    expect(await consent.openLink(good)).toMatchObject({ mailbox: 'Me@example.com' })
  })
})

describe('what is kept and logged of consents', () => {
  it('nothing that is kept or logged holds a secret but what the store seals', async () => {
    const { consent, store, log, client } = await setUpConsent()
    const kept: unknown[] = []
    const { add } = store.pendingConsents
    store.pendingConsents.add = (pending) => {
      kept.push(pending)
      return add(pending)
    }
    const link = await consent.createLink(mailbox, 'x')
    kept.push(await store.consentLinks.list())
    const { authorizationUrl } = await consent.begin({ link: tokenOfLink(link.url) }, browser)
    await consent.complete(callbackOf(authorizationUrl), browser)
    client.answer = new Error('the nonce differs')
    const again = await consent.begin({ mailbox }, browser)
    await expect(consent.complete(callbackOf(again.authorizationUrl), browser)).rejects.toThrow()
    expect(log.lines.map(({ fields }) => fields)).toMatchObject([
      { event: 'consent-link.made', mailbox: 'Me@example.com', link: link.id },
      { event: 'consent.begun', mailbox: 'Me@example.com', link: link.id },
      { event: 'consent.completed', mailbox: 'Me@example.com', signedInAs: 'Me@example.com' },
      { event: 'consent.begun', mailbox: 'Me@example.com' },
      {
        event: 'consent.refused',
        mailbox: 'Me@example.com',
        reason: 'provider-error',
        check: 'the nonce differs',
      },
    ])
    const secrets = client.asked.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier])
    const all = [
      ...secrets,
      browser,
      new Secret(link.url.slice(-43)),
      new Secret('access-token'),
      new Secret('refresh-token'),
    ]
    for (const secret of all) {
      const text = JSON.stringify([kept, log.lines])
      expect(text).not.toContain(secret.reveal())
      // A hash that anybody could make from a guess would be no protection for the store's reader.
      expect(text).not.toContain(createHash('sha256').update(secret.reveal()).digest('base64url'))
    }
  })

  it('a consent that nobody finished is removed', async () => {
    const { consent, store, clock, client } = await setUpConsent()
    await consent.begin({ mailbox }, browser)
    const swept: number[] = []
    const { sweep } = store.pendingConsents
    store.pendingConsents.sweep = (now) => {
      swept.push(now)
      return sweep(now)
    }
    clock.advance(3600)
    await consent.begin({ mailbox }, browser)
    expect(swept).toEqual([clock.now()])
    expect(client.asked).toHaveLength(2)
  })
})
