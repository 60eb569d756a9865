import { describe, expect, it } from 'vitest'
import { byId, type Sentence } from '../../src/base/failure.ts'
import { text } from '../../src/failures/texts.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
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

describe('the page of a provider', () => {
  it('the page checks the settings, and says for each point what to do', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.services.registrationChecks.points = [
      pointOf('settings', 'wrong', text('check.settings-mistaken'), ['<b>A mistake</b>']),
      pointOf('client', 'good', text('check.client-accepted', { provider: 'Example Mail' })),
      pointOf('running', 'unknown', text('check.none-runs')),
    ]
    const page = await test.get('/providers/example').set('Cookie', cookie)
    expect(page.text).toContain('action="/providers/example/check"')
    const check = await test.post('/providers/example/check', { csrf }).set('Cookie', cookie)
    expect(check.status).toBe(200)
    expect(check.text).toContain('Check of Example Mail')
    expect(check.text).toContain('<li>&lt;b&gt;A mistake&lt;/b&gt;</li>')
    expect(check.text).toMatch(/The client id and its secret<\/strong> <span class="state active">good/)
    expect(check.text).toMatch(/What to do:<\/strong> Start it with/)
  })

  it('a check is refused by a viewer or by a foreign form', async () => {
    const test = testServer()
    const viewer = await signIn(test, 'viewer')
    const page = await test.get('/providers/example').set('Cookie', viewer.cookie)
    expect(page.text).not.toContain('/providers/example/check')
    const { csrf } = viewer
    const asked = await test.post('/providers/example/check', { csrf }).set('Cookie', viewer.cookie)
    expect(asked.status).toBe(403)
    const { cookie } = await signIn(test)
    expect((await test.post('/providers/example/check').set('Cookie', cookie)).status).toBe(403)
  })

  it('the page of a provider at Exchange Online leads to a script for exactly the mailboxes that are here', async () => {
    const test = testServer()
    const [clientId, tenant] = [
      '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab',
      '11111111-2222-3333-4444-555555555555',
    ]
    const provider = microsoft(tenant)
    test.services.catalogue.list = () => [{ provider, registered: true }]
    test.services.catalogue.registered = () => ({
      ...provider,
      registration: { clientId, tenant, clientSecrets: [] },
    })
    const at = { provider: 'microsoft', state: 'active' } as const
    test.services.mailboxes.all.push(
      { ...at, address: 'scanner@example.com', flow: 'client-credentials' },
      { ...at, address: '*@example.com', flow: 'client-credentials' },
      { ...at, address: "o'neil@example.com", flow: 'authorization-code' },
      { ...at, address: 'other@example.com', provider: 'google', flow: 'authorization-code' },
    )
    const { cookie } = await signIn(test, 'viewer')
    const page = await test.get('/providers/microsoft').set('Cookie', cookie)
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
  })
})
