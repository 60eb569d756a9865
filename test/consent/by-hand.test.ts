import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { browser, setUpConsent } from './consent-set-up.ts'

const mailbox = 'me@example.com'
const shown = { oauth: { redirectUri: 'https://login.example.com/verification_code' } }

async function underWay(provider: Parameters<typeof setUpConsent>[0] = {}) {
  const set = await setUpConsent(provider)
  const begun = await set.consent.begin({ mailbox }, browser)
  const state = begun.authorizationUrl.searchParams.get('state') ?? ''
  const granted = async () => (await set.store.grants.ofMailbox(mailbox)).state
  return { ...set, begun, state, granted }
}

describe('an answer that a person carries over', () => {
  it.each([
    [
      'the whole address',
      (state: string) => `http://localhost:8587/oauth/callback?code=the-code&state=${state}`,
    ],
    [
      'the address of another machine',
      (state: string) => ` https://x.example/y?state=${state}&code=the-code#z \n`,
    ],
    ['what stands behind the question mark', (state: string) => `?code=the-code&state=${state}`],
  ])('the consent is completed by %s', async (_, pasted) => {
    const { consent, state, granted, client } = await underWay()
    expect(await consent.completePasted(pasted(state), state, browser)).toMatchObject({
      mailbox: 'Me@example.com',
    })
    expect(await granted()).toBe('active')
    expect(client.exchanged[0]?.callback.searchParams.get('code')).toBe('the-code')
  })

  it('the code alone is enough where the provider shows one, and its redirect URI is sent', async () => {
    const { consent, state, granted, client, begun } = await underWay({ provider: shown })
    expect(begun.byHand).toBe(true)
    expect(client.asked[0]?.redirectUri).toBe(shown.oauth.redirectUri)
    await consent.completePasted('4/0AbCd', state, browser)
    expect(client.exchanged[0]?.checks.redirectUri).toBe(shown.oauth.redirectUri)
    expect(client.exchanged[0]?.callback.searchParams.get('code')).toBe('4/0AbCd')
    expect(await granted()).toBe('active')
  })

  it('the code alone is not enough where the whole answer can be had', async () => {
    const { consent, state, granted, begun } = await underWay()
    expect(begun.byHand).toBe(false)
    await expect(consent.completePasted('the-code', state, browser)).rejects.toMatchObject({
      reason: 'not-begun',
      message: expect.stringContaining('not the whole address'),
    })
    expect(await granted()).toBe('absent')
  })

  it.each([
    '',
    '  ',
    'http://localhost:8587/oauth/callback',
    'https://x.example/?code=1',
    'two words',
    'a'.repeat(5000),
  ])('an answer that means nothing is told as that and ends nothing: %j', async (text) => {
    const { consent, state, granted } = await underWay()
    await expect(consent.completePasted(text, state, browser)).rejects.toMatchObject({
      code: 'invalid',
      message: 'This is not what the browser ended at',
    })
    await consent.completePasted(`?code=c&state=${state}`, state, browser)
    expect(await granted()).toBe('active')
  })

  it.each<[string, (state: string) => [string, string, Secret | undefined], string]>([
    ['of another consent', (state) => ['?code=c&state=strange', state, browser], 'not-begun'],
    [
      'by another browser',
      (state) => [`?code=c&state=${state}`, state, new Secret('other')],
      'other-browser',
    ],
    ['by no browser', (state) => [`?code=c&state=${state}`, state, undefined], 'other-browser'],
    ['with a refusal', (state) => [`?error=access_denied&state=${state}`, state, browser], 'declined'],
  ])('an answer is refused %s', async (_, given, reason) => {
    const { consent, state, granted } = await underWay()
    await expect(consent.completePasted(...given(state))).rejects.toMatchObject({ reason })
    expect(await granted()).toBe('absent')
  })

  it('an answer is used once, and is in no line of the log', async () => {
    const { consent, state, log } = await underWay({ provider: shown })
    await consent.completePasted('the-shown-code', state, browser)
    await expect(consent.completePasted('the-shown-code', state, browser)).rejects.toMatchObject({
      reason: 'not-begun',
    })
    const lines = JSON.stringify(log.lines)
    for (const secret of ['the-shown-code', state, browser.reveal()]) expect(lines).not.toContain(secret)
  })
})

