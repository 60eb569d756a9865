import { beforeEach, describe, expect, it } from 'vitest'
import { byId, type Sentence } from '../../src/base/failure.ts'
import { text } from '../../src/failures/texts.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import { allPresets } from '../../src/providers/presets/presets.ts'
import type { CheckedPoint } from '../../src/providers/registration-checks.ts'
import { signIn, testServer } from './test-server.ts'

function pointOf(
  point: CheckedPoint['point'],
  outcome: CheckedPoint['outcome'],
  said: Sentence,
  details?: readonly string[],
): CheckedPoint {
  const { message: what, fix } = said
  return { point, outcome, what, ...(details && { details }), ...(fix && { fix }), failure: byId(said) }
}

const [clientId, tenant] = ['6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab', '11111111-2222-3333-4444-555555555555']

/** With every preset, of which none is registered until a page does it. */
async function signedIn(role?: 'viewer') {
  const test = testServer()
  const { registrations, catalogue } = test.services
  await registrations.refresh()
  Object.assign(catalogue, registrations.catalogue)
  const { cookie, csrf } = await signIn(test, role)
  return {
    ...test,
    get: (path: string, language = 'en') =>
      test.get(path).set({ Cookie: cookie, 'Accept-Language': language }),
    post: (path: string, form: Record<string, string> = {}) =>
      test.post(path, { csrf, ...form }).set('Cookie', cookie),
    follow: (response: Parameters<typeof test.follow>[0]) => test.follow(response, cookie),
  }
}

