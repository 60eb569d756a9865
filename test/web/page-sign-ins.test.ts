import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/model/address.ts'
import type { PageAccess } from '../../src/model/page-access.ts'
import { callbackOf, setUpConsent } from '../consent/consent-set-up.ts'
import { goodAnswer, identityOf } from '../support/scripted-oauth-client.ts'

const people = {
  administrators: ['Boss@example.com'],
  viewers: ['helpdesk@example.com', 'boss@example.com'],
  providers: ['custom'],
} as const
const browser = new Secret('the-browser')

async function setUp([person]: readonly Address[], who: PageAccess = people) {
  const stage = await setUpConsent({ people: who })
  stage.client.answer = goodAnswer({ identity: identityOf(person) })
  const signIns = stage.pageSignIns
  const begin = async () => callbackOf((await signIns.begin('custom', browser)).authorizationUrl)
  return { ...stage, signIns, begin }
}

describe('signing in to the pages at a provider', () => {
  it.each([
    ['boss@example.com', 'administrator'],
    ['HELPDESK@example.com', 'viewer'],
  ] as const)('a provider lets %s in as %s', async (person, role) => {
    const { signIns, begin, store } = await setUp([person])
    const callback = await begin()
    expect(signIns.isOne(callback)).toBe(true)
    expect(await signIns.complete(callback, browser)).toEqual({
      role,
      person,
      provider: 'custom',
      account: 'https://login.example.com subject-1',
    })
    // Nothing of the answer is kept.
    expect((await store.grants.ofMailbox('me@example.com')).state).toBe('absent')
  })

  it('the request asks for nothing but who somebody is', async () => {
    const { client, begin } = await setUp(['boss@example.com'])
    await begin()
    expect(client.asked).toMatchObject([
      { purpose: 'sign-in', redirectUri: 'http://localhost:8587/oauth/callback' },
    ])
    expect(client.asked[0]).not.toHaveProperty('loginHint')
  })

  it.each([
    [
      'an address that is not named',
      ['other@example.com'],
      /^other@example\.com may not look/,
      /POSTERN_ADMIN_EMAILS/,
    ],
    ['an address that nobody answers for', [], /did not prove a mail address/, /verified/],
  ] as const)('a sign-in refuses %s, and tells nobody who is named', async (_what, vouched, message, fix) => {
    const { signIns, begin } = await setUp(vouched)
    const refused = await signIns.complete(await begin(), browser).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    })
    expect(JSON.stringify(refused)).not.toMatch(/boss|helpdesk/i)
  })

  it.each([
    ['of which the provider only says so', { address: { value: 'boss@example.com', vouched: false } }],
    ['without a signature that was checked', { signed: false }],
  ] as const)('a sign-in refuses an address %s', async (_what, change) => {
    const { signIns, begin, client } = await setUp(['boss@example.com'])
    client.answer = goodAnswer({ identity: { ...identityOf('boss@example.com'), ...change } })
    await expect(signIns.complete(await begin(), browser)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('did not prove a mail address'),
    })
    expect(client.exchanged[0]?.checks).toMatchObject({ purpose: 'sign-in' })
  })

  it('an answer is taken once, in the browser that began, in time', async () => {
    const { signIns, begin, clock, client } = await setUp(['boss@example.com'])
    const callback = await begin()
    await signIns.complete(callback, browser)
    await expect(signIns.complete(callback, browser)).rejects.toMatchObject({ code: 'forbidden' })

    await expect(signIns.complete(await begin(), new Secret('another'))).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(signIns.complete(await begin(), undefined)).rejects.toMatchObject({ code: 'forbidden' })
    const late = await begin()
    clock.advance(601)
    await expect(signIns.complete(late, browser)).rejects.toMatchObject({ code: 'forbidden' })
    expect(client.exchanged).toHaveLength(1)
  })

  it.each([
    ['its end', /\.(\d+)\./, '.9999999999999.'],
    ['its provider', /custom/, 'other'],
    ['its proof', /.{43}$/, 'A'.repeat(43)],
  ])('no answer is taken whose state has %s changed', async (_what, part, other) => {
    const { signIns, begin, client } = await setUp(['boss@example.com'])
    const callback = await begin()
    callback.searchParams.set('state', (callback.searchParams.get('state') ?? '').replace(part, other))
    await expect(signIns.complete(callback, browser)).rejects.toMatchObject({ code: 'forbidden' })
    expect(client.exchanged).toEqual([])
  })

  it('a sign-in that only begins is not remembered, so that it crowds nobody out', async () => {
    const { signIns, begin } = await setUp(['boss@example.com'])
    const callback = await begin()
    for (let count = 0; count < 2000; count += 1) await signIns.begin('custom', new Secret(`other-${count}`))
    expect(await signIns.complete(callback, browser)).toMatchObject({ role: 'administrator' })
  })

  it('a sign-in asks with a fresh state, nonce and verifier each time, none of which is another', async () => {
    const { begin, client } = await setUp([])
    await begin()
    await begin()
    const all = client.asked.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier])
    expect(new Set(all.map((secret) => secret.reveal())).size).toBe(6)
    for (const { codeVerifier } of client.asked) expect(codeVerifier.reveal()).toMatch(/^[\w-]{43}$/)
  })

  it.each([
    ['of a provider of the file that nobody named', { providers: undefined }, { isOwn: true as const }],
    ['of a provider that is not among those that are named', { providers: ['other'] }, {}],
    [
      'of Entra for many tenants',
      {},
      { registration: { clientId: 'c', clientSecrets: [], tenant: 'common' } },
    ],
    [
      'of Entra for all personal accounts',
      {},
      { registration: { clientId: 'c', clientSecrets: [], tenant: '9188040d-6c67-4c5b-b112-36a304b66dad' } },
    ],
  ])('no word is believed %s', async (_what, change, provider) => {
    const { administrators, viewers, providers } = { ...people, ...change }
    const named = { administrators, viewers, ...(providers && { providers }) }
    const { pageSignIns: signIns } = await setUpConsent({ people: named, provider })
    expect(signIns.providers()).toEqual([])
    await expect(signIns.begin('custom', browser)).rejects.toMatchObject({ code: 'configuration' })
  })

  it('the built-in providers are believed without a name, and nobody is whom a sign-in would not ask any more', async () => {
    const { administrators, viewers } = people
    const { pageSignIns: signIns } = await setUpConsent({ people: { administrators, viewers } })
    expect(signIns.providers()).toHaveLength(1)
    expect(signIns.roleOf('boss@example.com', 'custom')).toBe('administrator')
    expect(signIns.roleOf('boss@example.com', 'gone')).toBeUndefined()
    expect(signIns.roleOf('nobody@example.com', 'custom')).toBeUndefined()
    const named = (await setUp([], { ...people, providers: ['other'] })).signIns
    expect(named.roleOf('boss@example.com', 'custom')).toBeUndefined()
  })

  it('a sign-in is no consent, and a consent is no sign-in', async () => {
    const { signIns, begin, consent, client } = await setUp(['boss@example.com'])
    const signIn = await begin()
    await expect(consent.complete(signIn, browser)).rejects.toMatchObject({ reason: 'not-begun' })
    const begun = callbackOf((await consent.begin({ mailbox: 'me@example.com' }, browser)).authorizationUrl)
    expect(signIns.isOne(begun)).toBe(false)
    await expect(signIns.complete(begun, browser)).rejects.toMatchObject({ code: 'forbidden' })
    expect(client.exchanged).toEqual([])
  })

  it('the failure says what the provider says, without its words', async () => {
    const { signIns, begin } = await setUp(['boss@example.com'])
    const callback = await begin()
    callback.searchParams.delete('code')
    callback.searchParams.set('error', 'access_denied')
    callback.searchParams.set('error_description', 'evil words')
    const refused = await signIns.complete(callback, browser).catch((error: Error) => error)
    expect(refused).toMatchObject({
      code: 'forbidden',
      message: 'Provider custom says that the sign-in did not succeed',
    })
  })

  it('sign-in at a provider is off while nobody is named, and where a provider proves nobody', async () => {
    const nobody = await setUp([], { administrators: [], viewers: [] })
    expect(nobody.signIns.providers()).toEqual([])
    await expect(nobody.signIns.begin('custom', browser)).rejects.toMatchObject({ code: 'configuration' })
    const unproven = (await setUpConsent({ people, provesIdentity: false })).pageSignIns
    expect(unproven.providers()).toEqual([])
    await expect(unproven.begin('custom', browser)).rejects.toMatchObject({ code: 'configuration' })
    expect((await setUp([])).signIns.providers()).toEqual([{ id: 'custom', name: 'Provider custom' }])
  })
})