it('nobody consents for a whole domain', async () => {
  const { consent, store } = await setUpConsent({ provider: { flows: ['device'] } })
  await store.mailboxes.add({ address: '*@example.org', providerId: 'custom', createdAt: 0 })
  for (const asked of [
    () => consent.begin({ mailbox: '*@example.org' }, browser),
    () => consent.createLink('*@example.org', 'x'),
    () => consent.device.begin('*@example.org'),
  ])
    await expect(asked()).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('whole domain'),
    })
})

it('nobody consents where only apps are let in', async () => {
  const { consent } = await setUpConsent({ provider: { flows: ['service-account'] } })
  for (const asked of [() => consent.begin({ mailbox }, browser), () => consent.createLink(mailbox, 'x')])
    await expect(asked()).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('nobody consents'),
    })
})

describe('the consent of an administrator for an organisation', () => {
  const entra = {
    oauth: {
      adminConsentEndpoint: 'https://login.microsoftonline.com/common/v2.0/adminconsent',
      applicationScopes: ['https://outlook.office365.com/.default'],
      mailScopes: ['https://outlook.office.com/SMTP.Send'],
    },
  }
  const app = { clientId: 'app', clientSecrets: [{ value: new Secret('s') }], tenant: 'contoso.example' }
  const begin = async (registration = app) => {
    const set = await setUpConsent({ provider: { ...entra, registration } })
    const url = new URL((await set.consent.admin.begin('custom')).url)
    const answer = (parameters: object) =>
      new URL(
        `http://localhost:8587/oauth/callback?${new URLSearchParams({ state: url.searchParams.get('state') ?? '', ...parameters })}`,
      )
    return { ...set, url, answer }
  }

  it('the consent is asked for as Entra has it: what the app does without people, or what people consent to', async () => {
    const { url } = await begin()
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'app',
      scope: 'https://outlook.office365.com/.default',
      redirect_uri: 'http://localhost:8587/oauth/callback',
      state: expect.stringMatching(/^[\w-]{43}$/),
    })
    const { url: forPeople } = await begin({ ...app, tenant: 'common' })
    expect(forPeople.pathname).toBe('/organizations/v2.0/adminconsent')
    expect(forPeople.searchParams.get('scope')).toBe('https://outlook.office.com/SMTP.Send')
  })

  it('the organisation is told, once', async () => {
    const { consent, answer } = await begin()
    const callback = answer({ admin_consent: 'True', tenant: 'aaaa-bbbb' })
    expect(await consent.admin.isOne(callback)).toBe(true)
    expect(await consent.admin.complete(callback)).toEqual({
      providerName: 'Provider custom',
      tenant: 'aaaa-bbbb',
    })
    expect(await consent.admin.isOne(callback)).toBe(false)
  })

  it.each([
    [
      'a refusal',
      { error: 'access_denied', error_description: '<b>no</b>' },
      /no administrator has consented: access_denied$/,
    ],
    ['nothing', {}, /no administrator has consented$/],
  ])('no consent is told of %s', async (_, parameters, message) => {
    const { consent, answer } = await begin()
    await expect(consent.admin.complete(answer(parameters))).rejects.toThrow(message)
  })

  it('the consent does not exist elsewhere, and not a day later', async () => {
    const { consent } = await setUpConsent()
    await expect(consent.admin.begin('custom')).rejects.toThrow(/no consent of an administrator/)
    const { answer, clock, consent: its } = await begin()
    clock.advance(86_400)
    expect(await its.admin.isOne(answer({ admin_consent: 'True' }))).toBe(false)
  })
})