describe('the list of providers', () => {
  it('three tiles come first, and every other provider is found by its name', async () => {
    const { get } = await signedIn()
    const { text: page } = await get('/providers')
    expect([...page.matchAll(/<h3><a href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
      '/providers/microsoft',
      '/providers/google',
      '/providers/outlook',
    ])
    for (const { id } of allPresets()) expect(page).toContain(`href="/providers/${id}"`)
    expect(page).toContain('iCloud Mail')
    const found = (await get('/providers?find=fastmail')).text
    expect(found).toMatch(/<details open[^>]*>[\s\S]*href="\/providers\/fastmail"/)
    expect(found).not.toContain('href="/providers/yandex"')
  })

  it.each([
    ['me@gmail.com', 'href="/providers/google">Set up Gmail and Google Workspace'],
    ['me@hotmail.co.uk', 'href="/providers/outlook">Set up Outlook.com'],
    ['me@icloud.com', 'Apple has no OAuth for mail'],
    ['me@example.com', 'Nothing tells where'],
  ])('the address %s tells its provider', async (address, words) => {
    const { get } = await signedIn()
    const { text: page } = await get(`/providers?address=${encodeURIComponent(address)}`)
    expect(page).toContain(words)
  })
})

describe('the page of a provider', () => {
  it('each way has its own steps, with links to the pages there and what is entered on them', async () => {
    const { get } = await signedIn()
    const person = (await get('/providers/microsoft')).text
    expect(person).toContain('href="https://entra.microsoft.com/#view/')
    expect(person).toContain('<code data-copy>http://localhost:8587/oauth/callback</code>')
    expect(person).toContain('<code data-copy>SMTP.Send</code>')
    expect(person).toMatch(/way=person" aria-current="true"/)
    const app = (await get('/providers/microsoft?way=app-only')).text
    expect(app).toContain('Add no API permission')
    expect(app).not.toContain('<code data-copy>SMTP.Send</code>')
    expect(app).toContain('<label for="clientSecret-field">Client secret</label>')
    expect(app).toContain('A certificate in place of a client secret')
    expect((await get('/providers/nobody')).status).toBe(404)
  })

  it.each(['en', 'ja'])('the page of every provider is there, below 60 KB, in %s', async (language) => {
    const { get } = await signedIn()
    for (const { id } of allPresets()) {
      const response = await get(`/providers/${id}`, language)
      expect([id, response.status]).toEqual([id, 200])
      expect(response.text.length).toBeLessThan(60_000)
    }
  })

  it('the page of a provider at Exchange Online leads to a script for exactly the mailboxes that are here', async () => {
    const test = testServer()
    const provider = microsoft(tenant)
    test.services.catalogue.list = () => [{ provider, registered: true }]
    test.services.catalogue.registered = () => ({
      ...provider,
      registration: { clientId, tenant, clientSecrets: [] },
    })
    const at = { provider: 'microsoft', state: 'active', condition: 'ok' } as const
    test.services.mailboxes.all.push(
      { ...at, address: 'scanner@example.com', flow: 'client-credentials' },
      { ...at, address: '*@example.com', flow: 'client-credentials' },
      { ...at, address: "o'neil@example.com", flow: 'authorization-code' },
      { ...at, address: 'other@example.com', provider: 'google', flow: 'authorization-code' },
    )
    const { cookie } = await signIn(test, 'viewer')
    const page = await test.get('/providers/microsoft?way=app-only').set('Cookie', cookie)
    expect(page.text).toContain('href="/providers/microsoft/script?app-only=yes" download')
    const app = await test.get('/providers/microsoft/script?app-only=yes').set('Cookie', cookie)
    expect(app.headers['content-disposition']).toBe('attachment; filename=postern-exchange.ps1')
    expect(app.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(app.text).toContain("$Mailboxes = @(\r\n  'scanner@example.com'\r\n)\r\n")
    const people = await test.get('/providers/microsoft/script').set('Cookie', cookie)
    expect(people.text).toContain("$Mailboxes = @(\r\n  'o''neil@example.com'\r\n)\r\n")
    const named = '/providers/microsoft/script?mailbox=a@example.com&mailbox=b@example.com'
    const two = await test.get(named).set('Cookie', cookie)
    expect(two.text).toContain("$Mailboxes = @(\r\n  'a@example.com'\r\n  'b@example.com'\r\n)\r\n")
    expect((await test.get('/providers/microsoft/script')).status).toBe(401)
    test.services.mailboxes.all.length = 0
    const none = await test.get('/providers/microsoft/script').set('Cookie', cookie)
    expect(none.status).toBe(400)
    expect(none.text).toContain('none is named')
    const page2 = await test.get('/providers/microsoft?way=app-only').set('Cookie', cookie)
    expect(page2.text).not.toContain('/providers/microsoft/script')
    expect(page2.text).toContain('It can be downloaded here as soon as such a mailbox is added.')
  })
})

describe('a registration on the pages', () => {
  let stage: Awaited<ReturnType<typeof signedIn>>
  const filled = {
    preset: 'microsoft',
    clientId,
    tenant,
    clientSecret: 'S~3cret.of-the-app',
    expires: '2027-11-30',
  }
  beforeEach(async () => {
    stage = await signedIn()
  })

  it('what is saved is checked at once, point by point, and the next step is named', async () => {
    const { services, post, follow } = stage
    services.registrationChecks.points = [
      pointOf('client', 'good', text('check.client-accepted', { provider: 'Microsoft' })),
    ]
    const saved = await post('/registrations', filled)
    expect(saved.status).toBe(303)
    const page = await follow(saved)
    expect(page.text).toContain('Microsoft accepts the client.')
    expect(page.text).toMatch(/Next:<\/?.*|Next: <a class="button"/)
    expect(page.text).not.toContain('S~3cret')
    expect((await services.registrations.show('microsoft')).clientSecrets).toMatchObject([
      { place: 1, expires: '2027-11-30' },
    ])
  })

  it('a check that finds something wrong says what to do, and leads back', async () => {
    const { services, post, follow } = stage
    services.registrationChecks.points = [
      pointOf('settings', 'wrong', text('check.settings-mistaken'), ['<b>A mistake</b>']),
      pointOf('running', 'unknown', text('check.none-runs')),
    ]
    const page = await follow(await post('/registrations', filled))
    expect(page.text).toContain('<li>&lt;b&gt;A mistake&lt;/b&gt;</li>')
    expect(page.text).toMatch(/What to do:<\/strong> Start it with/)
    expect(page.text).toContain('href="/registrations/microsoft"')
    expect(page.text).not.toContain('Next:')
  })

  it('a mistake is told at its field, and nothing is saved', async () => {
    const { services, post } = stage
    const again = await post('/registrations', { ...filled, clientId: 'your-client-id', tenant: '' })
    expect(again.status).toBe(400)
    expect(again.text).toMatch(/id="clientId-field"[^>]*aria-invalid="true"/)
    expect(again.text).not.toContain('S~3cret')
    expect(await services.registrations.list()).toEqual([])
  })

  it('a second registration at a provider has an id of its own', async () => {
    const { services, get, post } = stage
    await post('/registrations', filled)
    expect((await get('/providers/microsoft')).text).toContain('value="microsoft-2"')
    await post('/registrations', { ...filled, id: 'microsoft-2', clientSecret: 'another~Secret1' })
    const all = await services.registrations.list()
    expect(all.map(({ id, fields }) => [id, fields.preset ?? id])).toEqual([
      ['microsoft', 'microsoft'],
      ['microsoft-2', 'microsoft'],
    ])
    expect((await get('/providers/microsoft')).text).toContain('href="/registrations/microsoft-2"')
  })

  it('a provider of one’s own needs an issuer and a mail server', async () => {
    const { services, post } = stage
    const own = {
      issuer: 'https://login.example.com',
      server: 'smtp.example.com:2525',
      clientId: 'postern',
      clientSecret: 'S~3cret.of-the-app',
      scopes: 'openid email offline_access',
      authorizationParameters: 'prompt=consent',
      tls: 'starttls',
    }
    expect((await post('/registrations', own)).status).toBe(303)
    expect((await services.registrations.show('smtp-example-com')).fields).toMatchObject({
      smtp: { host: 'smtp.example.com', port: 2525, tls: 'starttls' },
      scopes: ['openid', 'email', 'offline_access'],
      authorizationParameters: { prompt: 'consent' },
    })
  })

  it('one that comes with the installation is not changed here, and says what takes its place', async () => {
    const { services, get, post } = stage
    await post('/registrations', filled)
    const stored = await services.registrations.show('microsoft')
    services.registrations.show = async () => ({ ...stored, source: 'shipped' })
    const { text } = await get('/registrations/microsoft')
    expect(text).toContain('One of your own with the id <code>microsoft</code> takes its place.')
    expect(text).not.toContain('action="/registrations/microsoft"')
  })

  it('the page shows all but the secrets, and changes it with the password of the pages', async () => {
    const { services, get, post, follow } = stage
    await post('/registrations', filled)
    const { text: page } = await get('/registrations/microsoft')
    expect(page).toContain(clientId)
    expect(page).not.toContain('S~3cret')
    const other = clientId.replace('6b', '7c')
    const changed = await post('/registrations/microsoft', { clientId: other, tenant })
    expect((await follow(changed)).text).toContain('is changed')
    expect((await services.registrations.show('microsoft')).fields.clientId).toBe(other)
    await post('/account/password', {
      role: 'administrator',
      password: 'umbrella lantern mosaic vertigo',
      again: 'umbrella lantern mosaic vertigo',
    })
    const refused = await post('/registrations/microsoft', { clientId, tenant, pagePassword: 'wrong' })
    expect(refused.text).toMatch(/id="pagePassword-field"[^>]*aria-invalid="true"/)
    expect((await services.registrations.show('microsoft')).fields.clientId).toBe(other)
    const right = { clientId, tenant, pagePassword: 'umbrella lantern mosaic vertigo' }
    expect((await post('/registrations/microsoft', right)).status).toBe(303)
  })

  it('the next secret is added behind the one that ends, and that is taken out', async () => {
    const { services, post } = stage
    await post('/registrations', filled)
    await post('/registrations/microsoft/secrets', { clientSecret: 'the~Next.one1', expires: '2029-01-01' })
    const places = async () =>
      (await services.registrations.show('microsoft')).clientSecrets.map(({ expires }) => expires)
    expect(await places()).toEqual(['2027-11-30', '2029-01-01'])
    await post('/registrations/microsoft/secrets', { place: '1' })
    expect(await places()).toEqual(['2029-01-01'])
  })

  it('it is removed after a question', async () => {
    const { services, get, post } = stage
    await post('/registrations', filled)
    expect((await get('/registrations/microsoft')).text).toMatch(/<details class="confirm">[\s\S]*Remove/)
    const removed = await post('/registrations/microsoft/remove')
    expect([removed.status, removed.headers.location]).toEqual([303, '/providers'])
    expect(await services.registrations.list()).toEqual([])
    expect((await get('/providers')).text).toContain('is removed')
  })
})
